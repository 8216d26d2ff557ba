#pragma once
// The types of the oracles, and those of second order.

#include "reference.hpp"

namespace assay::verify {
namespace {  // each part has its own fill_entry

std::vector<Mat<double>> hessian_product(const Rule<Dual<double>>& rule, const Case& c,
                                         const std::vector<Mat<double>>& v) {
  std::vector<Mat<Dual<double>>> x;
  for (std::size_t k = 0; k < v.size(); ++k) {
    x.push_back(
        c.inputs[k].binaryExpr(v[k], [](double a, double b) { return Dual<double>(a, b); }));
  }
  const Mat<Dual<double>> dy = c.upstream.unaryExpr([](double a) { return Dual<double>(a); });
  std::vector<Mat<double>> h;
  for (const Mat<Dual<double>>& g : rule.gradients(dy, views(x))) {
    h.push_back(g.unaryExpr([](const Dual<double>& d) { return d.d; }));
  }
  return h;
}

template <class C>
void fill_entry(Entry& e, const C& call) {
  add_oracles(*e.op, call.op);
  const std::shared_ptr<const Rule<Dual<double>>> rule = make_rule<Dual<double>>(call.op);
  e.hessian_product = [rule](const Case& c, const std::vector<Mat<double>>& v) {
    return hessian_product(*rule, c, v);
  };
}

}  // namespace
}  // namespace assay::verify
