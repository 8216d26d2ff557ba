#pragma once
// A graph in the open, to be swept in any order, the wrong ones included.

#include <cstddef>
#include <deque>
#include <vector>

namespace assay::verify {

/// Nodes in creation order, each with its parents and the partial derivatives towards them.
template <class T>
struct OpenGraph {
  struct Edge {
    std::size_t parent;
    T partial;
  };
  std::vector<std::vector<Edge>> nodes;

  [[nodiscard]] std::vector<T> sweep(const std::vector<std::size_t>& order) const {
    std::vector<T> adjoints(nodes.size(), T(0));
    adjoints.back() = T(1);
    for (std::size_t node : order) {
      for (const Edge& e : nodes[node]) adjoints[e.parent] += adjoints[node] * e.partial;
    }
    return adjoints;
  }
};

/// From the last node, each node when it is first met, by distance.
template <class T>
std::vector<std::size_t> breadth_first(const OpenGraph<T>& g) {
  std::vector<bool> met(g.nodes.size());
  std::deque<std::size_t> queue{g.nodes.size() - 1};
  met.back() = true;
  std::vector<std::size_t> order;
  while (!queue.empty()) {
    const std::size_t node = queue.front();
    queue.pop_front();
    order.push_back(node);
    for (const auto& e : g.nodes[node]) {
      if (!met[e.parent]) queue.push_back(e.parent);
      met[e.parent] = true;
    }
  }
  return order;
}

/// From the last node, each node before its parents, when it is first met.
template <class T>
std::vector<std::size_t> preorder(const OpenGraph<T>& g) {
  std::vector<bool> met(g.nodes.size());
  std::vector<std::size_t> stack{g.nodes.size() - 1};
  std::vector<std::size_t> order;
  while (!stack.empty()) {
    const std::size_t node = stack.back();
    stack.pop_back();
    if (met[node]) continue;
    met[node] = true;
    order.push_back(node);
    for (std::size_t i = g.nodes[node].size(); i-- > 0;) stack.push_back(g.nodes[node][i].parent);
  }
  return order;
}

template <class T>
std::vector<std::size_t> reverse_creation(const OpenGraph<T>& g) {
  std::vector<std::size_t> order;
  for (std::size_t i = g.nodes.size(); i-- > 0;) order.push_back(i);
  return order;
}

}  // namespace assay::verify
