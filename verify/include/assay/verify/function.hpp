#pragma once
// A function known only in double: a kernel that cannot be a template.

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "assay/matrix.hpp"
#include "assay/verify/options.hpp"

namespace assay::verify {

using Matrices = std::vector<Mat<double>>;

struct FunctionOptions {
  std::string name = "function";  ///< as messages call it
  std::uint64_t seed = 42;
  /// A gradient element is wrong where it is off by more than so many bounds of its difference.
  double limits = 4;
  std::uint64_t upstreams = 2;  ///< random upstream gradients, signed
  std::uint64_t draws = 4;      ///< random directions, where the inputs are large
  /// With more input elements than this, the gradient is compared along random directions; one that
  /// disagrees is bisected down to the wrong element.
  Eigen::Index large = 1000;
  std::vector<std::string> input_names{};  ///< "input 0", "input 1" ... if not given
};

struct FunctionReport {
  CheckResult result;
  /// What double differences cannot see below: `limits` times the largest error that they may have
  /// themselves, relative to the largest element of the gradient; along directions, to the largest
  /// product of an element and its step.
  double detection_limit = 0;
  /// The largest relative error of a gradient element that its difference can tell from rounding.
  double worst_relative_error = 0;

  [[nodiscard]] bool ok() const { return result.verdict == Verdict::correct; }
  [[nodiscard]] std::string message() const;
};

/// Compares vjp(inputs, dy), one matrix for each input, at one point with differences of f in
/// double: central ones in steps relative to each element, extrapolated, each with a bound from
/// their disagreement and from the rounding noise of f, which is measured.
///
/// Also wrong: a number of gradients or a shape that does not fit, values or gradients that are not
/// finite, an exception, inputs or upstream modified, another result when called again, after
/// other inputs, or with inputs at other addresses, a gradient that is not 0 for an upstream of 0.
///
/// Where the differences from both sides disagree f has a kink or a jump: there the gradient need
/// only lie between them, and the element is counted, not judged. Steps shrink where f is not
/// finite or throws. If nothing depends on the inputs, or the differences are as uncertain as the
/// gradient is large, the verdict is inconclusive.
///
/// Large inputs: a direction has components +-(1 + u) m, with m the magnitude of the element (at
/// least 1/64 of the root mean square of its input) and u uniform in 52 bits. One wrong element,
/// off by e, shows in every draw if e m exceeds the limit; errors of several cancel in one draw
/// with probability at most 2 limit / (e m) for the largest e, hence in all with that to the power
/// `draws`.
///
/// Throws std::invalid_argument if there is nothing to compare, or an option cannot be used.
FunctionReport check_function(
    const std::function<Mat<double>(const Matrices&)>& f,
    const std::function<Matrices(const Matrices&, const Mat<double>&)>& vjp, const Matrices& inputs,
    const FunctionOptions& options = {});

/// A matrix whose numbers lie anywhere: a block, a transpose, a map with gaps, or backwards.
using StridedMap = Eigen::Map<const Mat<double>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
using StridedMaps = std::vector<StridedMap>;

/// check_function for a kernel that takes strides. After what it looks at where all matrices are
/// packed, f and vjp get the same numbers in other layouts: as blocks of larger matrices, row by
/// row, with gaps between rows and columns, backwards, and each input in another one. They must
/// return the same, up to their rounding, which is measured, and write nothing. Memory that belongs
/// to no element holds numbers that are far off, or NaN.
FunctionReport check_strided_function(
    const std::function<Mat<double>(const StridedMaps&)>& f,
    const std::function<Matrices(const StridedMaps&, const StridedMap&)>& vjp,
    const Matrices& inputs, const FunctionOptions& options = {});

/// The same by the name of check_function, where f takes StridedMaps.
template <class F, class V>
requires(!std::is_invocable_v<F&, const Matrices&> &&
         std::is_invocable_r_v<Mat<double>, F&, const StridedMaps&>) FunctionReport
    check_function(const F& f, const V& vjp, const Matrices& inputs,
                   const FunctionOptions& options = {}) {
  return check_strided_function(f, vjp, inputs, options);
}

}  // namespace assay::verify
