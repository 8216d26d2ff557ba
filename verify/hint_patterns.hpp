#pragma once
// Patterns in wrong gradients. Each is said only where all of the evidence has it; else it is "".

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "evidence.hpp"

namespace assay::verify::patterns {

inline bool same(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

/// What got / reference may differ by among elements that are off by one factor.
inline double ratio_tolerance(const Format& f) { return std::ldexp(1.0, -f.digits / 2); }

/// The wrong elements whose reference is not 0; and whether others are right.
struct Split {
  std::vector<Evidence> wrong;
  bool some_right = false;  ///< with a reference that is not 0

  explicit Split(const std::vector<Evidence>& all) {
    for (const Evidence& e : all) {
      if (e.right) {
        some_right = some_right || e.reference != 0;
      } else {
        wrong.push_back(e);
      }
    }
  }
  [[nodiscard]] std::size_t distinct() const {
    std::set<double> magnitudes;
    for (const Evidence& e : wrong) magnitudes.insert(std::abs(e.reference));
    return magnitudes.size();
  }
  [[nodiscard]] bool all(const std::function<bool(const Evidence&)>& holds) const {
    return std::all_of(wrong.begin(), wrong.end(), holds);
  }
};

/// One number by which all are off: the sign, 2, 1/2, a rounded constant.
std::string factor(const Format& f, const Split& s);
/// Right to the digits of a float.
std::string float_rounding(const Format& f, const Split& s);
/// Exactly 0 where the true gradient is not.
std::string zero(const Format& f, const Split& s);
/// Wrong at one number, right at its neighbours.
std::string single_point(const Operation& op, const Format& f, const Case& c, std::size_t k);

/// Why the gradient of input k of an elementwise rule, or of a matrix operation, is wrong there.
std::string of_elementwise(const Operation& op, const Format& f, const Case& c, std::size_t k);
std::string of_matrix(const Operation& op, const Format& f, const Case& c, std::size_t k);
/// What a gradient of a wrong shape is, if its numbers tell.
std::string of_shape(const Operation& op, const Format& f, const Case& c);
/// Calls that remember earlier ones.
std::string of_memory(const Operation& op, const Format& f, const Case& c);

}  // namespace assay::verify::patterns
