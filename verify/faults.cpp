#include "faults.hpp"

#include <cmath>
#include <cstring>

namespace assay::verify {
namespace {

template <class T>
class Tampered final : public Rule<T> {
 public:
  using Rule<T>::forward, Rule<T>::backward;
  using typename Rule<T>::Inputs;

  Tampered(std::shared_ptr<const Rule<T>> inner, bool elementwise, std::string_view fault,
           std::shared_ptr<std::uint64_t> manifested)
      : inner_(std::move(inner)),
        elementwise_(elementwise),
        fault_(fault),
        manifested_(std::move(manifested)) {}

  [[nodiscard]] Shape shape(std::span<const Shape> s) const override { return inner_->shape(s); }
  [[nodiscard]] Mat<T> forward(Inputs x, Mat<T>& saved) const override {
    return inner_->forward(x, saved);
  }
  void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y, const Mat<T>& saved,
                std::span<Sink<T>> sinks) const override {
    std::vector<Mat<T>> dx(x.size());
    inner_->backward(dy, x, y, saved, std::span(dx));
    const std::vector<Mat<T>> right = dx;
    const Mat<T> upstream =
        dy;  // NOLINT(performance-unnecessary-copy-initialization): tampered with
    tamper(dy, x, y, dx);
    bool changed = differs(upstream, dy);
    for (std::size_t k = 0; k < dx.size(); ++k) changed = changed || differs(right[k], dx[k]);
    if (changed) ++*manifested_;
    for (std::size_t k = 0; k < dx.size(); ++k) sinks[k].take(std::move(dx[k]));
  }

 private:
  /// Differs by value: -0 for 0 and one NaN for another are no faults that anyone could see.
  static bool differs(const Mat<T>& a, const Mat<T>& b) {
    if (shape_of(a) != shape_of(b)) return true;
    return !(a.array() == b.array() || (a.array().isNaN() && b.array().isNaN())).all();
  }

  void tamper(const Mat<T>& dy, Inputs x, const Mat<T>& y, std::span<Mat<T>> dx) const {
    if (fault_ == "sign") {
      dx[0] = -dx[0];
    } else if (fault_ == "factor") {
      for (Mat<T>& g : dx) g *= T(2);
    } else if (fault_ == "small-factor") {
      const T factor = T(1) + (std::is_same_v<T, float> ? T(1e-5) : T(1e-12));
      for (Mat<T>& g : dx) g *= factor;
    } else if (fault_ == "no-reduction") {
      if (elementwise_ && x.size() == 2) first_repetition(dy, x, y, dx);
    } else if (fault_ == "transposed") {
      for (Mat<T>& g : dx) {
        if (g.rows() == g.cols()) g = g.transpose().eval();
      }
    } else if (fault_ == "tail") {
      for (std::size_t k = 0; k < dx.size(); ++k) {
        dx[k] = (x[k].map().array().abs() > T(20)).select(-dx[k], dx[k]);
      }
    } else if (fault_ == "upstream") {
      const_cast<Mat<T>&>(dy) *= T(2);
    } else if (fault_ == "stale") {
      stale(dx);
    } else if (fault_ == "one-element") {
      if (dx[0].size() > 0) dx[0](dx[0].rows() - 1, dx[0].cols() - 1) *= T(1.001);
    }
  }

  void first_repetition(const Mat<T>& dy, Inputs x, const Mat<T>& y, std::span<Mat<T>> dx) const {
    if (y.size() == 0) return;
    std::vector<Mat<T>> full;
    for (const View<T>& v : x) {
      const auto m = v.map();
      full.push_back(m.replicate(m.rows() == 1 ? y.rows() : 1, m.cols() == 1 ? y.cols() : 1));
    }
    const std::vector<Mat<T>> g = inner_->gradients(dy, views(full));
    for (std::size_t k = 0; k < 2; ++k) {
      dx[k] = g[k].topLeftCorner(x[k].shape().rows, x[k].shape().cols);
    }
  }

  void stale(std::span<Mat<T>> dx) const {
    if (first_.size() != dx.size()) first_.assign(dx.begin(), dx.end());
    for (std::size_t k = 0; k < dx.size(); ++k) {
      if (shape_of(first_[k]) != shape_of(dx[k])) first_.assign(dx.begin(), dx.end());
    }
    for (std::size_t k = 0; k < dx.size(); ++k) dx[k] = first_[k];
  }

  std::shared_ptr<const Rule<T>> inner_;
  bool elementwise_;
  std::string_view fault_;
  std::shared_ptr<std::uint64_t> manifested_;
  mutable std::vector<Mat<T>> first_;  // of the stale fault
};

struct Caught {
  std::uint64_t after;
  double ulp;
  Case shrunk;
};

/// Cases of one check until one fails.
std::optional<Caught> run_until_caught(const Operation& op, const Format& f, std::string_view check,
                                       std::uint64_t campaign_seed, std::uint64_t cases,
                                       bool overwriting) {
  const Examine examine = examination(check);
  const std::string id = op.name + "/" + std::string(f.name) + "/" + std::string(check);
  for (std::uint64_t n = 0; n < cases; ++n) {
    const std::uint64_t seed = case_seed(campaign_seed, id, n);
    const Case c = generate(op, f, seed);
    const auto fails = [&](const Case& x) {
      const auto p = examine({op, f, x, n, seed, nullptr, overwriting});
      return p && !p->inconclusive ? p : std::nullopt;
    };
    const std::optional<Problem> p = fails(c);
    if (!p) continue;
    std::uint64_t steps = 0;
    const Case small = shrink(
        op, f, c, [&](const Case& x) { return fails(x).has_value(); }, steps);
    return Caught{n + 1, p->ulp, small};
  }
  return std::nullopt;
}

std::string show(const Format& f, const Case& c) {
  std::string text;
  for (const Mat<double>& x : c.inputs) {
    text += text.empty() ? "" : ", ";
    text += to_string(shape_of(x));
    if (x.size() == 1) text += " [" + decimal(f, x(0, 0)) + "]";
  }
  return text;
}

}  // namespace

Operation plant(const Operation& op, std::string_view fault,
                const std::shared_ptr<std::uint64_t>& manifested) {
  Operation wrong = op;
  wrong.in_float =
      std::make_shared<Tampered<float>>(op.in_float, op.elementwise, fault, manifested);
  wrong.in_double =
      std::make_shared<Tampered<double>>(op.in_double, op.elementwise, fault, manifested);
  return wrong;
}

FaultResult try_fault(const Operation& op, const Format& f, const Fault& fault,
                      std::uint64_t campaign_seed, std::uint64_t cases) {
  const auto manifested = std::make_shared<std::uint64_t>(0);
  const bool overwriting = fault.name == "overwrite";
  const Operation wrong = overwriting ? op : plant(op, fault.name, manifested);
  FaultResult r;
  r.operation = op.name;
  r.scalar = f.name;
  r.fault = fault.name;
  r.about = fault.about;
  if (fault.name == "no-reduction" && !(op.elementwise && op.arity() == 2)) {
    r.status = "not-applicable";  // only these broadcast
    return r;
  }
  for (std::string_view check : {"derivative", "differences", "state", "sharing"}) {
    if (overwriting && check != "sharing") continue;  // elsewhere there is no sweep
    const auto caught = run_until_caught(wrong, f, check, campaign_seed, cases, overwriting);
    if (!caught) continue;
    r.status = "caught";
    r.by = check;
    r.after = caught->after;
    r.ulp = caught->ulp;
    r.shrunk = show(f, caught->shrunk);
    r.manifested = overwriting ? 1 : *manifested;
    return r;
  }
  r.manifested = *manifested;
  r.status = *manifested == 0 && !overwriting ? "not-applicable" : "survived";
  return r;
}

}  // namespace assay::verify
