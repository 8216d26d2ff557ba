#pragma once
// The nodes of a scalar graph without their values: what a sweep needs, and the sweep.
//
// A long tape costs memory traffic, so a node keeps 8 bytes for its parents, its adjoint, and its
// partials only where they are not 1.

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "assay/arena.hpp"

namespace assay {

/// A graph used against its rules: swept twice, mixed with another, or used after clear().
class GraphError : public std::logic_error {
 public:
  explicit GraphError(const std::string& what) : std::logic_error(what) {}
};

/// What a sweep leaves behind: a consumed graph (the default), or one that can be swept again.
enum class Graphs { consume, retain };
inline constexpr Graphs retain = Graphs::retain;

/// How a gradient arrives at a node that may have one already.
struct Accumulate {
  template <class G>
  void operator()(G& into, const G& gradient) const {
    into += gradient;
  }
};

namespace detail {

template <class T>
class Nodes {
 public:
  Nodes() = default;
  Nodes(const Nodes&) = delete;
  Nodes& operator=(const Nodes&) = delete;
  ~Nodes() { drop(0); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const T* adjoints() const { return adjoints_.data(); }
  [[nodiscard]] bool consumed() const { return consumed_; }

  /// Before each node: room for it and two partials. Throws GraphError if consumed.
  void room() {
    if (size_ == limit_) make_room();
  }
  std::uint32_t leaf() { return push(word(Kind::leaf, 0)); }
  std::uint32_t unary(std::uint32_t a, const T& da) {
    partials_.put(edges_++, da);
    return push(word(Kind::unary, a));
  }
  /// dy/da = 1
  std::uint32_t shift(std::uint32_t a) { return push(word(Kind::shift, a)); }
  std::uint32_t binary(std::uint32_t a, std::uint32_t b, const T& da, const T& db) {
    partials_.put(edges_, da);
    partials_.put(edges_ + 1, db);
    edges_ += 2;
    return push(word(Kind::binary, a, b));
  }
  /// dy/da = dy/db = 1
  std::uint32_t plus(std::uint32_t a, std::uint32_t b) { return push(word(Kind::plus, a, b)); }
  /// The segments from `start` on.
  std::uint32_t wide(std::uint32_t start) {
    return push(word(Kind::wide, start, segments.size() - start));
  }

  /// Adjoints of the sum of `outputs`, by index; nodes before `end` are leaves.
  template <class Sum, class Outputs>
  void sweep(const Outputs& outputs, std::size_t end) {
    T* const adjoints = adjoints_.data();
    if (swept_) std::fill_n(adjoints, size_, T(0));
    swept_ = true;
    for (const auto& y : outputs) adjoints[y.index()] += T(1);
    const T* partial = partials_.data() + edges_;
    for (std::size_t i = size_; i-- > end;) {
      const std::uint64_t parents = parents_.data()[i];
      const auto low = static_cast<std::uint32_t>(parents);
      const auto b = static_cast<std::uint32_t>(parents >> 32U);
      const auto kind = static_cast<Kind>(low >> index_bits);
      const std::uint32_t a = low & ((1U << index_bits) - 1);
      const T& upstream = adjoints[i];
      partial -= kind == Kind::binary ? 2 : kind == Kind::unary ? 1 : 0;
      // Not reached: 0 * inf must not make a NaN of it. A dual zero may still carry a second order.
      if (is_exactly_zero(upstream)) continue;
      switch (kind) {
        case Kind::leaf:
          break;
        case Kind::unary:
          Sum{}(adjoints[a], T(upstream * partial[0]));
          break;
        case Kind::shift:
          Sum{}(adjoints[a], upstream);
          break;
        case Kind::binary:
          Sum{}(adjoints[a], T(upstream * partial[0]));
          Sum{}(adjoints[b], T(upstream * partial[1]));
          break;
        case Kind::plus:
          Sum{}(adjoints[a], upstream);
          Sum{}(adjoints[b], upstream);
          break;
        case Kind::wide:
          segments.template pull_back<Sum>(a, b, upstream, adjoints);
          break;
      }
    }
  }
  void consume() {
    consumed_ = true;
    limit_ = size_;
  }
  [[noreturn, gnu::noinline, gnu::cold]] static void refuse_consumed() {
    throw GraphError(
        "scalar graph: already consumed by a sweep; sweep both outputs at once, retain the graph, "
        "or clear() the tape and record anew");
  }

  /// Forgets all but the first `kept`, which are leaves, and keeps the memory.
  void clear(std::size_t kept) {
    drop(kept);
    std::fill_n(adjoints_.data(), kept, T(0));
    size_ = kept;
    edges_ = 0;
    segments.clear();
    consumed_ = swept_ = false;
    limit_ = capacity_;
  }

  [[nodiscard]] std::size_t bytes() const {
    return parents_.bytes() + adjoints_.bytes() + partials_.bytes() + segments.bytes();
  }

  Segments<T> segments;

 private:
  enum class Kind : std::uint32_t { leaf, unary, shift, binary, plus, wide };
  static constexpr unsigned index_bits = 29;

  /// One store: b, the kind, a.
  static std::uint64_t word(Kind kind, std::uint32_t a, std::uint32_t b = 0) {
    const std::uint32_t low = static_cast<std::uint32_t>(kind) << index_bits | a;
    return static_cast<std::uint64_t>(b) << 32U | low;
  }
  std::uint32_t push(std::uint64_t parents) {
    parents_.put(size_, parents);
    adjoints_.put(size_, T(0));
    return static_cast<std::uint32_t>(size_++);
  }
  [[gnu::noinline, gnu::cold]] void make_room() {
    if (consumed_) refuse_consumed();
    const std::size_t capacity = std::max<std::size_t>(16, 2 * size_);
    if (capacity > Segments<T>::most) throw std::length_error("scalar graph: more than 2^29 nodes");
    parents_.reserve(size_, capacity);
    adjoints_.reserve(size_, capacity);
    partials_.reserve(edges_, 2 * capacity);
    limit_ = capacity_ = capacity;
  }
  void drop(std::size_t from) {
    adjoints_.drop(from, size_);
    partials_.drop(0, edges_);
  }

  std::size_t size_ = 0, edges_ = 0;
  std::size_t limit_ = 0;  // where room() looks closer: at the capacity, or at once when consumed
  std::size_t capacity_ = 0;
  Buffer<std::uint64_t> parents_;
  Buffer<T> adjoints_;  // zero until a sweep
  Buffer<T> partials_;
  bool consumed_ = false, swept_ = false;
};

}  // namespace detail
}  // namespace assay
