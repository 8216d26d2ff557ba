#pragma once
// What a wrong rule returns at some points, beside what it should return: what hints are drawn
// from.

#include <optional>

#include "case.hpp"

namespace assay::verify {

/// One gradient element.
struct Evidence {
  double got = 0;
  double reference = 0;
  double size = 0;  ///< sum of the magnitudes of the terms that it is the sum of
  double x = 0;     ///< the input element that it belongs to
  double y = 0;     ///< elementwise rules: the value there
  bool right = false;
  std::size_t sample = 0;
  Eigen::Index point = 0;  ///< elementwise rules: which of the points
};

/// One case, with the gradients that belong to it; NaN where the reference is of no use.
struct Sample {
  Case c;
  std::vector<Mat<double>> got, reference, size;
};

/// Errors that a hint takes for rounding: so many epsilons of the terms.
double rounding_of(const Format& f);
/// got is the reference, but for rounding. NaN is nothing.
bool agrees(const Format& f, double got, double reference, double size);
/// All elements are of use and agree; `transposed` compares with the transpose.
bool agrees(const Format& f, const Mat<double>& got, const Mat<double>& reference,
            const Mat<double>& size, bool transposed = false);

/// An elementwise rule's derivative of input k at the points of the case, beside them, and at
/// points of the whole domain. Those of the case come first, as sample 0.
std::vector<Evidence> elementwise_evidence(const Operation& op, const Format& f, const Case& c,
                                           std::size_t k);

/// A matrix operation at the case, and at other values of the same shapes. Where the rule throws or
/// breaks, or the reference is not resolved, there is no sample.
std::optional<Sample> sample_at(const Operation& op, const Format& f, const Case& c);
std::vector<Sample> samples_like(const Operation& op, const Format& f, const Case& c);
/// At other shapes, of at most so many elements.
std::vector<Sample> samples_elsewhere(const Operation& op, const Format& f, Eigen::Index most);
/// Their elements of input k that are of use.
std::vector<Evidence> evidence_of(const Format& f, const std::vector<Sample>& samples,
                                  std::size_t k);

/// Values that are easy to tell apart, in the domain.
Case redrawn(const Operation& op, const Format& f, const std::vector<Shape>& shapes,
             std::uint64_t seed);

/// The gradient of input k, whatever its shape: what backward hands out if it is of this one.
std::optional<Mat<double>> gradient_of_shape(const Operation& op, const Format& f, const Case& c,
                                             std::size_t k, Shape shape);
/// What is right for a case: the gradients, without asking the rule's backward in double.
Sample reference_at(const Operation& op, const Format& f, const Case& c);

}  // namespace assay::verify
