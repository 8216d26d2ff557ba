// The wrong rules of rules.py, checked by assay: a line each, with tabs: name, passes or fails,
// what is wrong with it, the first failure.

#include <fmt/format.h>

#include <algorithm>

#include "assay/ops/erfc.hpp"
#include "assay/ops/gelu.hpp"
#include "assay/ops/sin.hpp"
#include "assay/ops/softplus.hpp"
#include "assay/verify.hpp"

namespace {

using assay::Field, assay::Grads, assay::Map, assay::Mat, assay::Real, assay::Shape;

struct OnReals {
  static constexpr auto domain = assay::on(assay::all_reals);
};

struct ZeroInTail : OnReals {
  static constexpr auto name = "zero_in_tail";
  static constexpr auto about = "softplus, whose derivative is taken for 0 below -12";
  template <Real T>
  static T f(const T& x) {
    return assay::Softplus::f(x);
  }
  template <Real T>
  static T df(const T& x, const T& y) {
    return x < T(-12) ? T(0) : assay::Softplus::df(x, y);
  }
};

struct RoundedConstant : OnReals {
  static constexpr auto name = "rounded_constant";
  static constexpr auto about = "gelu, with 1 / sqrt(2 pi) rounded to 0.39894";
  template <Real T>
  static T f(const T& x) {
    using std::erfc, std::sqrt;
    return x * erfc(-x / sqrt(T(2))) / T(2);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    using std::erfc, std::exp, std::sqrt;
    return erfc(-x / sqrt(T(2))) / T(2) + x * (T(39894) / T(100000)) * exp(-x * x / T(2));
  }
};

struct NarrowWindow : OnReals {
  static constexpr auto name = "narrow_window";
  static constexpr auto about = "sin, with the sign of its derivative wrong for 1.7 < x < 1.701";
  template <Real T>
  static T f(const T& x) {
    using std::sin;
    return sin(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    using std::cos;
    return x > T(17) / T(10) && x < T(1701) / T(1000) ? -cos(x) : cos(x);
  }
};

struct SignInTail : OnReals {
  static constexpr auto name = "sign_in_tail";
  static constexpr auto about = "erfc, with the sign of its derivative wrong above 4";
  template <Real T>
  static T f(const T& x) {
    return assay::Erfc::f(x);
  }
  template <Real T>
  static T df(const T& x, const T& y) {
    const T d = assay::Erfc::df(x, y);
    return x > T(4) ? -d : d;
  }
};

struct OnePoint : OnReals {
  static constexpr auto name = "one_point";
  static constexpr auto about = "softplus, whose derivative at 0 is taken for 0";
  template <Real T>
  static T f(const T& x) {
    return assay::Softplus::f(x);
  }
  template <Real T>
  static T df(const T& x, const T& y) {
    return x == T(0) ? T(0) : assay::Softplus::df(x, y);
  }
};

/// y = x + (W x)^2 / 64 with 32 W_ij = 2 ((7 i + 3 j + 1) mod 19) - 19
struct OneEntry {
  static constexpr auto name = "one_entry";
  static constexpr auto about = "a dense 60 x 60 Jacobian with one entry off by 5e-4 of itself";
  static constexpr Eigen::Index n = 60;
  static Shape shape(Shape x) {
    assay::require(x == Shape{n, 1}, name, {{"x", x}}, "x must be a column of 60");
    return x;
  }
  static int weight(Eigen::Index i, Eigen::Index j) {
    return static_cast<int>(2 * ((7 * i + 3 * j + 1) % 19) - 19);
  }
  template <Field T>
  static Mat<T> product(const Mat<T>& x) {
    Mat<T> s = Mat<T>::Constant(n, 1, T(0));
    for (Eigen::Index j = 0; j < n; ++j) {
      for (Eigen::Index i = 0; i < n; ++i) s(i, 0) += T(weight(i, j)) * x(j, 0);
    }
    return s / T(32);
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    const Mat<T> s = product<T>(x);
    return x + s.cwiseProduct(s) / T(64);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    const Mat<T> ds = dy.cwiseProduct(product<T>(x)) / T(1024);
    Mat<T> g = dy;
    for (Eigen::Index j = 0; j < n; ++j) {
      for (Eigen::Index i = 0; i < n; ++i) g(j, 0) += T(weight(i, j)) * ds(i, 0);
    }
    g(41, 0) += T(weight(23, 41)) * ds(23, 0) / T(2000);
    return {g};
  }
};

template <class Rule>
void print(const assay::verify::Report& report) {
  std::string finding = report.message();
  for (const assay::verify::CheckResult& c : report.checks) {
    if (c.failures.empty()) continue;
    finding = c.failures.front().message;
    if (c.scalar == "double") break;  // as gradcheck's
  }
  std::string line;
  for (char c : finding) line += c == '\n' ? "\\n" : std::string(1, c);
  const bool wrong = report.verdict() == assay::verify::Verdict::wrong;
  fmt::print("{}\t{}\t{}\t{}\n", Rule::name, wrong ? "fails" : "passes", Rule::about, line);
}

template <class Rule>
void print_elementwise() {
  print<Rule>(assay::verify::check<Map<Rule>>({.cases = 1000, .seed = 42, .out = ""}));
}

}  // namespace

int main() {
  print_elementwise<ZeroInTail>();
  print_elementwise<RoundedConstant>();
  Mat<double> x(OneEntry::n, 1);
  for (Eigen::Index i = 0; i < x.size(); ++i) x(i, 0) = static_cast<double>(i * 37 % 101 - 50) / 32;
  print<OneEntry>(assay::verify::check_point<OneEntry>({x}));
  print_elementwise<NarrowWindow>();
  print_elementwise<SignInTail>();
  print_elementwise<OnePoint>();
}
