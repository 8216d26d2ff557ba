// The gradient of a whole model on real data: a 64-16-1 network on handwritten threes and eights,
// in float and double against 50 digits, from the same parameters.

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

#include "assay/data.hpp"
#include "assay/graph.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/tanh.hpp"
#include "assay/wide.hpp"
#include "case.hpp"
#include "catalogue.hpp"
#include "fixtures.hpp"

namespace assay::verify {
namespace {

constexpr Eigen::Index inputs = 64, hidden = 16, samples = 32;
constexpr Eigen::Index parameter_count = (inputs + 1) * hidden + hidden + 1;
constexpr double limit = 8;  // envelope units

struct Batch {
  Mat<double> x;  ///< sixteenths: exact in every type
  Mat<double> y;  ///< 1 for a three, 0 for an eight
};

Batch first_threes_and_eights() {
  const Mat<double> all = data::parse_csv(fixtures::digits_csv_gz(), "digits.csv.gz").values;
  Batch b{Mat<double>(samples, inputs), Mat<double>(samples, 1)};
  Eigen::Index found = 0;
  for (Eigen::Index i = 0; i < all.rows() && found < samples; ++i) {
    const double digit = all(i, inputs);
    if (digit != 3 && digit != 8) continue;
    b.x.row(found) = all.row(i).head(inputs) / 16;
    b.y(found++) = digit == 3 ? 1 : 0;
  }
  if (found < samples) throw std::runtime_error("digits.csv.gz has too few threes and eights");
  return b;
}

template <class T>
class Network {
 public:
  Network(const Mat<double>& parameters, const Batch& batch)
      : w1_(Mat<T>(inputs, hidden)),
        b1_(Mat<T>(1, hidden)),
        w2_(Mat<T>(hidden, 1)),
        b2_(Mat<T>(1, 1)),
        x_(batch.x.cast<T>()),
        y_(batch.y.cast<T>()) {
    for (Eigen::Index k = 0; k < parameter_count; ++k) parameter(k) = T(parameters(k));
  }

  /// The loss; the gradient is left in the parameters.
  T sweep() {
    flat_.zero_grad();
    graph_.clear();
    const Var<T> h = tanh(graph_.constant(x_) * graph_.parameter(w1_) + graph_.parameter(b1_));
    const Var<T> logits = h * graph_.parameter(w2_) + graph_.parameter(b2_);
    const Var<T> loss = bce_with_logits_mean(logits, y_);
    graph_.backward(loss);
    return loss.value()(0);
  }
  T& parameter(Eigen::Index k) { return flat_.values()[static_cast<std::size_t>(k)]; }
  T& gradient(Eigen::Index k) { return flat_.grads()[static_cast<std::size_t>(k)]; }

 private:
  Parameter<T> w1_, b1_, w2_, b2_;
  Flat<T> flat_{{&w1_, &b1_, &w2_, &b2_}};
  Mat<T> x_, y_;
  Graph<T> graph_;
};

std::string parameter_name(Eigen::Index k) {
  if (k < inputs * hidden) return fmt::format("W1({}, {})", k % inputs, k / inputs);
  k -= inputs * hidden;
  if (k < hidden) return fmt::format("b1({})", k);
  k -= hidden;
  return k < hidden ? fmt::format("w2({})", k) : "b2";
}

/// As large as training would start from: both layers neither linear nor saturated.
template <class T>
Mat<double> initial_parameters(std::uint64_t seed) {
  Mat<double> p(parameter_count, 1);
  for (Eigen::Index k = 0; k < parameter_count; ++k) {
    const std::uint64_t bits = case_seed(seed, "parameter", static_cast<std::uint64_t>(k)) >> 11;
    const double unit = std::ldexp(static_cast<double>(bits), -52) - 1;
    const double reach = k < inputs * hidden ? 0.25 : 0.5;
    p(k) = static_cast<double>(static_cast<T>(reach * unit));
  }
  return p;
}

Big to_big(const Dec50& x) {
  const WithContext wide(256);
  return Big(x.str(60));
}

/// What one ulp in every parameter changes: sum over k of |d result / d parameter k| ulp(k), by
/// forward over reverse, a column of the Hessian at a time. Pixels and labels are exact.
struct Sensitivity {
  Mat<double> of_gradient = Mat<double>::Zero(parameter_count, 1);
  double of_loss = 0;
  Mat<double> forward_gradient = Mat<double>(parameter_count, 1);  ///< by forward mode alone
};

Sensitivity sensitivity(const Mat<double>& parameters, const Batch& batch, const Format& f) {
  Network<Dual<double>> n(parameters, batch);
  Sensitivity s;
  for (Eigen::Index k = 0; k < parameter_count; ++k) {
    n.parameter(k).d = 1;
    const double slope = n.sweep().d;
    n.parameter(k).d = 0;
    const double ulp = ulp_at(f, Big(parameters(k))).to_double();
    s.forward_gradient(k) = slope;
    s.of_loss += std::abs(slope) * ulp;
    for (Eigen::Index i = 0; i < parameter_count; ++i) {
      s.of_gradient(i) += std::abs(n.gradient(i).d) * ulp;
    }
  }
  return s;
}

/// Judges one number; keeps the worst, and the first failure.
class Judge {
 public:
  Judge(const Format& f, CheckResult& result) : f_(f), result_(result) {}

  void compare(const std::string& name, double got, const Big& reference, double change,
               std::optional<Worst>& worst) {
    const WithContext wide(256);
    const Big ulp = ulp_at(f_, reference);
    const Big error = abs(Big(got) - reference);
    const bool usable = std::isfinite(change);
    const Big unit = usable ? std::max(ulp, Big(change)) : ulp;
    const double in_ulp = ratio(error, ulp), in_units = ratio(error, unit);
    ++result_.elements;
    keep_worst(worst, {in_ulp, in_units, 0, {}, decimal(f_, got), reference.str(20)});
    if (in_units <= limit) return;
    fail(name, got, reference.str(20), "50 digits", in_units,
         fmt::format("{} ulp, {} envelope units; limit {}", figure(in_ulp), figure(in_units),
                     limit));
  }

  void fail(const std::string& name, double got, const std::string& reference,
            std::string_view against, double figure, const std::string& detail) {
    ++result_.counts["failed"];
    if (!result_.failures.empty()) return;
    Failure x;
    x.operation = result_.subject;
    x.scalar = result_.scalar;
    x.check = result_.check;
    x.got = decimal(f_, got);
    x.reference = reference;
    x.ulp = figure;
    x.claimed = limit;
    x.units = "envelope";
    x.message = fmt::format(
        "{}<{}>: {} disagrees with {}\n  got        {} = {}\n  reference  {}        ({})",
        x.operation, x.scalar, name, against, x.got, hex(got), reference, detail);
    result_.failures.push_back(std::move(x));
  }

 private:
  const Format& f_;
  CheckResult& result_;
};

template <class T>
void compare_gradients(const Format& f, std::uint64_t seed, CheckResult& result) {
  const Batch batch = first_threes_and_eights();
  const Mat<double> parameters = initial_parameters<T>(seed);
  Network<T> judged(parameters, batch);
  Network<Dec50> wide(parameters, batch);
  const T loss = judged.sweep();
  const Dec50 true_loss = wide.sweep();
  const Sensitivity s = sensitivity(parameters, batch, f);

  Judge judge(f, result);
  judge.compare("the loss", static_cast<double>(loss), to_big(true_loss), s.of_loss,
                result.worst_value);
  const double largest = s.forward_gradient.cwiseAbs().maxCoeff();
  for (Eigen::Index k = 0; k < parameter_count; ++k) {
    const std::string name = "the gradient of " + parameter_name(k);
    const double got = static_cast<double>(judged.gradient(k));
    const double reference = wide.gradient(k).template convert_to<double>();
    ++result.counts[reference == 0 ? "gradient exactly 0" : "gradient not 0"];
    judge.compare(name, got, to_big(wide.gradient(k)), s.of_gradient(k), result.worst_derivative);
    // 50 digits go through the same backward: forward mode tells whether that is right at all.
    if (!(std::abs(reference - s.forward_gradient(k)) <= 1e-10 * largest)) {
      judge.fail(name + ", at 50 digits,", reference, fmt::format("{}", s.forward_gradient(k)),
                 "forward mode", 0, "no backward involved");
    }
  }
}

template <class T>
Check gradient_check(const Format& f) {
  Check c;
  c.blank.kind = Kind::model;
  c.blank.subject = "digits-64-16-1";
  c.blank.scalar = f.name;
  c.blank.check = "gradient";
  c.blank.about = fmt::format(
      "loss and all {} gradient elements of a 64-16-1 network (tanh, BCE with logits) on {} "
      "handwritten threes and eights, from random parameters, against 50 digits, and those against "
      "forward mode; within {} units, the larger of one ulp and what one ulp in every parameter "
      "changes",
      parameter_count, samples, limit);
  c.blank.blind = "a wrong forward";
  c.blank.claimed_derivative = limit;
  c.blank.units = "envelope";
  c.whole = true;
  c.cases = 1;
  c.run = [f](std::uint64_t, std::uint64_t seed, CheckResult& result) {
    compare_gradients<T>(f, seed, result);
  };
  c.conclude = [](CheckResult& r) {
    const auto n = r.counts.find("gradient not 0");
    const bool enough = n != r.counts.end() && n->second >= parameter_count / 2;
    if (r.verdict != Verdict::correct || enough) return;
    r.verdict = Verdict::inconclusive;
    r.reason = "most of the gradient is 0: nothing was compared";
  };
  return c;
}

}  // namespace

std::vector<Check> model_checks() {
  return {gradient_check<double>(double_format), gradient_check<float>(float_format)};
}

}  // namespace assay::verify
