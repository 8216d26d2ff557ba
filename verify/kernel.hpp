#pragma once
// A user's function in double, called with its door watched.

#include <optional>
#include <stdexcept>

#include "assay/verify/function.hpp"

namespace assay::verify {

/// What is wrong, in words; thrown to where the report is written.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Forward = std::function<Mat<double>(const Matrices&)>;
using Vjp = std::function<Matrices(const Matrices&, const Mat<double>&)>;

class Kernel {
 public:
  Kernel(const Forward& f, const Vjp& vjp, const Matrices& inputs, const FunctionOptions& options);

  /// Throw Broken: an exception, something modified, a wrong number, a wrong shape, a value that is
  /// not finite.
  [[nodiscard]] const Mat<double>& value() const { return y_; }
  [[nodiscard]] Matrices gradients(const Mat<double>& dy) const;
  /// Elsewhere f may throw and be infinite: no value. Throws Broken for another shape.
  [[nodiscard]] std::optional<Mat<double>> value_at(const Matrices& x) const;
  /// Throws Broken where a call depends on others, or on where its arguments lie.
  void require_purity(const Mat<double>& dy) const;

  [[nodiscard]] const Matrices& inputs() const { return inputs_; }
  [[nodiscard]] std::string input(std::size_t k) const;
  /// "input 0 at row 1, column 2"
  [[nodiscard]] std::string place(std::size_t k, Eigen::Index i) const;
  /// The magnitude that a step of element i of input k is measured by: its own, so that steps stay
  /// in a domain that ends at 0; of a 0, a part of what is usual in its input.
  [[nodiscard]] double magnitude(std::size_t k, Eigen::Index i) const;

 private:
  [[nodiscard]] Mat<double> forward(const Matrices& x) const;
  [[nodiscard]] Matrices backward(const Matrices& x, const Mat<double>& dy) const;
  void require_same(const Matrices& a, const Matrices& b, std::string_view when) const;

  const Forward& f_;
  const Vjp& vjp_;
  const FunctionOptions& options_;
  Matrices inputs_;
  std::vector<double> least_;  ///< the magnitude of a 0, for each input
  Mat<double> y_;
};

bool same_bytes(const Mat<double>& a, const Mat<double>& b);

}  // namespace assay::verify
