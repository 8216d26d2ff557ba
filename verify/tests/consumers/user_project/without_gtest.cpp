#include <assay/verify.hpp>
#include <iostream>

#include "rules.hpp"

using assay::Map;
using assay::Mat;
using assay::verify::check;
using assay::verify::check_function;
using assay::verify::Matrices;

namespace {

int as_promised = 0;

/// Whether the message has what was promised; prints it where it has not.
template <class Report>
void expect(const Report& r, bool ok, const std::string& promised) {
  const std::string text = r.message();
  if (r.ok() == ok && text.find(promised) != std::string::npos) {
    ++as_promised;
  } else {
    std::cout << "not \"" << promised << "\":\n" << text << "\n";
  }
}

Mat<double> kernel(const Matrices& in) { return in[0].array() * in[0].array().tanh(); }
Matrices kernel_vjp(const Matrices& in, const Mat<double>& dy) {
  const auto t = in[0].array().tanh();
  return {dy.array() * (t + in[0].array() * (1 - t.square()))};
}
Matrices forgetful_vjp(const Matrices& in, const Mat<double>& dy) {
  return {dy.array() * in[0].array().tanh()};
}

}  // namespace

int main() {
  const assay::verify::Options options{.cases = 200, .seed = 42, .out = ""};
  expect(check<Map<Cube>>(options), true, "cube: ");
  expect(check<Map<MySigmoid>>(options), false, "hint       0 where the true gradient is");
  expect(check<Map<Cosine>>(options), false, "hint       the sign is wrong");
  expect(check<Bias>(options), false, "hint       a reduction is missing");
  const Matrices point{Mat<double>{{0.5, -1.25, 2}, {1, 0.75, -3}}};
  expect(check_function(kernel, kernel_vjp, point), true, "cannot be seen");
  expect(check_function(kernel, forgetful_vjp, point), false,
         "backward disagrees with finite differences");
  if (as_promised == 6) std::cout << "all 6 as promised\n";
  return as_promised == 6 ? 0 : 1;
}
