// y_hat = h0 + h1 relu(w0 + w1 x1 + w2 x2), squared error: the network of the worked examples 3(a),
// once on scalar nodes and once on matrices.

#include "assay/graph.hpp"
#include "assay/ops/relu.hpp"
#include "assay/ops/squared_error.hpp"
#include "assay/optim/sgd.hpp"
#include "golden.hpp"

namespace assay::verify::golden {
namespace {

template <class T>
using Numbers = std::vector<T>;  // of parameters: w0 w1 w2 h0 h1

template <class T>
struct Trace {
  T z, a, y_hat, loss;
  T residual;  ///< d loss / d y_hat
};

template <class T>
class ScalarMlp {
 public:
  static constexpr std::string_view graph = "scalar graph";

  explicit ScalarMlp(Numbers<T> p) : p_(std::move(p)), g_(p_.size(), T(0)) {}
  [[nodiscard]] Numbers<T> parameters() const { return p_; }
  void set(const Numbers<T>& p) { p_ = p; }
  [[nodiscard]] Numbers<T> gradient() const { return g_; }
  void zero_grad() { std::fill(g_.begin(), g_.end(), T(0)); }
  void step(const T& rate) { sgd_step(std::span<T>(p_), std::span<const T>(g_), rate); }

  /// Adds the gradient of scale * loss.
  Trace<T> sweep(const Numbers<T>& x, const T& y, const T& scale) {
    Tape<T> tape;
    const Layers n = record(tape, x);
    const Scalar<T> loss = squared_error(n.y_hat, y);
    tape.backward(loss * scale);
    return {n.z.value(), n.a.value(), n.y_hat.value(), loss.value(), n.y_hat.grad()};
  }
  /// Adds the gradient of dy * y_hat.
  void pull_back(const Numbers<T>& x, const T& dy) {
    Tape<T> tape;
    tape.backward(record(tape, x).y_hat * dy);
  }

 private:
  struct Layers {
    Scalar<T> z, a, y_hat;
  };
  Layers record(Tape<T>& tape, const Numbers<T>& x) {
    std::vector<Scalar<T>> p;
    for (std::size_t i = 0; i < p_.size(); ++i) p.push_back(tape.parameter(p_[i], g_[i]));
    const Scalar<T> z = p[0] + p[1] * x[0] + p[2] * x[1];
    const Scalar<T> a = relu(z);
    return {z, a, p[3] + p[4] * a};
  }

  Numbers<T> p_, g_;
};

template <class T>
class MatrixMlp {
 public:
  static constexpr std::string_view graph = "matrix graph";

  explicit MatrixMlp(const Numbers<T>& p) { set(p); }
  [[nodiscard]] Numbers<T> parameters() const {
    return Numbers<T>(flat_.values().begin(), flat_.values().end());
  }
  void set(const Numbers<T>& p) { std::copy(p.begin(), p.end(), flat_.values().begin()); }
  [[nodiscard]] Numbers<T> gradient() const {
    return Numbers<T>(flat_.grads().begin(), flat_.grads().end());
  }
  void zero_grad() { flat_.zero_grad(); }
  void step(const T& rate) { sgd_step(flat_.values(), std::span<const T>(flat_.grads()), rate); }

  Trace<T> sweep(const Numbers<T>& x, const T& y, const T& scale) {
    Graph<T> g;
    const Layers n = record(g, x);
    const Var<T> loss = squared_error_sum(n.y_hat, Mat<T>(Mat<T>::Constant(1, 1, y)));
    g.backward(loss, Mat<T>(Mat<T>::Constant(1, 1, scale)));
    return {n.z.value()(0), n.a.value()(0), n.y_hat.value()(0), loss.value()(0), n.y_hat.grad()(0)};
  }
  void pull_back(const Numbers<T>& x, const T& dy) {
    Graph<T> g;
    g.backward(record(g, x).y_hat, Mat<T>(Mat<T>::Constant(1, 1, dy)));
  }

 private:
  struct Layers {
    Var<T> z, a, y_hat;
  };
  Layers record(Graph<T>& g, const Numbers<T>& x) {
    Mat<T> row(1, 2);
    row << x[0], x[1];
    const Var<T> z = g.parameter(w0_) + g.constant(row) * g.parameter(w_);
    const Var<T> a = relu(z);
    return {z, a, g.parameter(h0_) + a * g.parameter(h1_)};
  }

  static Parameter<T> zeros(Eigen::Index rows) {
    return Parameter<T>(Mat<T>::Constant(rows, 1, T(0)));
  }

  Parameter<T> w0_ = zeros(1), w_ = zeros(2), h0_ = zeros(1), h1_ = zeros(1);
  Flat<T> flat_{{&w0_, &w_, &h0_, &h1_}};
};

template <class Model>
std::string named(const std::string& what) {
  return what + " (" + std::string(Model::graph) + ")";
}

template <class Model, class T>
void compare_all(Replay<T>& r, const std::string& what, const Json& expected, const Numbers<T>& got,
                 const Json& names) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    r.compare(named<Model>(what + " " + names.at(i).get<std::string>()), expected.at(i), got[i]);
  }
  if (expected.size() != got.size()) throw std::runtime_error(what + ": not as many as golden");
}

/// One step of gradient descent; the parameters are then what the type could hold of them.
template <class Model, class T>
void descend(Replay<T>& r, Model& m, const T& rate) {
  m.step(rate);
  Numbers<T> p = m.parameters();
  for (T& x : p) x = r.rounded_here(x);
  m.set(p);
}

/// Parameters, rate, names: what the variants of the first example share.
template <class T>
struct Training {
  Numbers<T> initial;
  T rate;
  const Json& names;
  const Json& steps;

  Training(Replay<T>& r, const Json& f)
      : initial(r.inputs(f.at("initial"))),
        rate(r.input(f.at("learning_rate"))),
        names(f.at("parameter_order")),
        steps(f.at("steps")) {}
};

template <class Model, class T>
Trace<T> sweep(Replay<T>& r, Model& m, const Json& sample, const T& scale = T(1)) {
  return m.sweep(r.inputs(sample.at("x")), r.input(sample.at("y")), scale);
}

template <class Model, class T>
void two_steps(Replay<T>& r, const Json& f) {
  const Training<T> t(r, f);
  Model m(t.initial);
  int number = 0;
  for (const Json& step : t.steps) {
    const std::string at = "step " + std::to_string(++number) + " ";
    m.zero_grad();
    const Trace<T> trace = sweep(r, m, step);
    r.compare(named<Model>(at + "z"), step.at("z"), trace.z);
    r.compare(named<Model>(at + "a"), step.at("a"), trace.a);
    r.compare(named<Model>(at + "y_hat"), step.at("y_hat"), trace.y_hat);
    r.compare(named<Model>(at + "loss"), step.at("loss"), trace.loss);
    compare_all<Model>(r, at + "gradient", step.at("gradient"), m.gradient(), t.names);
    descend(r, m, t.rate);
    compare_all<Model>(r, at + "after", step.at("after"), m.parameters(), t.names);
  }
}

/// A mistake gives just the wrong numbers listed, and they are told from the right ones.
template <class Model, class T>
void compare_mistake(Replay<T>& r, const std::string& what, const Json& wrong, const Json& right,
                     const Numbers<T>& got, const Json& names) {
  compare_all<Model>(r, what, wrong, got, names);
  std::size_t different = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (wrong.at(i) == right.at(i)) continue;
    ++different;
    r.differs(named<Model>(what + " " + names.at(i).get<std::string>() + ", told from right"),
              right.at(i), got[i]);
  }
  if (different == 0) throw std::runtime_error(what + ": the fixture lists no wrong number");
}

template <class Model, class T>
void wrong_variants(Replay<T>& r, const Json& f) {
  const Training<T> t(r, fixture("mlp-two-steps"));
  const Json &first = t.steps.at(0), &second = t.steps.at(1);
  {
    Model m(t.initial);
    sweep(r, m, first);
    descend(r, m, t.rate);
    sweep(r, m, second);  // the mistake: no zero_grad() before it
    compare_mistake<Model>(r, "no zero_grad: step 2 gradient", f.at("no_zero_grad_step2_gradient"),
                           second.at("gradient"), m.gradient(), t.names);
  }
  {
    Model m(t.initial);
    const T residual = sweep(r, m, first).residual;
    Numbers<T> p = m.parameters();
    descend(r, m, t.rate);
    p[3] = m.parameters()[3];
    p[4] = m.parameters()[4];
    m.set(p);  // the mistake: h0 and h1 are new while w is still to be differentiated
    m.zero_grad();
    m.pull_back(r.inputs(first.at("x")), residual);
    const std::string name = named<Model>("h updated first: step 1 gradient w0");
    r.compare(name, f.at("h_updated_before_dw_step1_dw0"), m.gradient()[0]);
    r.differs(name + ", told from right", first.at("gradient").at(0), m.gradient()[0]);
  }
  {
    Model m(t.initial);
    sweep(r, m, first, T(1) / T(2));  // the mistake: half the squared error
    compare_mistake<Model>(r, "factor 2 missing: step 1 gradient",
                           f.at("factor_2_missing_step1_gradient"), first.at("gradient"),
                           m.gradient(), t.names);
  }
  {
    Model m(t.initial);
    sweep(r, m, first);
    sweep(r, m, second);  // the mistake: both samples in one step
    compare_mistake<Model>(r, "both samples summed: step 1 gradient",
                           f.at("both_samples_summed_at_initial_gradient"), first.at("gradient"),
                           m.gradient(), t.names);
  }
}

template <class Model, class T>
void one_sample(Replay<T>& r, const Json& f) {
  Model m(r.inputs(f.at("parameters")));
  const Trace<T> trace = sweep(r, m, f);
  r.compare(named<Model>("z"), f.at("z"), trace.z);
  r.compare(named<Model>("loss"), f.at("loss"), trace.loss);
  compare_all<Model>(r, "gradient", f.at("gradient"), m.gradient(),
                     fixture("mlp-two-steps").at("parameter_order"));
}

constexpr auto replay_two_steps = []<class T>(Replay<T>& r, const Json& f) {
  two_steps<ScalarMlp<T>>(r, f);
  two_steps<MatrixMlp<T>>(r, f);
};
constexpr auto replay_wrong_variants = []<class T>(Replay<T>& r, const Json& f) {
  wrong_variants<ScalarMlp<T>>(r, f);
  wrong_variants<MatrixMlp<T>>(r, f);
};
constexpr auto replay_one_sample = []<class T>(Replay<T>& r, const Json& f) {
  one_sample<ScalarMlp<T>>(r, f);
  one_sample<MatrixMlp<T>>(r, f);
};

}  // namespace

void add_mlp_checks(std::vector<Check>& checks) {
  add_checks<Rational>(checks, {"mlp-two-steps", Units::envelope, 2}, replay_two_steps);
  add_checks<Rational>(checks, {"mlp-wrong-variants", Units::envelope, 2}, replay_wrong_variants);
  // Whole numbers throughout: float and double hold them all.
  add_checks<Rational>(checks, {"mlp-at-the-kink"}, replay_one_sample);
  add_checks<Rational>(checks, {"mlp-dead-unit"}, replay_one_sample);
}

}  // namespace assay::verify::golden
