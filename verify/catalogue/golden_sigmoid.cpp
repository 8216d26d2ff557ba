// The worked examples 3(b) and 2(b)ii: the sigmoid, the cross-entropy of a logit, and the label KL
// under the swapped convention.

#include <fmt/format.h>

#include "assay/graph.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/sigmoid.hpp"
#include "assay/ops/softplus.hpp"
#include "assay/wide.hpp"
#include "golden.hpp"

namespace assay::verify::golden {
namespace {

/// An input with a closed form "log N" is taken from that in a wide type: of its 40 digits the last
/// would be missing in the results.
template <class T>
T logit(Replay<T>& r, const Json& z) {
  if constexpr (std::is_same_v<T, Dec50>) {
    if (z.is_object()) {
      const std::string exact = z.at("exact");
      if (!exact.starts_with("log ")) throw std::runtime_error("unknown closed form " + exact);
      T x = log(T(exact.substr(4)));
      r.compare("z (" + exact + ")", z, x);
      return x;
    }
  }
  return r.input(z);
}

std::string negated(const std::string& number) {
  if (number == "0") return number;
  return number.starts_with('-') ? number.substr(1) : "-" + number;
}

template <class T>
void scalar_graph_case(Replay<T>& r, const std::string& at, const T& z, const Json& c) {
  {
    Tape<T> tape;
    const Scalar<T> x = tape.variable(z);
    const Scalar<T> s = sigmoid(x);
    tape.backward(s);
    if (c.contains("sigma")) r.compare(at + "sigma (scalar graph)", c.at("sigma"), s.value());
    r.compare(at + "sigma' (scalar graph)", c.at("sigma_prime"), x.grad());
  }
  for (const char* y : {"0", "1"}) {
    Tape<T> tape;
    const Scalar<T> x = tape.variable(z), label = tape.variable(r.input(y));
    const Scalar<T> loss = bce_with_logits(x, label);
    tape.backward(loss);
    const std::string suffix = std::string("_y") + y;
    const auto named = [&](const char* what) {
      return fmt::format("{}{}{} (scalar graph)", at, what, suffix);
    };
    r.compare(named("loss"), c.at("loss" + suffix), loss.value());
    r.compare(named("dz"), c.at("dz" + suffix), x.grad());
    r.compare(named("dy"), negated(text_of(c.at("z"))), label.grad());
  }
}

template <class T>
void matrix_graph_case(Replay<T>& r, const std::string& at, const T& z, const Json& c) {
  const auto one = [](const T& v) { return Mat<T>(Mat<T>::Constant(1, 1, v)); };
  {
    Graph<T> graph;
    const Var<T> x = graph.variable(one(z));
    const Var<T> s = sigmoid(x);
    graph.backward(s);
    if (c.contains("sigma")) r.compare(at + "sigma (matrix graph)", c.at("sigma"), s.value()(0));
    r.compare(at + "sigma' (matrix graph)", c.at("sigma_prime"), x.grad()(0));
  }
  for (const char* y : {"0", "1"}) {
    Graph<T> graph;
    const Var<T> x = graph.variable(one(z)), label = graph.variable(one(r.input(y)));
    const Var<T> loss = bce_with_logits_sum(x, label);
    graph.backward(loss);
    const std::string suffix = std::string("_y") + y;
    const auto named = [&](const char* what) {
      return fmt::format("{}{}{} (matrix graph)", at, what, suffix);
    };
    r.compare(named("loss"), c.at("loss" + suffix), loss.value()(0));
    r.compare(named("dz"), c.at("dz" + suffix), x.grad()(0));
    r.compare(named("dy"), negated(text_of(c.at("z"))), label.grad()(0));
  }
}

constexpr auto replay_sigmoid_bce = []<class T>(Replay<T>& r, const Json& f) {
  for (const Json& c : f.at("cases")) {
    const Json& z = c.at("z");
    const std::string at = "z = " + (z.is_object() ? z.at("exact") : z).get<std::string>() + ": ";
    const T x = logit(r, z);
    scalar_graph_case(r, at, x, c);
    matrix_graph_case(r, at, x, c);
  }
};

constexpr auto replay_swapped_kl = []<class T>(Replay<T>& r, const Json& f) {
  const T s = logit(r, f.at("s"));
  r.compare("KL at y = 1", f.at("kl_y1"), softplus(s));
  r.compare("KL at y = 0", f.at("kl_y0"), softplus(T(-s)));
  r.compare("KL at y = 1 as the cross-entropy of -s", f.at("kl_y1"), bce_with_logits(T(-s), T(1)));
  r.compare("KL at y = 0 as the cross-entropy of -s", f.at("kl_y0"), bce_with_logits(T(-s), T(0)));
};

}  // namespace

void add_sigmoid_checks(std::vector<Check>& checks) {
  add_checks<Dec50>(checks, {"sigmoid-bce", Units::ulp, 4}, replay_sigmoid_bce);
  add_checks<Dec50>(checks, {"kl-swapped-convention", Units::ulp, 4}, replay_swapped_kl);
}

}  // namespace assay::verify::golden
