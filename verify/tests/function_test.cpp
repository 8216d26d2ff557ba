// check_function: kernels in double, right and wrong in every way that differences or calls show.

#include "assay/verify/function.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "testing.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

using F = std::function<Mat<double>(const Matrices&)>;
using G = std::function<Matrices(const Matrices&, const Mat<double>&)>;

/// Y = exp(A) o B
const Matrices kPoint{Mat<double>{{0.5, -1.25, 2}, {1, 0.75, -3}},
                      Mat<double>{{3, 0.125, -0.75}, {-2, 1.5, 0.25}}};
Mat<double> kernel(const Matrices& in) { return in[0].array().exp() * in[1].array(); }
Matrices kernel_vjp(const Matrices& in, const Mat<double>& dy) {
  return {dy.array() * in[0].array().exp() * in[1].array(), dy.array() * in[0].array().exp()};
}

/// The right gradients, tampered with.
G tampered(const std::function<void(Matrices&, const Matrices&, const Mat<double>&)>& tamper) {
  return [tamper](const Matrices& in, const Mat<double>& dy) {
    Matrices g = kernel_vjp(in, dy);
    tamper(g, in, dy);
    return g;
  };
}

void expect_wrong(const FunctionReport& r, std::string_view text) {
  EXPECT_EQ(r.result.verdict, Verdict::wrong) << r.message();
  EXPECT_NE(r.message().find(text), std::string::npos) << r.message();
}

TEST(Function, ARightKernelAgrees) {
  const FunctionReport r = check_function(kernel, kernel_vjp, kPoint);
  EXPECT_TRUE(r.ok()) << r.message();
  EXPECT_EQ(r.result.elements, 12U);
  EXPECT_LT(r.detection_limit, 1e-8);
  EXPECT_LT(r.worst_relative_error, 1e-8);
}

TEST(Function, TheReportNamesThePlaceTheNumbersAndTheLimit) {
  const G wrong =
      tampered([](Matrices& g, const Matrices&, const Mat<double>&) { g[1](1, 2) *= 1.001; });
  const FunctionReport r = check_function(kernel, wrong, kPoint, {.name = "my_kernel"});
  expect_wrong(r, "my_kernel<double>: backward disagrees with finite differences");
  expect_wrong(r, "gradient of input 1 at row 1, column 2");
  expect_wrong(r, "relative error 1.0e-03");
  expect_wrong(r, "detection limit");
  EXPECT_NEAR(r.worst_relative_error, 1e-3, 1e-5);
  ASSERT_EQ(r.result.failures.size(), 1U);
  EXPECT_EQ(r.result.failures[0].row, 1);
  EXPECT_EQ(r.result.failures[0].col, 2);
}

TEST(Function, AnErrorAboveTheLimitIsFoundAndTheLimitIsStated) {
  const double limit = check_function(kernel, kernel_vjp, kPoint).detection_limit;
  const auto off_by = [](double e) {
    return tampered([e](Matrices& g, const Matrices&, const Mat<double>&) { g[0] *= 1 + e; });
  };
  EXPECT_FALSE(check_function(kernel, off_by(2 * limit), kPoint).ok());
  EXPECT_TRUE(check_function(kernel, off_by(1e-16), kPoint).ok());
}

TEST(Function, WrongNumbersAndShapesOfGradientsAreNamed) {
  expect_wrong(
      check_function(kernel, tampered([](Matrices& g, const auto&, const auto&) { g.pop_back(); }),
                     kPoint),
      "vjp returns 1 gradients for 2 inputs");
  expect_wrong(check_function(kernel, tampered([](Matrices& g, const auto&, const auto&) {
                                g[1] = g[1].transpose().eval();
                              }),
                              kPoint),
               "the gradient of input 1 is 3x2, the input is 2x3");
}

TEST(Function, ValuesThatAreNotFiniteAreNoPass) {
  const F infinite_value = [](const Matrices& in) {
    Mat<double> y = kernel(in);
    y(0, 1) = infinity;
    return y;
  };
  expect_wrong(check_function(infinite_value, kernel_vjp, kPoint),
               "f returns inf at row 0, column 1");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_wrong(check_function(kernel, tampered([nan](Matrices& g, const auto&, const auto&) {
                                g[0](1, 1) = nan;
                              }),
                              kPoint),
               "the gradient of input 0 at row 1, column 1 is nan");
}

TEST(Function, ExceptionsSayWhichCallThrew) {
  const F throwing = [](const Matrices&) -> Mat<double> { throw std::runtime_error("no room"); };
  expect_wrong(check_function(throwing, kernel_vjp, kPoint), "f throws: no room");
  const G odd = [](const Matrices&, const Mat<double>&) -> Matrices { throw 7; };
  expect_wrong(check_function(kernel, odd, kPoint),
               "vjp throws something that is no std::exception");
}

TEST(Function, WhatIsModifiedIsNamed) {
  expect_wrong(check_function(kernel, tampered([](Matrices&, const Matrices& in, const auto&) {
                                const_cast<Matrices&>(in)[0](0, 0) += 1;
                              }),
                              kPoint),
               "an input is modified by vjp");
  expect_wrong(check_function(kernel, tampered([](Matrices&, const auto&, const Mat<double>& dy) {
                                const_cast<Mat<double>&>(dy) *= 2;
                              }),
                              kPoint),
               "the upstream gradient is modified by vjp");
}

TEST(Function, CallsThatRememberOthersAreFound) {
  Matrices sum;
  expect_wrong(check_function(kernel, tampered([&sum](Matrices& g, const auto&, const auto&) {
                                if (sum.empty()) sum = {0 * g[0], 0 * g[1]};
                                for (std::size_t k = 0; k < 2; ++k) g[k] = sum[k] += g[k];
                              }),
                              kPoint),
               "vjp gives another gradient of input 0 when it is called again");
  // What f saw last, not what vjp is given.
  Matrices saved;
  const F saving = [&saved](const Matrices& in) {
    saved = in;
    return kernel(in);
  };
  const G from_saved = [&saved](const Matrices&, const Mat<double>& dy) {
    return kernel_vjp(saved, dy);
  };
  expect_wrong(check_function(saving, from_saved, kPoint), "it remembers");
  // The numbers of the first call, for ever: right at the point given.
  std::optional<Mat<double>> cached;
  const G once = [&cached](const Matrices& in, const Mat<double>& dy) {
    if (!cached) cached = in[0];
    return kernel_vjp({*cached, in[1]}, dy);
  };
  expect_wrong(check_function(kernel, once, kPoint), "of an earlier call?");
}

TEST(Function, AGradientWithoutAnUpstreamIsFound) {
  expect_wrong(check_function(kernel, tampered([](Matrices& g, const Matrices& in, const auto&) {
                                g[0] += in[0];
                              }),
                              kPoint),
               "for an upstream of 0");
}

TEST(Function, ZeroGradientsAndZeroDifferencesProveNothing) {
  const F constant = [](const Matrices&) { return Mat<double>(Mat<double>::Ones(2, 2)); };
  const G zeros = [](const Matrices& in, const Mat<double>&) {
    return Matrices{0 * in[0], 0 * in[1]};
  };
  const FunctionReport r = check_function(constant, zeros, kPoint);
  EXPECT_EQ(r.result.verdict, Verdict::inconclusive);
  EXPECT_NE(r.message().find("nothing depends on the inputs here"), std::string::npos)
      << r.message();

  const F first_only = [](const Matrices& in) { return Mat<double>(in[0].array().sin()); };
  const G first_vjp = [](const Matrices& in, const Mat<double>& dy) {
    return Matrices{Mat<double>(dy.array() * in[0].array().cos()), Mat<double>(0 * in[1])};
  };
  const FunctionReport half = check_function(first_only, first_vjp, kPoint);
  EXPECT_TRUE(half.ok()) << half.message();
  EXPECT_NE(half.message().find("nothing depends on input 1 here"), std::string::npos)
      << half.message();
}

TEST(Function, AZeroGradientOfWhatDependsIsWrong) {
  expect_wrong(
      check_function(kernel, tampered([](Matrices& g, const auto&, const auto&) { g[1] *= 0; }),
                     kPoint),
      "0 everywhere");
}

TEST(Function, StepsShrinkBesideTheEdgeOfTheDomain) {
  const F roots = [](const Matrices& in) { return Mat<double>(in[0].array().sqrt()); };
  const G vjp = [](const Matrices& in, const Mat<double>& dy) {
    return Matrices{Mat<double>(dy.array() / (2 * in[0].array().sqrt()))};
  };
  const FunctionReport r = check_function(roots, vjp, {Mat<double>{{1e-9, 4, 1}}});
  EXPECT_TRUE(r.ok()) << r.message();
  EXPECT_EQ(r.result.counts.count("no difference quotient"), 0U);
  // x = 1 is the last point that this function takes.
  const F arc = [](const Matrices& in) {
    if ((in[0].array() > 1).any()) throw std::domain_error("beyond 1");
    return Mat<double>(in[0].array().square());
  };
  const G arc_vjp = [](const Matrices& in, const Mat<double>& dy) {
    return Matrices{Mat<double>(2 * dy.array() * in[0].array())};
  };
  const FunctionReport edge = check_function(arc, arc_vjp, {Mat<double>{{1, 0.5}}});
  EXPECT_TRUE(edge.ok()) << edge.message();
  EXPECT_EQ(edge.result.counts.at("one-sided"), 2U);
}

TEST(Function, AKinkOnlyBracketsTheGradient) {
  const F relu = [](const Matrices& in) { return Mat<double>(in[0].array().max(0.0)); };
  const auto with_slope = [](double at_kink) {
    return [at_kink](const Matrices& in, const Mat<double>& dy) {
      return Matrices{Mat<double>(in[0].binaryExpr(dy, [=](double x, double d) {
        return d * (x > 0 ? 1 : x < 0 ? 0 : at_kink);
      }))};
    };
  };
  const Matrices at{Mat<double>{{0, 1, -2}}};
  for (double inside : {0.0, 0.5, 1.0}) {
    const FunctionReport r = check_function(relu, with_slope(inside), at);
    EXPECT_TRUE(r.ok()) << inside << ": " << r.message();
    EXPECT_EQ(r.result.counts.at("at a kink"), 2U);
  }
  expect_wrong(check_function(relu, with_slope(1.5), at), "from the left and the right of a kink");
}

TEST(Function, AJumpIsNoDifferenceQuotient) {
  const F step = [](const Matrices& in) {
    return Mat<double>(in[0].unaryExpr([](double x) { return x > 1 ? 5.0 + x : x; }));
  };
  const G vjp = [](const Matrices&, const Mat<double>& dy) { return Matrices{dy}; };
  const FunctionReport r = check_function(step, vjp, {Mat<double>{{1}}});
  EXPECT_NE(r.result.verdict, Verdict::wrong) << r.message();
}

TEST(Function, AnOutputWithoutElementsHasAGradientOfZeros) {
  const F none = [](const Matrices&) { return Mat<double>(0, 3); };
  const auto returning = [](double value) {
    return [value](const Matrices& in, const Mat<double>&) {
      return Matrices{Mat<double>::Constant(in[0].rows(), in[0].cols(), value),
                      Mat<double>::Constant(in[1].rows(), in[1].cols(), value)};
    };
  };
  EXPECT_TRUE(check_function(none, returning(0), kPoint).ok());
  expect_wrong(check_function(none, returning(1), kPoint), "the output holds no elements");
}

TEST(Function, AnInputWithoutElementsIsNoObstacle) {
  const F f = [](const Matrices& in) { return Mat<double>(in[0].array().sin()); };
  const G vjp = [](const Matrices& in, const Mat<double>& dy) {
    return Matrices{Mat<double>(dy.array() * in[0].array().cos()), in[1]};
  };
  const FunctionReport r = check_function(f, vjp, {kPoint[0], Mat<double>(0, 4)});
  EXPECT_TRUE(r.ok()) << r.message();
}

TEST(Function, TheNoiseOfAKernelInFloatIsMeasured) {
  const F f = [](const Matrices& in) {
    return Mat<double>(in[0].cast<float>().array().sin().matrix().cast<double>());
  };
  const G vjp = [](const Matrices& in, const Mat<double>& dy) {
    return Matrices{Mat<double>(dy.array() * in[0].array().cos())};
  };
  const FunctionReport r = check_function(f, vjp, {kPoint[0]});
  EXPECT_TRUE(r.ok()) << r.message();
  EXPECT_GT(r.detection_limit, 1e-7);
  EXPECT_LT(r.detection_limit, 1e-2);
}

TEST(Function, HintsAreGiven) {
  expect_wrong(
      check_function(kernel, tampered([](Matrices& g, const auto&, const auto&) { g[0] *= -1; }),
                     kPoint),
      "hint       the sign is wrong");
  expect_wrong(
      check_function(kernel, tampered([](Matrices& g, const auto&, const auto&) { g[0] *= 2; }),
                     kPoint),
      "hint       twice");
  expect_wrong(check_function(kernel, tampered([](Matrices& g, const auto&, const auto&) {
                                std::swap(g[0], g[1]);
                              }),
                              kPoint),
               "are the two exchanged?");
  const FunctionReport other =
      check_function(kernel, tampered([](Matrices& g, const Matrices& in, const Mat<double>& dy) {
                       g[0].array() += dy.array() / (2 + in[1].array().square());
                     }),
                     kPoint);
  EXPECT_EQ(other.result.failures.at(0).hint, "") << other.message();
}

// --- large inputs --------------------------------------------------------------------------------

/// y = tanh(A x) with A 300 x 300 and x 300 x 1: 90 300 input elements.
struct Layer {
  Mat<double> a = Mat<double>(300, 300), x = Mat<double>(300, 1);
  Layer() {
    for (Eigen::Index i = 0; i < a.size(); ++i) a.data()[i] = std::sin(1.0 + 3 * double(i)) / 8;
    for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = std::cos(2.0 + 5 * double(i));
  }
  static Mat<double> f(const Matrices& in) { return (in[0] * in[1]).array().tanh(); }
  static Matrices vjp(const Matrices& in, const Mat<double>& dy) {
    const Mat<double> y = f(in);
    const Mat<double> d = dy.array() * (1 - y.array().square());
    return {Mat<double>(d * in[1].transpose()), Mat<double>(in[0].transpose() * d)};
  }
};

TEST(Function, ALargeRightKernelAgreesAlongDirections) {
  const Layer layer;
  const FunctionReport r = check_function(Layer::f, Layer::vjp, {layer.a, layer.x});
  EXPECT_TRUE(r.ok()) << r.message();
  EXPECT_LT(r.detection_limit, 1e-4);
}

TEST(Function, OneWrongElementOfNinetyThousandIsFoundAndNamed) {
  const Layer layer;
  const G wrong = [](const Matrices& in, const Mat<double>& dy) {
    Matrices g = Layer::vjp(in, dy);
    g[0](217, 45) *= 1.01;
    return g;
  };
  const FunctionReport r =
      check_function(Layer::f, wrong, {layer.a, layer.x}, {.input_names = {"the weight", "x"}});
  expect_wrong(r, "gradient of the weight at row 217, column 45");
  EXPECT_EQ(r.result.failures.at(0).row, 217);
  EXPECT_EQ(r.result.failures.at(0).col, 45);
}

TEST(Function, UnusableOptionsAreRefused) {
  const auto message = [](const FunctionOptions& o, const Matrices& at = kPoint) {
    return message_of<std::invalid_argument>(
        [&] { return check_function(kernel, kernel_vjp, at, o); });
  };
  EXPECT_NE(message({.limits = 0}).find("limits is 0"), std::string::npos);
  EXPECT_NE(message({.upstreams = 0}).find("upstreams is 0"), std::string::npos);
  EXPECT_NE(message({.draws = 0}).find("draws is 0"), std::string::npos);
  EXPECT_NE(message({.large = 0}).find("large is 0"), std::string::npos);
  EXPECT_NE(message({.input_names = {"a"}}).find("1 input names for 2 inputs"), std::string::npos);
  EXPECT_NE(message({}, {Mat<double>{{infinity}}, Mat<double>{{1}}}).find("input 0 is not finite"),
            std::string::npos);
}

}  // namespace
