// The workloads on ADOL-C, taped anew each step. Its buffers are as large as the tape, so that it
// writes no files.

#include <adolc/adolc.h>

#include <algorithm>
#include <cmath>

#include "scalar_workloads.hpp"

namespace assay::bench {
namespace {

/// Records body(active x) and sweeps it: the value and d(value)/dx into g.
template <class Body>
double taped(const std::vector<double>& x, std::vector<double>& g, Body body) {
  constexpr short tag = 0;
  constexpr unsigned buffer = 1U << 25U;
  constexpr int keep = 1;
  double value = 0, one = 1;
  trace_on(tag, keep, buffer, buffer, buffer, buffer);
  {
    std::vector<adouble> active(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) active[i] <<= x[i];
    body(active) >>= value;
  }
  trace_off();
  fos_reverse(tag, 1, static_cast<int>(x.size()), &one, g.data());
  return value;
}

class AdolcMlp {
 public:
  explicit AdolcMlp(double learning_rate) : learning_rate_(learning_rate) {}
  Outcome operator()() {
    const double value = taped(p_, g_, [&](const std::vector<adouble>& p) {
      adouble total = 0;
      std::vector<adouble> a1(Mlp::hidden), a2(Mlp::hidden), z(1);
      for (std::size_t i = 0; i < Mlp::points; ++i) {
        layer(&p[Mlp::first], data_.x.data() + Mlp::inputs * i, Mlp::inputs, a1);
        relu(a1);
        layer(&p[Mlp::second], a1.data(), Mlp::hidden, a2);
        relu(a2);
        layer(&p[Mlp::last], a2.data(), Mlp::hidden, z);
        // log1p(e^-|z|) + max(z, 0) - z t; ADOL-C 2.7 has no log1p.
        const adouble& logit = z[0];
        total += log(1 + exp(-fabs(logit))) + fmax(logit, 0.0) - logit * data_.label[i];
      }
      return adouble(total / Mlp::points);
    });
    for (std::size_t i = 0; i < p_.size(); ++i) p_[i] -= learning_rate_ * g_[i];
    return {value, g_};
  }

 private:
  template <class X>
  static void layer(const adouble* w, const X* x, std::size_t n, std::vector<adouble>& y) {
    const adouble* bias = w + n * y.size();
    for (std::size_t j = 0; j < y.size(); ++j) {
      y[j] = bias[j];
      for (std::size_t k = 0; k < n; ++k) y[j] += w[n * j + k] * x[k];
    }
  }
  static void relu(std::vector<adouble>& x) {
    for (adouble& v : x) v = fmax(v, 0.0);
  }

  double learning_rate_;
  Mlp data_ = mlp();
  std::vector<double> p_ = data_.start, g_ = std::vector<double>(p_.size());
};

class AdolcRosenbrock {
 public:
  Outcome operator()() {
    return {taped(x_, g_,
                  [](const std::vector<adouble>& x) {
                    adouble total = 0;
                    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
                      const adouble u = x[i + 1] - x[i] * x[i], v = 1 - x[i];
                      total += 100 * u * u + v * v;
                    }
                    return total;
                  }),
            g_};
  }

 private:
  std::vector<double> x_ = rosenbrock_point(), g_ = std::vector<double>(x_.size());
};

class AdolcChain {
 public:
  Outcome operator()() {
    return {taped(x_, g_,
                  [](const std::vector<adouble>& x) {
                    adouble y = x[0], total = 0;
                    for (std::size_t i = 0; i < Chain::links; ++i) {
                      y = log(tanh(sin(exp(y))) + x[0]);
                      total += y;
                    }
                    return total;
                  }),
            g_};
  }

 private:
  std::vector<double> x_{Chain::x}, g_{0};
};

class AdolcLse {
 public:
  Outcome operator()() {
    const double m = *std::max_element(x_.begin(), x_.end());
    return {taped(x_, g_,
                  [m](const std::vector<adouble>& x) {
                    adouble s = 0;
                    for (const adouble& v : x) s += exp(v - m);
                    return adouble(m + log(s));
                  }),
            g_};
  }

 private:
  std::vector<double> x_ = lse_point(), g_ = std::vector<double>(x_.size());
};

class AdolcHorner {
 public:
  Outcome operator()() {
    return {taped(x_, g_,
                  [this](const std::vector<adouble>& x) {
                    adouble y = 0;
                    for (const double c : data_.coefficients) y = y * x[0] + c;
                    return y;
                  }),
            g_};
  }

 private:
  Horner data_ = horner();
  std::vector<double> x_{Horner::x}, g_{0};
};

}  // namespace

void add_adolc(std::vector<Contender>& all, double learning_rate) {
  all.push_back({"mlp", "adolc", AdolcMlp(learning_rate)});
  all.push_back({"rosenbrock", "adolc", AdolcRosenbrock()});
  all.push_back({"chain", "adolc", AdolcChain()});
  all.push_back({"lse", "adolc", AdolcLse()});
  all.push_back({"horner", "adolc", AdolcHorner()});
}

}  // namespace assay::bench
