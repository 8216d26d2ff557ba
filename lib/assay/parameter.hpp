#pragma once
// What is learned: matrices whose values lie in one piece of memory and whose gradients in another.

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "assay/matrix.hpp"

namespace assay {

template <class T>
class Flat;

/// A matrix that is learned, and the gradient that sweeps add to. Alone it has memory of its own;
/// a Flat moves several, one behind the other, into memory that they share.
template <class T>
class Parameter {
 public:
  Eigen::Map<Mat<T>> value;
  Eigen::Map<Mat<T>> grad;

  Parameter() : value(nullptr, 0, 0), grad(nullptr, 0, 0) {}
  explicit Parameter(const Mat<T>& initial) : Parameter() {
    const auto n = static_cast<std::size_t>(initial.size());
    bind(std::make_shared<Memory>(n), 0, shape_of(initial));
    value = initial;
  }
  Parameter(const Parameter& other) : Parameter(Mat<T>(other.value)) { grad = other.grad; }
  Parameter(Parameter&& other) noexcept : Parameter() { swap(other); }
  Parameter& operator=(Parameter other) noexcept {
    swap(other);
    return *this;
  }
  ~Parameter() = default;

  void zero_grad() { grad.setConstant(T(0)); }

 private:
  friend class Flat<T>;
  struct Memory {
    explicit Memory(std::size_t n) : values(n, T(0)), grads(n, T(0)) {}
    std::vector<T> values, grads;
  };

  void swap(Parameter& other) noexcept {
    std::swap(memory_, other.memory_);
    const Eigen::Map<Mat<T>> v = value, g = grad;
    point(other.value, other.grad);
    other.point(v, g);
  }
  void point(const Eigen::Map<Mat<T>>& v, const Eigen::Map<Mat<T>>& g) noexcept {
    // Assigning to a map would copy elements; this is Eigen's way to make it look elsewhere.
    new (&value) Eigen::Map<Mat<T>>(const_cast<T*>(v.data()), v.rows(), v.cols());
    new (&grad) Eigen::Map<Mat<T>>(const_cast<T*>(g.data()), g.rows(), g.cols());
  }
  void bind(std::shared_ptr<Memory> memory, std::size_t offset, Shape s) {
    memory_ = std::move(memory);
    point({memory_->values.data() + offset, s.rows, s.cols},
          {memory_->grads.data() + offset, s.rows, s.cols});
  }

  std::shared_ptr<Memory> memory_;
};

/// All values, and all gradients, of some parameters as one vector each. The parameters, which it
/// does not own, must outlive it and stay where they are.
template <class T>
class Flat {
 public:
  /// Moves the parameters into one piece of memory, unless that is where they lie already.
  /// Throws std::invalid_argument if one of them is there twice.
  explicit Flat(std::vector<Parameter<T>*> parameters) : parameters_(std::move(parameters)) {
    std::vector<Parameter<T>*> sorted = parameters_;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
      throw std::invalid_argument("Flat: a parameter is given twice; each must be there once");
    }
    for (const Parameter<T>* p : parameters_) size_ += static_cast<std::size_t>(p->value.size());
    if (!contiguous()) gather();
    if (!parameters_.empty()) {
      memory_ = parameters_.front()->memory_;
      values_ = parameters_.front()->value.data();
      grads_ = parameters_.front()->grad.data();
    }
  }

  /// Throw std::logic_error if the parameters were moved into another Flat since.
  [[nodiscard]] std::span<T> values() const { return checked(values_); }
  [[nodiscard]] std::span<T> grads() const { return checked(grads_); }
  [[nodiscard]] const std::vector<Parameter<T>*>& parameters() const { return parameters_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  void zero_grad() const {
    const std::span<T> g = grads();
    std::fill(g.begin(), g.end(), T(0));
  }

 private:
  using Memory = typename Parameter<T>::Memory;

  [[nodiscard]] bool contiguous() const {
    const T* next = nullptr;
    for (const Parameter<T>* p : parameters_) {
      if (p->memory_ != parameters_.front()->memory_ || (next && p->value.data() != next)) {
        return false;
      }
      next = p->value.data() + p->value.size();
    }
    return true;
  }
  void gather() {
    const auto memory = std::make_shared<Memory>(size_);
    std::size_t offset = 0;
    for (Parameter<T>* p : parameters_) {
      const auto n = static_cast<std::size_t>(p->value.size());
      std::copy_n(p->value.data(), n, memory->values.data() + offset);
      std::copy_n(p->grad.data(), n, memory->grads.data() + offset);
      p->bind(memory, offset, shape_of(p->value));
      offset += n;
    }
  }
  [[nodiscard]] std::span<T> checked(T* data) const {
    const T* next = values_;
    for (const Parameter<T>* p : parameters_) {
      if (p->value.data() != next) {
        throw std::logic_error(
            "Flat: a parameter was moved into another piece of memory since; make one Flat, or one "
            "optimiser, for the parameters that are trained together");
      }
      next += p->value.size();
    }
    return {data, size_};
  }

  std::vector<Parameter<T>*> parameters_;
  std::shared_ptr<Memory> memory_;
  T* values_ = nullptr;
  T* grads_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace assay
