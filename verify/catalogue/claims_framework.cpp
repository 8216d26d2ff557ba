// Claim 21, framework: shapes, losses and initial values.

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "assay/nn/layers.hpp"
#include "assay/nn/scalar.hpp"
#include "assay/ops.hpp"
#include "assay/optim/flat.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/rational.hpp"
#include "claims.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;

void require_shape(Trial& t, const std::string& what, Shape got, Shape expected) {
  require_that(t, got == expected, what + " has another shape",
               {{"got", to_string(got)}, {"expected", to_string(expected)}});
}

// --- 21e: one output -----------------------------------------------------------------------------

void one_output(Trial& t) {
  Random random(t.seed("numbers"));
  const auto rows = static_cast<Index>(t.number() % 4),
             in = static_cast<Index>(1 + random.below(4));
  t.count(rows == 0 ? "no row" : rows == 1 ? "one row" : "rows");
  nn::Sequential<double> model(nn::Linear<double>(in, 3, random), relu,
                               nn::Neuron<double>(3, random));
  Graph<double> graph;
  const Var<double> x = graph.variable(random.normal_matrix<double>({rows, in}));
  const Var<double> y = model(x);
  require_shape(t, "the output of one neuron", shape_of(y.value()), {rows, 1});
  const Mat<double> labels = Mat<double>::Ones(rows, 1);
  const Var<double> loss = bce_with_logits_sum(y, labels);
  require_shape(t, "a loss", shape_of(loss.value()), {1, 1});
  graph.backward(loss);
  require_shape(t, "the gradient of the input", shape_of(x.grad()), {rows, in});
  for (const auto& p : model.named_parameters()) {
    require_shape(t, "the gradient of " + p.name, shape_of(p.parameter->grad),
                  shape_of(p.parameter->value));
  }
  Tape<double> tape;
  nn::scalar::Network<double> network(
      tape, {static_cast<std::size_t>(in), 3, 1}, [](const auto& z) { return relu(z); }, random);
  const std::vector<Scalar<double>> inputs(static_cast<std::size_t>(in), tape.variable(1));
  require_that(t, network(inputs).size() == 1, "a network of scalar nodes has not one output");
}

// --- 21f: losses never truncate ------------------------------------------------------------------

/// A loss refuses, both as matrices and as nodes.
template <class Use>
void require_refused(Trial& t, const std::string& name, const Use& use) {
  t.compared();
  try {
    use();
  } catch (const ShapeError&) {
    return t.count(name);
  }
  t.fail(name + " does not refuse unequal lengths", {});
}

template <class Op>
inline constexpr bool is_loss = false;
template <class Rule, Reduction reduction>
inline constexpr bool is_loss<Loss<Rule, reduction>> = true;

/// loss(prediction, labels) of n and of m rows.
template <class L>
void refuse_unequal(Trial& t, const std::string& name, const L& loss, Index n, Index m,
                    Index cols) {
  const Mat<double> a = Mat<double>::Constant(n, cols, 0.5),
                    b = Mat<double>::Constant(m, cols, 0.5);
  require_refused(t, name, [&] { static_cast<void>(loss(a, b)); });
  Graph<double> graph;
  const Var<double> v = graph.variable(a);
  require_refused(t, name, [&] { static_cast<void>(loss(v, b)); });
  require_refused(t, name, [&] { static_cast<void>(loss(v, graph.variable(b))); });
  try {  // which shows that nothing else is refused
    t.compared();
    static_cast<void>(loss(a, Mat<double>(a)));
  } catch (const ShapeError& e) {
    t.fail(name + " refuses equal lengths", {{"message", e.what()}});
  }
}

struct Unequal {
  Index n, m, cols;
};

template <class L>
void refuse_loss(Trial& t, const Unequal& s, const L& loss) {
  refuse_unequal(t, std::decay_t<L>::Operation::name, loss, s.n, s.m, s.cols);
}

void losses_refuse(Trial& t) {
  Random random(t.seed("shapes"));
  const auto m = static_cast<Index>(t.number() % 4 == 0 ? 1 : 2 + random.below(5));
  const Unequal s{m + 1 + static_cast<Index>(random.below(5)), m,
                  static_cast<Index>(1 + random.below(3))};
  const Unequal swapped{s.m, s.n, s.cols};
  t.input("rows", static_cast<double>(s.n));
  t.input("labels", static_cast<double>(s.m));
  t.count(m == 1 ? "one label" : "several labels");  // one would broadcast
  for (const Unequal& sizes : {s, swapped}) {
    std::apply(
        [&](const auto&... call) {
          const auto one = [&](const auto& op) {
            using Call = std::decay_t<decltype(op)>;
            if constexpr (is_loss<typename Call::Operation>) refuse_loss(t, sizes, op);
          };
          (one(call), ...);
        },
        operations<>);
    for (const Reduction r : {Reduction::none, Reduction::mean, Reduction::sum}) {
      const auto refuse = [&](const char* name, const auto& loss) {
        refuse_unequal(t, name, loss, sizes.n, sizes.m, sizes.cols);
      };
      const auto as_labels = [](const auto& b) {
        const Mat<double>* matrix = nullptr;
        if constexpr (assay::detail::Matrix<std::decay_t<decltype(b)>>) {
          matrix = &b;
        } else {
          matrix = &b.value();
        }
        return Labels(static_cast<std::size_t>(matrix->rows()), 0);
      };
      refuse("cross_entropy", [&](const auto& a, const auto& b) {
        return cross_entropy(a, as_labels(b), {.reduction = r});
      });
      refuse("nll",
             [&](const auto& a, const auto& b) { return nll(a, as_labels(b), {.reduction = r}); });
      refuse("cross_entropy of soft targets",
             [&](const auto& a, const auto& b) { return cross_entropy(a, b, {.reduction = r}); });
      refuse("gaussian_nll",
             [&](const auto& a, const auto& b) { return gaussian_nll(a, b, b, {.reduction = r}); });
    }
  }
}

// --- 21g: mean and sum ---------------------------------------------------------------------------

/// The squared error of random fractions: the sum by hand, and the mean is that / n.
void mean_and_sum(Trial& t) {
  Random random(t.seed("numbers"));
  const bool is_one = t.number() % 8 == 0;
  const auto extent = [&] { return static_cast<Index>(is_one ? 1 : 1 + random.below(6)); };
  const Shape s{extent(), extent()};
  t.count(s.size() == 1 ? "one element" : "elements");
  const auto draw = [&] {
    return Mat<Rational>::NullaryExpr(s.rows, s.cols, [&] {
      return Rational(static_cast<int>(random.below(25)) - 12) /
             Rational(static_cast<int>(random.below(9)) + 1);
    });
  };
  const Mat<Rational> a = draw(), b = draw();
  Rational total = 0;
  for (Index i = 0; i < s.size(); ++i) {
    const Rational r = a.data()[i] - b.data()[i];
    total += r * r;
  }
  const auto compare = [&](const char* name, const auto& loss, const Rational& n) {
    Graph<Rational> graph;
    const Var<Rational> x = graph.variable(a), y = loss(x, b);
    graph.backward(y);
    require_that(t, y.value()(0) == total / n, fmt::format("{} is not that by hand", name));
    const Mat<Rational> slopes = x.grad();
    for (Index i = 0; i < s.size(); ++i) {
      const Rational right = Rational(2) * (a.data()[i] - b.data()[i]) / n;
      require_that(t, slopes.data()[i] == right,
                   fmt::format("the gradient of {} is not that by hand", name),
                   {{"got", slopes.data()[i].str()}, {"by hand", right.str()}});
    }
  };
  compare("the sum", squared_error_sum, 1);
  compare("the mean", squared_error_mean, count<Rational>(s.size()));
}

// --- 21h: hidden units ---------------------------------------------------------------------------

/// Whether two columns of a matrix, one a hidden unit, are the same.
bool has_twins(const Mat<double>& w) {
  for (Index i = 0; i < w.cols(); ++i) {
    for (Index j = 0; j < i; ++j) {
      if (w.col(i) == w.col(j)) return true;
    }
  }
  return false;
}
bool all_alike(const Mat<double>& w) { return (w.colwise() - w.col(0)).isZero(0); }

/// Steps on random data; what the hidden layer's weights are then.
Mat<double> trained(nn::Sequential<double>& model, nn::Linear<double>& hidden, Random& random) {
  Optimizer<double> optimizer(model.parameters(), SGD<double>({.learning_rate = 0.125}));
  const Index in = hidden.weight.value.rows();
  const Mat<double> x = random.normal_matrix<double>({8, in}),
                    y = random.normal_matrix<double>({8, 1});
  for (int step = 0; step < 5; ++step) {
    Graph<double> graph;
    optimizer.zero_grad();
    graph.backward(squared_error_mean(model(graph.constant(x)), y));
    optimizer.step();
  }
  return hidden.weight.value;
}

using Initial = std::function<void(nn::Linear<double>&, Random&)>;
Initial draws(Mat<double> (*f)(Shape, Random&, double), double gain) {
  return [=](nn::Linear<double>& l, Random& r) {
    l.weight.value = f(shape_of(l.weight.value), r, gain);
  };
}
const std::vector<std::pair<std::string, Initial>>& initialisers() {
  namespace init = nn::init;
  static const std::vector<std::pair<std::string, Initial>> all{
      {"the layer's own", [](nn::Linear<double>&, Random&) {}},
      {"xavier_uniform", draws(init::xavier_uniform<double>, 1)},
      {"xavier_normal", draws(init::xavier_normal<double>, 1)},
      {"kaiming_uniform", draws(init::kaiming_uniform<double>, init::leaky_relu_gain(0))},
      {"kaiming_normal", draws(init::kaiming_normal<double>, init::leaky_relu_gain(0))},
      {"uniform",
       [](nn::Linear<double>& l, Random& r) {
         l.weight.value = init::uniform<double>(shape_of(l.weight.value), r, -1, 1);
       }},
      {"normal", [](nn::Linear<double>& l, Random& r) {
         l.weight.value = init::normal<double>(shape_of(l.weight.value), r);
       }}};
  return all;
}
constexpr const char* constant_stays = "constant: units stay alike";

void hidden_units_differ(Trial& t) {
  Random random(t.seed("numbers"));
  const auto in = static_cast<Index>(1 + random.below(5)),
             hidden = static_cast<Index>(2 + random.below(6));
  const auto attempt = [&](const Initial& initial, bool constant) {
    nn::Sequential<double> model(nn::Linear<double>(in, hidden, random), tanh,
                                 nn::Linear<double>(hidden, 1, random));
    auto& first = dynamic_cast<nn::Linear<double>&>(model[0]);
    initial(first, random);
    if (constant) {
      dynamic_cast<nn::Linear<double>&>(model[2]).weight.value.setConstant(0.5);
      first.bias.value.setConstant(0.25);
    }
    const Mat<double> before = first.weight.value, after = trained(model, first, random);
    require_that(t, before != after, "five steps do not move the hidden layer");
    return std::pair{before, after};
  };
  for (const auto& [name, initial] : initialisers()) {
    t.count(name);
    const auto [before, after] = attempt(initial, false);
    require_that(t, !has_twins(before), name + ": two hidden units start alike");
    require_that(t, !has_twins(after), name + ": two hidden units are alike after five steps");
  }
  const auto [before, after] =
      attempt([](nn::Linear<double>& l, Random&) { l.weight.value.setConstant(0.125); }, true);
  require_that(t, has_twins(before) && all_alike(after),
               "hidden units that start alike do not stay so");
  t.count(constant_stays);
}

}  // namespace

void add_framework_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t few = plan.cases / 20;
  checks.push_back(random_check(
      {"claim-21e-one-output-keeps-its-shape",
       "a layer with one output gives n x 1, for no row, one and several, and every gradient has "
       "the shape of its parameter; a network of scalar nodes gives one node",
       "",
       {"no row", "one row", "rows"}},
      "double", few, one_output));
  std::vector<std::string> losses{"one label",     "several labels",
                                  "cross_entropy", "cross_entropy of soft targets",
                                  "nll",           "gaussian_nll"};
  for (const char* name : {"squared_error", "l1", "huber", "bce", "bce_with_logits",
                           "bce_with_logits_weighted", "kl_div", "kl_div_log"}) {
    for (const char* reduction : {"_mean", "_sum"}) losses.push_back(std::string(name) + reduction);
  }
  checks.push_back(random_check(
      {"claim-21f-losses-never-truncate",
       "every loss refuses predictions and labels of unequal length with ShapeError, on matrices "
       "and on nodes, also where one row could be repeated, and takes equal ones",
       "the elementwise functions of the same names, which broadcast as every elementwise function",
       losses},
      "double", few, losses_refuse));
  checks.push_back(random_check(
      {"claim-21g-mean-and-sum",
       "the sum of the squared error is that by hand, the mean is it / n, and so are the gradients",
       "other losses: their reductions are the same code",
       {"one element", "elements"}},
      "rational", few, mean_and_sum));
  std::vector<std::string> initial{constant_stays};
  for (const auto& [name, unused] : initialisers()) initial.push_back(name);
  checks.push_back(random_check(
      {"claim-21h-hidden-units-differ",
       "no two hidden units are alike, at first and after five steps of training, whatever the "
       "initialiser; with constant initial values they are, and stay so bit for bit",
       "", initial},
      "double", few, hidden_units_differ));
}

}  // namespace assay::verify::claims
