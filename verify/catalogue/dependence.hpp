#pragma once
// Which results of an operation depend on which element: found out by trying.

#include <cmath>
#include <optional>

#include "check.hpp"
#include "evaluate.hpp"

namespace assay::verify {

/// Equal, or both NaN.
inline bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
bool same(const Mat<double>& a, const Mat<double>& b);

/// One element: of an input, or of the upstream gradient.
struct Place {
  std::size_t input = 0;
  Eigen::Index i = 0;
  bool of_upstream = false;
  [[nodiscard]] double& in(Case& c) const {
    return (of_upstream ? c.upstream : c.inputs[input]).data()[i];
  }
};

/// What one look at an operation is about.
struct Look {
  const Operation& op;
  const Format& f;
  CheckResult* statistics;
  Case& shown;
  void count(const char* what) const {
    if (statistics) ++statistics->counts[what];
  }
  void compared() const {
    if (statistics) ++statistics->elements;
  }
};

/// The value and then every gradient element.
std::vector<double> flat(const Outcome& o);

/// The largest magnitude in a case whose upstream is not empty.
double largest(const Case& c);
bool has_pole_at_zero(const Operation& op, std::size_t k);
/// A number in the domain at which nothing is special; of labels and masks any.
double ordinary_value(const Operation& op, std::size_t k, const Format& f, std::uint64_t seed);

/// For each number of flat(): whether it changed, and the values that it took.
struct Dependence {
  std::vector<bool> changes;
  std::vector<std::vector<double>> values;

  void see(const std::vector<double>& base, const std::vector<double>& other) {
    changes.resize(base.size());
    values.resize(base.size());
    for (std::size_t j = 0; j < base.size() && j < other.size(); ++j) {
      if (!same(base[j], other[j])) changes[j] = true;
      values[j].push_back(other[j]);
    }
  }
};

/// A case whose results are finite, a place in it, and what depends on that place.
struct Site {
  Case c;
  Place at;
  Outcome base;
  Dependence here;      ///< at this case
  Dependence anywhere;  ///< or at others of the same shapes
};

/// Nothing where none was found.
std::optional<Site> site(const Look& l, bool of_upstream, std::uint64_t seed);

}  // namespace assay::verify
