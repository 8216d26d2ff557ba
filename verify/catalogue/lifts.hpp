#pragma once
// The lifts of an operation, each behind a pointer, so that what compares them bit by bit is
// compiled once and not once an operation.

#include <span>
#include <string>

#include "assay/graph.hpp"
#include "case.hpp"

namespace assay::verify {

/// The same numbers in other layouts.
template <class T>
using InBlock = Eigen::Block<Mat<T>>;
template <class T>
using Transposed = Eigen::Transpose<Mat<T>>;
template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Strided = Eigen::Map<const RowMajor<T>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
/// Column-major, forwards or backwards: Eigen's strides may be negative.
template <class T>
using Spaced = Eigen::Map<const Mat<T>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

template <class T>
struct Lifts {
  template <class X, class R>
  using Lift = R (*)(const void* call, std::span<const X> x);

  const void* call = nullptr;
  Lift<Mat<T>, Mat<T>> matrices = nullptr;
  Lift<Var<T>, Var<T>> nodes = nullptr;
  Lift<Strided<T>, Mat<T>> maps = nullptr;
  Lift<Spaced<T>, Mat<T>> spaced = nullptr;
  // Null unless compiled: the layout of an expression does not depend on the scalar.
  Lift<InBlock<T>, Mat<T>> blocks = nullptr;
  Lift<Transposed<T>, Mat<T>> transposes = nullptr;
  // Null unless elementwise.
  Lift<T, T> numbers = nullptr;
  Lift<Scalar<T>, Scalar<T>> scalars = nullptr;
};

template <class C, class X, class R>
R lifted(const void* call, std::span<const X> x) {
  return assay::detail::unpacked<arity<typename C::Operation>>(
      [&](auto... i) { return R((*static_cast<const C*>(call))(x[i]...)); });
}

template <class T, class C>
Lifts<T> lifts_of(const C& call) {
  Lifts<T> l;
  l.call = &call;
  l.matrices = lifted<C>;
  l.nodes = lifted<C>;
  l.maps = lifted<C>;
  l.spaced = lifted<C>;
  if constexpr (std::is_same_v<T, double>) {
    l.blocks = lifted<C>;
    l.transposes = lifted<C>;
  }
  if constexpr (Elementwise<typename C::Operation>) {
    l.numbers = lifted<C>;
    l.scalars = lifted<C>;
  }
  return l;
}

/// Where a lift of the operation differs from its rule on one case; empty if nowhere.
template <class T>
std::string compare(const Lifts<T>& lifts, const Rule<T>& rule, const Case& c);

extern template std::string compare(const Lifts<float>&, const Rule<float>&, const Case&);
extern template std::string compare(const Lifts<double>&, const Rule<double>&, const Case&);

}  // namespace assay::verify
