#pragma once
// A function known only in double: a kernel that cannot be a template.

#include <functional>
#include <vector>

#include "assay/matrix.hpp"
#include "assay/verify/options.hpp"

namespace assay::verify {

using Matrices = std::vector<Mat<double>>;

struct FunctionOptions {
  std::uint64_t seed = 42;
  /// A gradient element is wrong where it is off by more than so many detection limits.
  double limits = 4;
};

struct FunctionReport {
  CheckResult result;
  /// The largest error of the difference quotients themselves, relative to the largest element of
  /// the gradient: what double differences cannot see below.
  double detection_limit = 0;

  [[nodiscard]] bool ok() const { return result.verdict == Verdict::correct; }
  [[nodiscard]] std::string message() const;
};

/// Compares vjp(inputs, dy) at one point, element by element, with differences of f in double. The
/// upstream is random and signed. Each element is judged against the bound of its own difference
/// quotient. Throws std::invalid_argument if there is nothing to compare.
FunctionReport check_function(
    const std::function<Mat<double>(const Matrices&)>& f,
    const std::function<Matrices(const Matrices&, const Mat<double>&)>& vjp, const Matrices& inputs,
    const FunctionOptions& options = {});

}  // namespace assay::verify
