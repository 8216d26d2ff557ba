#pragma once
// Module: parameters with names, and a function that records itself on a graph.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "assay/graph.hpp"

namespace assay::nn {

/// How a parameter lies in a file of weights; the mainstream framework's conventions.
enum class Stored {
  matrix,      ///< extents [rows, cols]
  transposed,  ///< extents [cols, rows]: a weight that is in x out here is out x in there
  vector,      ///< extents [size]
};

template <class T>
struct NamedParameter {
  std::string name;  ///< "0.weight": the way through the modules, with dots
  Parameter<T>* parameter;
  Stored stored;
};

/// What a module learns without a gradient: running averages, 1 x n, or a count.
template <class T>
struct NamedBuffer {
  std::string name;
  std::variant<Mat<T>*, std::int64_t*> buffer;
};

/// A part of a model. A batch is rows x features.
template <class T>
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;

  /// Records the module on the graph of x. Throws ShapeError.
  virtual Var<T> forward(const Var<T>& x) = 0;
  Var<T> operator()(const Var<T>& x) { return forward(x); }

  /// All of them, depth first, in the order in which modules were added. The pointers are valid as
  /// long as the module lives and is not moved.
  [[nodiscard]] std::vector<NamedParameter<T>> named_parameters() {
    std::vector<NamedParameter<T>> all;
    walk("", [&](const std::string& prefix, Module& m) {
      for (NamedParameter<T> p : m.own_parameters()) {
        p.name = prefix + p.name;
        all.push_back(std::move(p));
      }
    });
    return all;
  }
  [[nodiscard]] std::vector<NamedBuffer<T>> named_buffers() {
    std::vector<NamedBuffer<T>> all;
    walk("", [&](const std::string& prefix, Module& m) {
      for (NamedBuffer<T> b : m.own_buffers()) all.push_back({prefix + b.name, b.buffer});
    });
    return all;
  }
  [[nodiscard]] std::vector<Parameter<T>*> parameters() {
    std::vector<Parameter<T>*> all;
    for (const NamedParameter<T>& p : named_parameters()) all.push_back(p.parameter);
    return all;
  }
  /// How many numbers are learned.
  [[nodiscard]] Eigen::Index parameter_count() {
    Eigen::Index n = 0;
    for (const Parameter<T>* p : parameters()) n += p->value.size();
    return n;
  }

  void zero_grad() {
    for (Parameter<T>* p : parameters()) p->zero_grad();
  }
  /// Dropout drops and batch normalisation uses the batch's statistics; a new module trains.
  void train(bool on = true) {
    walk("", [on](const std::string&, Module& m) { m.training_ = on; });
  }
  void eval() { train(false); }
  [[nodiscard]] bool training() const { return training_; }

 protected:
  Module(const Module&) = default;
  Module(Module&&) noexcept = default;
  Module& operator=(const Module&) = default;
  Module& operator=(Module&&) noexcept = default;

  struct Child {
    std::string name;
    Module* module;
  };
  virtual std::vector<NamedParameter<T>> own_parameters() { return {}; }
  virtual std::vector<NamedBuffer<T>> own_buffers() { return {}; }
  virtual std::vector<Child> children() { return {}; }

 private:
  template <class F>
  void walk(const std::string& prefix, const F& visit) {
    visit(prefix, *this);
    for (const Child& c : children()) c.module->walk(prefix + c.name + ".", visit);
  }

  bool training_ = true;
};

}  // namespace assay::nn
