// The worked examples 2(a), 2(b)i and 2(c): the size of a head, divergences of discrete
// distributions, reparameterisation and the divergence to the standard normal.

#include <fmt/format.h>

#include "assay/divergence.hpp"
#include "assay/vae.hpp"
#include "assay/wide.hpp"
#include "golden.hpp"

namespace assay::verify::golden {
namespace {

template <class T>
Mat<T> row(const std::vector<T>& x) {
  Mat<T> m(1, static_cast<Eigen::Index>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) m(0, static_cast<Eigen::Index>(i)) = x[i];
  return m;
}

template <class T>
void compare_row(Replay<T>& r, const std::string& name, const Json& expected, const Mat<T>& got) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    r.compare(fmt::format("{} of coordinate {}", name, i + 1), expected.at(i),
              got(0, static_cast<Eigen::Index>(i)));
  }
}

/// Through the logarithms of the variances, which are irrational.
template <class T>
void through_log_variances(Replay<T>& r, const Json& f, const Mat<T>& mu, const Mat<T>& sigma,
                           const Mat<T>& eps, const Mat<T>& dz) {
  Mat<T> v(1, sigma.size());
  for (Eigen::Index i = 0; i < v.size(); ++i) v(i) = r.rounded_here(T(2) * fn::log(sigma(i)));
  {
    Graph<T> graph;
    const Var<T> m = graph.variable(mu), lv = graph.variable(v);
    const Var<T> z = reparameterize_logvar(m, lv, eps);
    graph.backward(z, dz);
    if constexpr (!std::is_same_v<T, Dec50>) {  // where z is 0, its digits are those of a rounding
      compare_row(r, "z through log-variances", f.at("z"), z.value());
    }
    compare_row(r, "dmu through log-variances", f.at("dmu"), m.grad());
    compare_row(r, "dlogvar", f.at("dlogvar"), lv.grad());
  }
  Graph<T> graph;
  const Var<T> m = graph.variable(mu), lv = graph.variable(v);
  const Var<T> kl = kl_standard_normal(m, lv);
  graph.backward(kl);
  r.compare("KL to the standard normal", f.at("kl_to_standard_normal"), kl.value()(0));
  compare_row(r, "dKL/dmu", f.at("dkl_dmu"), m.grad());
  compare_row(r, "dKL/dlogvar", f.at("dkl_dlogvar"), lv.grad());
}

constexpr auto replay_reparameterize = []<class T>(Replay<T>& r, const Json& f) {
  const Mat<T> mu = row(r.inputs(f.at("mu"))), sigma = row(r.inputs(f.at("sigma")));
  const Mat<T> eps = row(r.inputs(f.at("eps"))), dz = row(r.inputs(f.at("upstream")));
  Graph<T> graph;
  const Var<T> m = graph.variable(mu), s = graph.variable(sigma);
  const Var<T> z = reparameterize(m, s, eps);
  graph.backward(z, dz);
  compare_row(r, "z", f.at("z"), z.value());
  compare_row(r, "dmu", f.at("dmu"), m.grad());
  compare_row(r, "dsigma", f.at("dsigma"), s.grad());
  if constexpr (std::is_same_v<T, Rational>) {
    // sigma = e^(logvar / 2): dsigma/dlogvar = sigma / 2
    const Mat<T> dv = s.grad().cwiseProduct(sigma) / T(2);
    compare_row(r, "dsigma sigma / 2, which is dlogvar", f.at("dlogvar"), dv);
  } else {
    through_log_variances(r, f, mu, sigma, eps, dz);
  }
};

constexpr auto replay_discrete = []<class T>(Replay<T>& r, const Json& f) {
  if constexpr (!is_dual<T>) {  // no envelope is asked for
    for (const Json& c : f.at("cases")) {
      const auto text = [](const Json& numbers) {
        std::string all;
        for (const Json& n : numbers) all += (all.empty() ? "" : ", ") + n.get<std::string>();
        return "(" + all + ")";
      };
      const std::string name = fmt::format("KL of {} and {}", text(c.at("p")), text(c.at("q")));
      const T got = kl_discrete<T>(row(r.inputs(c.at("p"))), row(r.inputs(c.at("q"))));
      if (c.at("kl") == "+inf") {
        const bool infinite = got > (std::numeric_limits<T>::max)();
        r.compare_word(name, "+inf", infinite ? "+inf" : "finite");
      } else {
        r.compare(name, c.at("kl"), got);
      }
    }
  }
};

constexpr auto replay_dimensions = []<class T>(Replay<T>& r, const Json& f) {
  for (const Json& c : f.at("cases")) {
    const std::string d = c.at("d"), word = c.at("covariance");
    const Covariance covariance = word == "identity"   ? Covariance::identity
                                  : word == "diagonal" ? Covariance::diagonal
                                                       : Covariance::full;
    r.compare(fmt::format("outputs for {} latent numbers, {} covariance", d, word), c.at("outputs"),
              count<T>(head_size(covariance, std::stol(d))));
  }
};

}  // namespace

void add_latent_checks(std::vector<Check>& checks) {
  const Example reparameterized{"reparameterize", Units::envelope, 4};
  checks.push_back(replay_check<Rational>(reparameterized, double_format, replay_reparameterize));
  add_checks<Dec50>(checks, reparameterized, replay_reparameterize);
  add_checks<Dec50>(checks, {"kl-discrete", Units::ulp, 2}, replay_discrete);
  checks.push_back(
      replay_check<Rational>({"latent-dimensions", {}, 0}, double_format, replay_dimensions));
}

}  // namespace assay::verify::golden
