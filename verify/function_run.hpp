#pragma once
// One run of check_function: what its parts share.

#include "evidence.hpp"
#include "quotient.hpp"

namespace assay::verify {

class FunctionRun {
 public:
  FunctionRun(const Kernel& kernel, const FunctionOptions& options, FunctionReport& report);

  /// Every element by itself.
  void each_element();
  /// Along random directions; bisected where one disagrees.
  void along_directions();
  void conclude();

 private:
  struct Place {
    std::size_t k;
    Eigen::Index i;
  };
  /// Judges one element under every upstream; false if it is wrong.
  bool element(Place at);
  bool judge(Place at, std::size_t upstream, const Excess& e);
  void fail(Place at, std::size_t upstream, const Excess& e);
  void fail_along(std::size_t upstream, const Excess& e);
  std::string hint_for(std::size_t k) const;

  [[nodiscard]] Place place(Eigen::Index flat) const;
  /// Along `direction`, restricted to the elements from `first` to `last`.
  Excess along(std::size_t upstream, const std::vector<double>& direction, Eigen::Index first,
               Eigen::Index last) const;
  /// The element that a direction's disagreement comes from, or a small range that has it.
  void bisect(std::size_t upstream, const std::vector<double>& direction, const Excess& e);
  [[nodiscard]] bool wrong(const Excess& e) const;
  void count(const char* what) { ++report_.result.counts[what]; }

  const Kernel& kernel_;
  const FunctionOptions& options_;
  FunctionReport& report_;
  Mat<double> noise_;
  std::vector<Mat<double>> upstreams_;
  std::vector<Matrices> gradients_;  ///< one for each upstream
  Eigen::Index size_ = 0;
  double largest_ = 0, worst_bound_ = 0;
  std::vector<double> largest_of_;  ///< of each input: the largest that is certainly not 0
  std::vector<std::vector<Evidence>> evidence_;
};

/// A failure that has no number to show: what broke, in words.
void record_broken(CheckResult& r, const std::string& why);

/// Signed, no 0 among them.
Mat<double> random_upstream(Shape shape, std::uint64_t seed);
/// +-(1 + u) with u from 52 bits.
double random_component(std::uint64_t seed, std::uint64_t n);

}  // namespace assay::verify
