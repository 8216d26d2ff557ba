#pragma once
// Both forms of an Enclosure, for the files that implement it.

#include <algorithm>
#include <utility>

#include "two_doubles.hpp"

namespace assay::verify {

/// An Enclosure as bounds. Those of two doubles are made at the current precision, and at no less
/// than holds two doubles.
struct Enclosure::AsBounds {
  explicit AsBounds(const Enclosure& x) : bounds_(x.wide_ ? &x.bounds_ : &own_) {
    if (!x.wide_) make(x.two_);
  }
  AsBounds(const AsBounds&) = delete;
  AsBounds& operator=(const AsBounds&) = delete;
  ~AsBounds() = default;

  [[nodiscard]] const Big& lo() const { return bounds_->lo; }
  [[nodiscard]] const Big& hi() const { return bounds_->hi; }

 private:
  void make(const TwoDoubles& t);

  Bounds own_;
  const Bounds* bounds_;
};

struct Enclosure::Arithmetic {
  static bool narrow_context() { return context().precision <= two_doubles_precision; }
  static bool narrow(const Enclosure& x) { return !x.wide_ && narrow_context(); }
  static bool narrow(const Enclosure& a, const Enclosure& b) {
    return !a.wide_ && !b.wide_ && narrow_context();
  }
  static bool fits(const TwoDoubles& r) { return two::in_range(r.hi) && r.radius <= 0x1p450; }

  static Enclosure bounds(Big lo, Big hi) { return {std::move(lo), std::move(hi)}; }

  /// The same in two doubles, where the context and the width allow.
  static Enclosure narrowed(const Big& lo, const Big& hi);
  /// Certainly above or below 0.
  static bool positive(const Enclosure& x);
  static bool negative(const Enclosure& x);
};

}  // namespace assay::verify
