// The workloads as loops with the gradients by hand: what a person writes who needs just this.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "scalar_workloads.hpp"

namespace assay::bench {
namespace {

class HandMlp {
 public:
  explicit HandMlp(double learning_rate) : learning_rate_(learning_rate) {}
  Outcome operator()() {
    constexpr std::size_t h = Mlp::hidden;
    const double *w1 = p_.data() + Mlp::first, *b1 = w1 + h * Mlp::inputs;
    const double *w2 = p_.data() + Mlp::second, *b2 = w2 + h * h;
    const double *w3 = p_.data() + Mlp::last, *b3 = w3 + h;
    std::fill(g_.begin(), g_.end(), 0.0);
    double *gw1 = g_.data() + Mlp::first, *gb1 = gw1 + h * Mlp::inputs;
    double *gw2 = g_.data() + Mlp::second, *gb2 = gw2 + h * h;
    double *gw3 = g_.data() + Mlp::last, *gb3 = gw3 + h;
    double total = 0;
    for (std::size_t i = 0; i < Mlp::points; ++i) {
      const double* x = data_.x.data() + Mlp::inputs * i;
      std::array<double, h> a1, a2, d1{}, d2;
      for (std::size_t j = 0; j < h; ++j) {
        const double z = w1[2 * j] * x[0] + w1[2 * j + 1] * x[1] + b1[j];
        a1[j] = z > 0 ? z : 0;
      }
      double z3 = *b3;
      for (std::size_t j = 0; j < h; ++j) {
        double z = b2[j];
        for (std::size_t k = 0; k < h; ++k) z += w2[h * j + k] * a1[k];
        a2[j] = z > 0 ? z : 0;
        z3 += w3[j] * a2[j];
      }
      const double t = data_.label[i], e = std::exp(-std::abs(z3));
      total += (z3 > 0 ? z3 : 0) - z3 * t + std::log1p(e);
      const double d3 = ((z3 > 0 ? 1 / (1 + e) : e / (1 + e)) - t) / Mlp::points;
      *gb3 += d3;
      for (std::size_t j = 0; j < h; ++j) {
        gw3[j] += d3 * a2[j];
        d2[j] = a2[j] > 0 ? d3 * w3[j] : 0;
      }
      for (std::size_t j = 0; j < h; ++j) {
        gb2[j] += d2[j];
        for (std::size_t k = 0; k < h; ++k) {
          gw2[h * j + k] += d2[j] * a1[k];
          d1[k] += d2[j] * w2[h * j + k];
        }
      }
      for (std::size_t k = 0; k < h; ++k) {
        const double d = a1[k] > 0 ? d1[k] : 0;
        gb1[k] += d;
        gw1[2 * k] += d * x[0];
        gw1[2 * k + 1] += d * x[1];
      }
    }
    for (std::size_t i = 0; i < p_.size(); ++i) p_[i] -= learning_rate_ * g_[i];
    return {total / Mlp::points, g_};
  }

 private:
  double learning_rate_;
  Mlp data_ = mlp();
  std::vector<double> p_ = data_.start, g_ = std::vector<double>(p_.size());
};

class HandRosenbrock {
 public:
  Outcome operator()() {
    std::fill(g_.begin(), g_.end(), 0.0);
    double total = 0;
    for (std::size_t i = 0; i + 1 < x_.size(); ++i) {
      const double u = x_[i + 1] - x_[i] * x_[i], v = 1 - x_[i];
      total += 100 * u * u + v * v;
      g_[i] += -400 * u * x_[i] - 2 * v;
      g_[i + 1] += 200 * u;
    }
    return {total, g_};
  }

 private:
  std::vector<double> x_ = rosenbrock_point(), g_ = std::vector<double>(x_.size());
};

class HandChain {
 public:
  Outcome operator()() {
    double y = Chain::x, total = 0;
    for (std::size_t i = 0; i < Chain::links; ++i) {
      const double e = std::exp(y), h = std::tanh(std::sin(e)), u = h + Chain::x;
      y = std::log(u);
      total += y;
      link_[i] = {e, h, u};
    }
    double dx = 0, dy = 0;
    for (std::size_t i = Chain::links; i-- > 0;) {
      const Link& l = link_[i];
      const double du = (dy + 1) / l.u;
      dx += du;
      dy = du * (1 - l.h * l.h) * std::cos(l.e) * l.e;
    }
    g_ = dx + dy;
    return {total, {&g_, 1}};
  }

 private:
  struct Link {
    double e, h, u;
  };
  std::vector<Link> link_ = std::vector<Link>(Chain::links);
  double g_ = 0;
};

class HandLse {
 public:
  Outcome operator()() {
    const double m = *std::max_element(x_.begin(), x_.end());
    double s = 0;
    for (std::size_t i = 0; i < x_.size(); ++i) s += g_[i] = std::exp(x_[i] - m);
    for (double& g : g_) g /= s;
    return {m + std::log(s), g_};
  }

 private:
  std::vector<double> x_ = lse_point(), g_ = std::vector<double>(x_.size());
};

class HandHorner {
 public:
  Outcome operator()() {
    double y = 0;
    g_ = 0;
    for (const double c : data_.coefficients) {
      g_ = g_ * Horner::x + y;
      y = y * Horner::x + c;
    }
    return {y, {&g_, 1}};
  }

 private:
  Horner data_ = horner();
  double g_ = 0;
};

}  // namespace

void add_hand_written(std::vector<Contender>& all, double learning_rate) {
  all.push_back({"mlp", "hand", HandMlp(learning_rate)});
  all.push_back({"rosenbrock", "hand", HandRosenbrock()});
  all.push_back({"chain", "hand", HandChain()});
  all.push_back({"lse", "hand", HandLse()});
  all.push_back({"horner", "hand", HandHorner()});
}

}  // namespace assay::bench
