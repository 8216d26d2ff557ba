#pragma once
// The operations of the library, with the checks that need their types.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/lifts.hpp"
#include "check.hpp"

namespace assay::verify {

/// What one line of the list of operations becomes.
struct Entry {
  std::shared_ptr<Operation> op;
  Lifts<float> lifts_float;
  Lifts<double> lifts_double;
  /// Another arithmetic than the oracle's: d<dy, y> / dx_k(i) in decimal, by finite differences in
  /// Boost's 100 digits.
  std::function<std::string(const Case&, std::size_t k, Eigen::Index i)> slope_in_100_digits;
  /// The derivative of the gradient in the direction v, by dual numbers in double.
  std::function<std::vector<Mat<double>>(const Case&, const std::vector<Mat<double>>& v)>
      hessian_product;
};

/// What is compiled apart.
enum class Part { judged, oracles, boost };

/// Fills in one part of the operations whose index leaves `n` when divided by the number of the
/// part's slices; `judged` first.
template <Part part, int n>
void fill(std::vector<Entry>& entries);

/// All of them, in the order of the list.
const std::vector<Entry>& library();

/// Numbers, matrices, expressions and both graphs give the same bits.
Check lift_check(const Entry& e, const Format& f, std::uint64_t cases);
/// Infinities, NaN, and the ends of the domain: what goes in and what comes out.
Check non_finite_check(const Entry& e, const Format& f);
/// Second derivatives by dual numbers through forward and backward.
Check second_order_check(const Entry& e, std::uint64_t cases);
/// The finite differences of a sample again, in Boost's 100 digits.
Check boost_check(const Entry& e, std::uint64_t cases);

}  // namespace assay::verify
