#pragma once
// Boost's 100 digits. They take long to compile: only the forward.

#include "assay/wide.hpp"

namespace assay::verify {
namespace {  // each part has its own fill_entry

template <class Op>
Mat<Dec100> forward_in_100_digits(const Op& op, const std::vector<Mat<Dec100>>& x) {
  return assay::detail::unpacked<arity<Op>>([&](auto... i) {
    if constexpr (assay::detail::saves<Op, Dec100>) {
      Mat<Dec100> unused;
      return op.forward(x[i]..., unused);
    } else {
      return op.forward(x[i]...);
    }
  });
}

using Forward = std::function<Mat<Dec100>(const std::vector<Mat<Dec100>>&)>;

std::string central_difference(const Forward& forward, const Case& c, std::size_t k,
                               Eigen::Index i) {
  std::vector<Mat<Dec100>> x;
  for (const Mat<double>& m : c.inputs) {
    x.push_back(m.unaryExpr([](double v) { return Dec100(v); }));
  }
  const Dec100 h("1e-20");
  const Dec100 at = x[k].data()[i];
  const auto phi = [&](int steps) {
    x[k].data()[i] = at + Dec100(steps) * h;
    const Mat<Dec100> y = forward(x);
    Dec100 sum(0);
    for (Eigen::Index j = 0; j < y.size(); ++j) {
      sum += Dec100(c.upstream.data()[j]) * y.data()[j];
    }
    return sum;
  };
  const Dec100 near = (phi(1) - phi(-1)) / (2 * h), far = (phi(2) - phi(-2)) / (4 * h);
  const Dec100 slope = near + (near - far) / 3;
  return slope.str(105, std::ios_base::scientific);
}

template <class C>
void fill_entry(Entry& e, const C& call) {
  e.slope_in_100_digits = [&call](const Case& c, std::size_t k, Eigen::Index i) {
    return central_difference(
        [&call](const std::vector<Mat<Dec100>>& x) { return forward_in_100_digits(call.op, x); }, c,
        k, i);
  };
}

}  // namespace
}  // namespace assay::verify
