#pragma once
// Where a backward puts the gradient of one input.

#include "assay/gemm.hpp"

namespace assay {

/// How a gradient arrives where one is already. `overwrite` is wrong: the suite plants it.
enum class Arrival { accumulate, overwrite };

/// Nowhere (the gradient is not wanted), a matrix that the first gradient fills and later ones are
/// added to, or memory of a parameter that every gradient is added to.
template <class T>
class Sink {
 public:
  Sink() = default;
  Sink(Mat<T>* into, bool* filled, Shape expected, Arrival arrival = Arrival::accumulate)
      : whole_(into), filled_(filled), expected_(expected), arrival_(arrival) {}
  explicit Sink(Eigen::Map<Mat<T>> into, Arrival arrival = Arrival::accumulate)
      : data_(into.data()), wanted_(true), expected_(shape_of(into)), arrival_(arrival) {}

  [[nodiscard]] bool wanted() const { return whole_ != nullptr || wanted_; }

  /// g may be any expression that does not read what it is added to. Throws ShapeError.
  template <class E>
  void add(const Eigen::MatrixBase<E>& g) {
    put(shape_of(g), [&](auto& to, bool accumulate) {
      if (accumulate) {
        to += g.derived();
      } else {
        to = g.derived();
      }
    });
  }
  /// The same of a matrix that is no longer needed.
  void take(Mat<T>&& g) {
    if (whole_ != nullptr && (!*filled_ || arrival_ == Arrival::overwrite)) {
      check(shape_of(g));
      *whole_ = std::move(g);
      *filled_ = true;
    } else {
      add(g);
    }
  }
  /// The same of a b, without a matrix in between.
  template <class A, class B>
  void add_product(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b) {
    put({a.rows(), b.cols()},
        [&](auto& to, bool accumulate) { detail::product_to(to, a, b, accumulate); });
  }

  /// Throws ShapeError unless the input has this shape.
  void check(Shape s) const {
    require(s == expected_, "backward", {{"the input", expected_}, {"its gradient", s}},
            "an operation returned a gradient that is not of its input's shape");
  }

 private:
  template <class Write>
  void put(Shape s, Write write) {
    if (!wanted()) return;
    check(s);
    const bool adds = arrival_ == Arrival::accumulate;
    if (whole_ == nullptr) {
      Eigen::Map<Mat<T>> to(data_, s.rows, s.cols);
      write(to, adds);
      return;
    }
    if (!*filled_) whole_->resize(s.rows, s.cols);
    write(*whole_, *filled_ && adds);
    *filled_ = true;
  }
  Mat<T>* whole_ = nullptr;
  bool* filled_ = nullptr;
  T* data_ = nullptr;
  bool wanted_ = false;
  Shape expected_;
  Arrival arrival_ = Arrival::accumulate;
};

}  // namespace assay
