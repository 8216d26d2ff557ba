#pragma once
// What the examinations of elementwise and of matrix derivatives have in common.

#include "evaluate.hpp"
#include "examine.hpp"

namespace assay::verify {

/// A derivative that is not what the reference says.
Problem wrong_derivative(const Examination& e, const Judgement& j, double got,
                         const Bounded& reference, std::size_t input, Eigen::Index i,
                         Eigen::Index rows);

/// The first wrong number of a case, or else the first inconclusive one.
class First {
 public:
  void offer(Problem p) {
    if (!found_ || (found_->inconclusive && !p.inconclusive)) found_ = std::move(p);
  }
  std::optional<Problem> take() { return std::move(found_); }

 private:
  std::optional<Problem> found_;
};

/// Value and derivative of a matrix operation, whose case has been evaluated.
std::optional<Problem> examine_matrix(const Examination& e, const Outcome& out);

}  // namespace assay::verify
