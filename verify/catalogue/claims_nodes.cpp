// Claim 21, nodes: scalar nodes against matrix nodes, pow at zero, and the tails of the logistic
// functions.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "assay/graph.hpp"
#include "assay/ops/log_sigmoid.hpp"
#include "assay/ops/pow.hpp"
#include "assay/ops/relu.hpp"
#include "assay/random.hpp"
#include "logit.hpp"

namespace assay::verify::claims {
namespace {

// --- 21a: scalar nodes and matrix nodes ----------------------------------------------------------

/// Zeros of either sign are equal, and so are NaNs.
template <class T>
bool same(const T& a, const T& b) {
  return a == b || (a != a && b != b);
}

/// What an operation gives at n points: the value, and the gradient of each input.
template <class T, std::size_t inputs>
struct Results {
  Mat<T> y;
  std::array<Mat<T>, inputs> dx;
};

template <class T, class Op, std::size_t inputs>
Results<T, inputs> on_matrices(const Op& op, const std::array<Mat<T>, inputs>& x,
                               const Mat<T>& dy) {
  Graph<T> graph;
  std::vector<Var<T>> v;
  for (const Mat<T>& m : x) v.push_back(graph.variable(m));
  const Var<T> y = assay::detail::unpacked<inputs>([&](auto... k) { return op(v[k]...); });
  graph.backward(y, dy);
  Results<T, inputs> r{y.value(), {}};
  for (std::size_t k = 0; k < inputs; ++k) r.dx.at(k) = v[k].grad();
  return r;
}

/// A node for each number. With `constant` below the number of inputs that one is no node, and has
/// no gradient.
template <class T, class Op, std::size_t inputs>
Results<T, inputs> on_scalars(const Op& op, const std::array<Mat<T>, inputs>& x, const Mat<T>& dy,
                              std::size_t constant) {
  Tape<T> tape;
  std::array<std::vector<Scalar<T>>, inputs> v;
  std::vector<Scalar<T>> outputs;
  Results<T, inputs> r{Mat<T>(dy.rows(), 1), {}};
  for (Eigen::Index i = 0; i < dy.rows(); ++i) {
    for (std::size_t k = 0; k < inputs; ++k) v.at(k).push_back(tape.variable(x.at(k)(i)));
    const auto node = [&](std::size_t k) { return v.at(k).back(); };
    const Scalar<T> y = [&] {
      if constexpr (inputs == 1) {
        return op(node(0));
      } else {
        if (constant == 0) return op(x[0](i), node(1));
        if (constant == 1) return op(node(0), x[1](i));
        return op(node(0), node(1));
      }
    }();
    r.y(i) = y.value();
    outputs.push_back(y * dy(i));
  }
  tape.backward(std::span<const Scalar<T>>(outputs));
  for (std::size_t k = 0; k < inputs; ++k) {
    r.dx.at(k) = Mat<T>(dy.rows(), 1);
    for (Eigen::Index i = 0; i < dy.rows(); ++i) {
      r.dx.at(k)(i) = v.at(k)[static_cast<std::size_t>(i)].grad();
    }
  }
  return r;
}

template <class T, class Op>
void same_in_both(Trial& t, const Format& f, const Op& op) {
  using Rule = typename Op::Operation::ElementRule;
  constexpr std::size_t inputs = arity<typename Op::Operation>;
  static const Operation domain = domain_of<Rule>();
  t.count(Rule::name);
  Random random(t.seed(Rule::name));
  const auto n = static_cast<Eigen::Index>(1 + random.below(70));  // with and without whole blocks
  const Mat<T> dy = random.uniform_matrix<T>({n, 1}, -2, 2);
  std::array<Mat<T>, inputs> x;
  for (std::size_t k = 0; k < inputs; ++k) {
    x.at(k) = Mat<T>(n, 1);
    for (T& number : x.at(k).reshaped()) {
      number = static_cast<T>(generate_value(domain, k, f, random()));
    }
  }
  const Results<T, inputs> right = on_matrices<T>(op, x, dy);
  const auto compare = [&](const std::string& what, const Mat<T>& got, const Mat<T>& expected) {
    t.compared(static_cast<std::uint64_t>(n));
    for (Eigen::Index i = 0; i < n; ++i) {
      if (same(got(i), expected(i))) continue;
      Shown shown{{"scalar", both(f, static_cast<double>(got(i)))},
                  {"matrix", both(f, static_cast<double>(expected(i)))}};
      for (const Mat<T>& m : x) shown.emplace_back("input", both(f, static_cast<double>(m(i))));
      return t.fail(fmt::format("{}: {} on scalar nodes is not that on matrices", Rule::name, what),
                    shown);
    }
  };
  for (std::size_t constant = 0; constant < (inputs == 1 ? 1 : 3); ++constant) {
    const auto got = on_scalars<T>(op, x, dy, constant);
    compare("the value", got.y, right.y);
    for (std::size_t k = 0; k < inputs; ++k) {
      const bool is_constant = inputs > 1 && k == constant;
      compare(fmt::format("the gradient of input {}", k), got.dx.at(k),
              is_constant ? Mat<T>(Mat<T>::Zero(n, 1)) : right.dx.at(k));
    }
  }
}

template <class T>
void nodes_agree(Trial& t, const Format& f) {
  same_in_both<T>(t, f, neg);
  same_in_both<T>(t, f, add);
  same_in_both<T>(t, f, sub);
  same_in_both<T>(t, f, mul);
  same_in_both<T>(t, f, div);
  same_in_both<T>(t, f, assay::pow);
  same_in_both<T>(t, f, relu);
  same_in_both<T>(t, f, sigmoid);
  same_in_both<T>(t, f, log_sigmoid);
  same_in_both<T>(t, f, bce_with_logits);
}

// --- numbers of an operation at one point, in the graph of the case ------------------------------

template <class T>
struct AtPoint {
  T y;
  std::vector<T> dx;
};

/// Even cases are on scalar nodes, odd ones on matrices.
template <class T, class Op, class... X>
AtPoint<T> at_point(Trial& t, const Op& op, const X&... x) {
  AtPoint<T> r{};
  if (t.number() / 4 % 2 == 0) {
    t.count("scalar graph");
    Tape<T> tape;
    const std::array v{tape.variable(x)...};
    const Scalar<T> y =
        assay::detail::unpacked<sizeof...(X)>([&](auto... k) { return op(v[k]...); });
    tape.backward(y);
    r.y = y.value();
    for (const Scalar<T>& s : v) r.dx.push_back(s.grad());
  } else {
    t.count("matrix graph");
    Graph<T> graph;
    const std::array v{graph.variable(one<T>(x))...};
    const Var<T> y = assay::detail::unpacked<sizeof...(X)>([&](auto... k) { return op(v[k]...); });
    graph.backward(y);
    r.y = y.value()(0);
    for (const Var<T>& m : v) r.dx.push_back(m.grad()(0));
  }
  return r;
}

// --- 21b: pow ------------------------------------------------------------------------------------

template <class T>
void pow_at_zero(Trial& t, const Format& f) {
  const T inf = std::numeric_limits<T>::infinity();
  const std::array classes{"b = 0", "0 < b < 1", "b = 1", "b > 1"};
  const std::size_t which = t.number() % 4;
  const T u = static_cast<T>(t.unit("b"));
  const T b = std::array{T(0), T((u + T(1)) / T(4)), T(1), T(T(1) + (u + T(1)) * T(9))}.at(which);
  t.count(classes.at(which));
  const double at = static_cast<double>(b);
  t.input("b", at);
  const AtPoint<T> got = at_point<T>(t, assay::pow, T(0), b);
  const auto require = [&](const char* what, const T& number, const T& declared) {
    t.compared();
    if (same(number, declared)) return;
    t.fail(fmt::format("{} at 0^b is not as declared", what),
           {{"got", both(f, static_cast<double>(number))},
            {"declared", both(f, static_cast<double>(declared))}});
  };
  require("the value", got.y, which == 0 ? T(1) : T(0));
  require("the gradient of the base", got.dx[0], std::array{T(0), inf, T(1), T(0)}.at(which));
  require("the gradient of the exponent", got.dx[1], T(0));
}

template <class T>
void pow_exponent(Trial& t, const Format& f) {
  const double a = rounded(f, std::ldexp(1 + t.unit("a"), static_cast<int>(t.seed("e") % 41) - 20));
  const double b = rounded(f, 16 * t.unit("b") - 8);
  t.input("a", a);
  t.input("b", b);
  t.count(a < 1 ? "a < 1" : "a >= 1");
  const AtPoint<T> got = at_point<T>(t, assay::pow, static_cast<T>(a), static_cast<T>(b));
  const auto power = [=](double exponent) {
    return exp((Enclosure(b) + Enclosure(exponent)) * log(Enclosure(a)));
  };
  const auto y = sharp([=] { return power(0); });
  const auto da = sharp([=] { return Enclosure(b) * power(-1); });
  const auto db = sharp([=] { return power(0) * log(Enclosure(a)); });
  if (!y || !da || !db) return t.unresolved();
  require_within(t, f, Quantity::value, "a^b", static_cast<double>(got.y), *y, 4);
  require_within(t, f, Quantity::derivative, "the gradient of the base",
                 static_cast<double>(got.dx[0]), *da, 4);
  require_within(t, f, Quantity::derivative, "the gradient of the exponent",
                 static_cast<double>(got.dx[1]), *db, 4);
}

// --- 21c: no overflow ----------------------------------------------------------------------------

constexpr const char* overflows_once = "e^|z| overflows";
constexpr const char* overflows_twice = "e^2|z| overflows";
constexpr const char* beyond = "beyond all exponents";

template <class T>
void tails(Trial& t, const Format& f) {
  const bool is_far = t.number() % 4 == 3;
  const double far = 1e30 * (1 + t.unit("z")), near = t.number() % 4 < 2 ? 354.5 : 709.5;
  const double size = rounded(f, is_far ? far : near + 300 * t.unit("z"));
  const double z = t.seed("sign") % 2 == 0 ? size : -size;
  const double label_drawn = t.unit("y");
  const double y = t.number() % 3 == 0 ? 0 : t.number() % 3 == 1 ? 1 : label_drawn;
  t.input("z", z);
  t.input("y", y);
  t.count(is_far ? beyond : near < 709 ? "|z| > 354" : "|z| > 709");
  if (std::isinf(std::exp(static_cast<T>(size)))) t.count(overflows_once);
  if (std::isinf(std::exp(static_cast<T>(2 * size)))) t.count(overflows_twice);
  const T x = static_cast<T>(z);
  const AtPoint<T> s = at_point<T>(t, sigmoid, x), l = at_point<T>(t, log_sigmoid, x);
  const AtPoint<T> loss = at_point<T>(t, bce_with_logits, x, static_cast<T>(y));
  const auto require = [&](const char* what, Quantity q, const T& got, double limit, Form form) {
    const auto number = static_cast<double>(got);
    if (is_far) {  // the limits are exact
      t.compared();
      if (number == rounded(f, limit)) return;
      return t.fail(fmt::format("{} is not its limit", what),
                    {{"got", both(f, number)}, {"limit", both(f, limit)}});
    }
    const auto reference = sharp(form);
    if (!reference) return t.unresolved();
    require_within(t, f, q, what, number, *reference, 4);
  };
  const bool up = z > 0;
  using enum Quantity;
  require("s(z)", value, s.y, up ? 1 : 0, [=] { return sigma(z); });
  require("s'(z)", derivative, s.dx[0], 0, [=] { return sigma(z) * sigma(-z); });
  require("log s(z)", value, l.y, up ? 0 : z,
          [=] { return -log(Enclosure(1) + exp(Enclosure(-z))); });
  require("(log s)'(z)", derivative, l.dx[0], up ? 0 : 1, [=] { return sigma(-z); });
  if (!is_far || y == 0 || y == 1) {  // (1 - y) z is rounded, no limit
    require("the loss", value, loss.y, up == (y == 1) ? 0 : size,
            [=] { return log(Enclosure(1) + exp(Enclosure(z))) - Enclosure(y) * Enclosure(z); });
  }
  require("dL/dz", derivative, loss.dx[0], (up ? 1 : 0) - y,
          [=] { return sigma(z) - Enclosure(y); });
  require("dL/dy", derivative, loss.dx[1], -z, [=] { return Enclosure(-z); });
}

template <class Attempt>
void in_each_format(std::vector<Check>& checks, const Plan& plan, std::uint64_t cases,
                    const Statement& s, Attempt attempt) {
  for (const Format& f : plan.formats) {
    checks.push_back(random_check(s, f.name, cases, in_format(f, attempt)));
  }
}

}  // namespace

void add_node_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t fewer = plan.cases / 4;
  in_each_format(checks, plan, plan.cases / 10,
                 {"claim-21a-scalar-nodes",
                  "+ - * / pow, relu, sigmoid, log_sigmoid and bce_with_logits on scalar nodes, "
                  "beside nodes and numbers: values and gradients are those of the matrix graph, "
                  "bit for bit",
                  "the sign of zeros",
                  {"neg", "add", "sub", "mul", "div", "pow", "relu", "sigmoid", "log_sigmoid",
                   "bce_with_logits"}},
                 [](auto type, Trial& t, const Format& f) { nodes_agree<decltype(type)>(t, f); });
  in_each_format(checks, plan, fewer,
                 {"claim-21b-pow-at-zero",
                  "0^0 = 1 and 0^b = 0; the exponent's gradient is 0 there; the base's 0 for b = 0 "
                  "and b > 1, 1 for b = 1, and its limit +inf for 0 < b < 1; in both graphs",
                  "b < 0: a pole",
                  {"scalar graph", "matrix graph", "b = 0", "0 < b < 1", "b = 1", "b > 1"}},
                 [](auto type, Trial& t, const Format& f) { pow_at_zero<decltype(type)>(t, f); });
  in_each_format(checks, plan, fewer,
                 {"claim-21b-pow-exponent",
                  "da = b a^(b-1) and db = a^b log a to 4 ulp, in both graphs",
                  "a beyond 2^21",
                  {"scalar graph", "matrix graph", "a < 1", "a >= 1"}},
                 [](auto type, Trial& t, const Format& f) { pow_exponent<decltype(type)>(t, f); });
  in_each_format(
      checks, plan, fewer,
      {"claim-21c-no-overflow",
       "sigmoid, log_sigmoid and bce_with_logits where e^|z| and e^2|z| overflow: values "
       "and gradients to 4 ulp, far out their limits, in both graphs",
       "|z| < 354",
       {"scalar graph", "matrix graph", "|z| > 354", "|z| > 709", beyond, overflows_once,
        overflows_twice}},
      [](auto type, Trial& t, const Format& f) { tails<decltype(type)>(t, f); });
}

}  // namespace assay::verify::claims
