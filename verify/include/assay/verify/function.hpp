#pragma once
// A function known only in double: a kernel that cannot be a template.

#include <functional>
#include <string>
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

}  // namespace assay::verify
