// Every kind of node of a scalar graph against the rules alone, and the memory of a tape.

#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "assay/random.hpp"

#include "assay/ops.hpp"
#include "assay/scalar_graph.hpp"

namespace assay {
namespace {

/// Equal, or both not a number.
bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// The sweep in its plainest form, from the rules alone.
struct PlainGraph {
  struct Edge {
    std::size_t parent;
    double partial;
  };
  std::vector<double> values;
  std::vector<std::vector<Edge>> edges;

  template <class Rule>
  void unary(std::size_t a) {
    const double x = values[a], y = Rule::f(x);
    values.push_back(y);
    edges.push_back({{a, Rule::df(x, y)}});
  }
  /// Of two nodes, or of one and the number c.
  template <class Rule>
  void binary(std::size_t a, std::size_t b) {
    const double y = Rule::f(values[a], values[b]);
    const auto d = Rule::df(values[a], values[b], y);
    values.push_back(y);
    edges.push_back({{a, d[0]}, {b, d[1]}});
  }
  template <class Rule>
  void with_number(std::size_t a, double c, bool number_first) {
    const double x = number_first ? c : values[a], z = number_first ? values[a] : c;
    const double y = Rule::f(x, z);
    values.push_back(y);
    edges.push_back({{a, Rule::df(x, z, y)[number_first ? 1 : 0]}});
  }
  [[nodiscard]] std::vector<double> sweep() const {
    std::vector<double> adjoints(values.size(), 0);
    adjoints.back() = 1;
    for (std::size_t i = values.size(); i-- > 0;) {
      if (adjoints[i] == 0) continue;  // 0 * inf is no gradient
      for (const Edge& e : edges[i]) adjoints[e.parent] += adjoints[i] * e.partial;
    }
    return adjoints;
  }
};

TEST(ScalarNodes, ValuesAndGradientsHaveTheBitsOfTheRulesAlone) {
  Random random(5);
  int telling = 0;
  for (int round = 0; round < 200; ++round) {
    PlainGraph plain;
    Tape<double> tape;
    std::vector<Scalar<double>> x;
    for (int i = 0; i < 3; ++i) {
      plain.values.push_back(random.normal());
      plain.edges.emplace_back();
      x.push_back(tape.variable(plain.values.back()));
    }
    for (int i = 0; i < 40; ++i) {
      const std::size_t a = x.size() - 1 - random.below(3), b = random.below(x.size());
      const double c = random.normal();
      const auto all = [&]<class Rule>(const Call<Map<Rule>>& call) {
        const std::uint64_t form = random.below(3);
        if (form == 0) plain.binary<Rule>(a, b), x.push_back(call(x[a], x[b]));
        if (form == 1) plain.with_number<Rule>(a, c, false), x.push_back(call(x[a], c));
        if (form == 2) plain.with_number<Rule>(a, c, true), x.push_back(call(c, x[a]));
      };
      switch (random.below(6)) {
        case 0:
          all(add);
          break;
        case 1:
          all(sub);
          break;
        case 2:
          all(mul);
          break;
        case 3:
          all(div);
          break;
        case 4:
          plain.unary<Neg>(a), x.push_back(-x[a]);
          break;
        default:
          plain.unary<Tanh>(a), x.push_back(tanh(x[a]));
      }
    }
    tape.backward(x.back());
    const std::vector<double> adjoints = plain.sweep();
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(same(x[i].value(), plain.values[i])) << "node " << i << " of round " << round;
      if (std::isfinite(adjoints[i]) && adjoints[i] != 0) ++telling;
      ASSERT_TRUE(same(x[i].grad(), adjoints[i])) << "node " << i << " of round " << round;
    }
  }
  EXPECT_GT(telling, 2000);
}

/// The planted fault: the last gradient to arrive wins.
struct Overwrite {
  template <class G>
  void operator()(G& into, const G& gradient) const {
    into = gradient;
  }
};

TEST(ScalarNodes, AnOverwritingSweepIsWrongForEveryKindOfNode) {
  const auto gradient = [](auto sum, const auto& twice) {
    Tape<double> tape;
    const auto x = tape.variable(3);
    const Scalar<double> y = twice(tape, x);
    tape.backward<decltype(sum)>(std::span(&y, 1));
    return x.grad();
  };
  const auto differ = [&](double expected, const auto& twice) {
    EXPECT_EQ(gradient(Accumulate{}, twice), expected);
    EXPECT_NE(gradient(Overwrite{}, twice), expected);
  };
  using S = Scalar<double>;
  differ(2, [](auto&, const S& x) { return x + x; });
  differ(6, [](auto&, const S& x) { return x * x; });
  differ(2, [](auto&, const S& x) { return (x + 1) + (x + 2); });
  differ(12, [](auto&, const S& x) { return square(x) + square(x); });
  differ(5, [](auto& tape, const S& x) {
    return tape.dot(std::vector<double>{2, 3}, std::vector<S>{x, x});
  });
  differ(2, [](auto& tape, const S& x) { return tape.sum(std::vector<S>{x, x}); });
}

}  // namespace

/// y = by * x
struct TimesAttribute {
  static constexpr auto name = "times_attribute";
  static constexpr auto domain = on(all_reals);
  double by = 2;
  template <Field T>
  T f(const T& x) const {
    return T(by) * x;
  }
  template <Field T>
  T df(const T&, const T&) const {
    return T(by);
  }
};
/// y = a b + c
struct MulAdd {
  template <Field T>
  static T f(const T& a, const T& b, const T& c) {
    return a * b + c;
  }
  template <Field T>
  static std::array<T, 3> df(const T& a, const T& b, const T&, const T&) {
    return {b, a, T(1)};
  }
};

namespace {

TEST(ScalarNodes, ARuleBringsItsAttributes) {
  Tape<double> tape;
  const auto x = tape.variable(5);
  const auto y = tape.apply(TimesAttribute{.by = 7}, x) + tape.apply<TimesAttribute>(x);
  const auto z = Call<Map<TimesAttribute>>{{{.by = 3}}}(x);
  tape.backward({y, z});
  EXPECT_EQ(y.value(), 45);
  EXPECT_EQ(z.value(), 15);
  EXPECT_EQ(x.grad(), 7 + 2 + 3);
}

TEST(ScalarNodes, ARuleOfThreeInputsIsOneNode) {
  Tape<double> tape;
  const auto a = tape.variable(2), b = tape.variable(3), c = tape.variable(4);
  const auto y = tape.apply<MulAdd>(a, b, c);
  EXPECT_EQ(tape.size(), 4u);
  tape.backward({y, tape.apply<MulAdd>(a, 10, a)});
  EXPECT_EQ(y.value(), 10);
  EXPECT_EQ(a.grad(), 3 + 10 + 1);
  EXPECT_EQ(b.grad(), 2);
  EXPECT_EQ(c.grad(), 1);
}

// --- memory --------------------------------------------------------------------------------------

TEST(ScalarMemory, AHundredThousandStepsTakeWhatTheFirstTook) {
  std::vector<double> w(9, 0.5), g(9, 0);
  const std::vector<double> at{1, 2, 3};
  Tape<double> tape;
  const Parameters<double> p = tape.parameters(w, g);
  std::vector<Scalar<double>> y(2, p[0]), x;
  double outside = 0;
  const auto step = [&] {
    tape.clear();
    x.clear();
    for (const double v : at) x.push_back(tape.parameter(v, outside));
    tape.linear(p.slice(0, 6), x, p.slice(6, 2), y);
    for (int i = 0; i < 10; ++i) y[1] = relu(y[1]) + y[0] * p[8];
    tape.backward(tape.sum(y) + tape.log_sum_exp(x));
  };
  step();
  const std::size_t first_bytes = tape.bytes();
  step();
  const auto before = mallinfo2();
  for (int i = 0; i < 100'000; ++i) step();
  const auto after = mallinfo2();
  EXPECT_GT(first_bytes, 0u);
  EXPECT_EQ(tape.bytes(), first_bytes);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_GT(before.uordblks, 0u);
  EXPECT_EQ(after.uordblks + after.hblkhd, before.uordblks + before.hblkhd);
#endif
}

}  // namespace
}  // namespace assay
