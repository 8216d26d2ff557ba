#include "faults.hpp"

#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "wrong/wrong.hpp"

namespace assay::verify {
namespace {

/// Equal by value: -0 for 0 and one NaN for another are no faults that anyone could see.
template <class T>
bool same_values(const Mat<T>& a, const Mat<T>& b) {
  if (shape_of(a) != shape_of(b)) return false;
  return (a.array() == b.array() || (a.array().isNaN() && b.array().isNaN())).all();
}

/// Further from the right gradient than two that are within the claim can be.
template <class T>
bool beyond_claim(T right, T wrong, double figure) {
  using L = std::numeric_limits<T>;
  if (right == wrong || std::isnan(right)) return false;
  if (std::isinf(right)) return true;
  if (!std::isfinite(wrong)) return std::abs(right) < L::max() / 4;
  const T ulp = std::nextafter(std::abs(right), L::infinity()) - std::abs(right);
  return std::abs(right - wrong) > static_cast<T>(2 * figure + 2) * ulp;
}

/// The right backward, and after it the fault.
template <class T>
class Tampered final : public Rule<T> {
 public:
  using Rule<T>::forward, Rule<T>::backward;
  using typename Rule<T>::Inputs;

  Tampered(std::shared_ptr<const Operation> op, const Fault& fault,
           std::shared_ptr<Planted> planted)
      : op_(std::move(op)),
        right_(op_->rule<T>()),
        figure_(derivative_limit(*op_).figure),
        fault_(fault),
        planted_(std::move(planted)) {}

  [[nodiscard]] Shape shape(std::span<const Shape> s) const override { return right_.shape(s); }
  [[nodiscard]] Mat<T> forward(Inputs x, Mat<T>& saved) const override {
    return right_.forward(x, saved);
  }
  void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y, const Mat<T>& saved,
                std::span<Sink<T>> sinks) const override {
    const std::scoped_lock one_at_a_time(mutex_);  // faults remember
    std::vector<Mat<T>> dx(x.size());
    right_.backward(dy, x, y, saved, std::span(dx));
    const std::vector<Mat<T>> right = dx;
    std::vector<Mat<T>> door;  // what belongs to the caller
    if (fault_.in == Fault::In::bits) door = at_the_door(dy, x, y);
    fault_.tamper<T>()({*op_, right_, dy, x, y, memory_}, dx);
    ++memory_.calls;
    const bool bits = fault_.in == Fault::In::bits;
    const bool value = !same(right, dx) || (!door.empty() && !same(door, at_the_door(dy, x, y)));
    // What compares bytes sees the sign of a zero too.
    const bool touched =
        value || fault_.in == Fault::In::everywhere || (bits && !same_bytes(right, dx));
    planted_->touched = planted_->touched || touched;
    const bool changed = bits ? value : beyond(right, dx, x);
    planted_->changed = planted_->changed || changed;
    for (std::size_t k = 0; k < dx.size(); ++k) sinks[k].take(std::move(dx[k]));
  }

 private:
  static std::vector<Mat<T>> at_the_door(const Mat<T>& dy, Inputs x, const Mat<T>& y) {
    std::vector<Mat<T>> all{dy, y};
    for (const View<T>& v : x) all.emplace_back(v.map());
    return all;
  }
  static bool same(const std::vector<Mat<T>>& a, const std::vector<Mat<T>>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_values<T>);
  }
  static bool same_bytes(const std::vector<Mat<T>>& a, const std::vector<Mat<T>>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Mat<T>& p, const Mat<T>& q) {
      return std::memcmp(p.data(), q.data(), static_cast<std::size_t>(p.size()) * sizeof(T)) == 0;
    });
  }
  [[nodiscard]] bool beyond(const std::vector<Mat<T>>& right, const std::vector<Mat<T>>& wrong,
                            Inputs x) const {
    for (std::size_t k = 0; k < right.size(); ++k) {
      if (shape_of(right[k]) != shape_of(wrong[k])) return true;
      for (Eigen::Index i = 0; i < right[k].size(); ++i) {
        const T r = right[k].data()[i], w = wrong[k].data()[i];
        if (beyond_claim(r, w, figure_) && !free_at(k, x[k].map().data()[i])) return true;
      }
    }
    return false;
  }
  /// Where the domain leaves the derivative open, any is right.
  [[nodiscard]] bool free_at(std::size_t k, T x) const {
    const Format& f = std::is_same_v<T, float> ? float_format : double_format;
    const AtKink kink = at_kink(*op_, f, k, static_cast<double>(x));
    return kink.exceptional && !kink.prescribed;
  }

  std::shared_ptr<const Operation> op_;
  const Rule<T>& right_;
  double figure_;
  Fault fault_;
  std::shared_ptr<Planted> planted_;
  mutable Memory<T> memory_;
  mutable std::mutex mutex_;
};

/// The same in dual numbers, where only the derivative of the gradient is tampered with.
class TamperedSecond final : public Rule<Moving> {
 public:
  using Rule<Moving>::forward, Rule<Moving>::backward;
  using typename Rule<Moving>::Inputs;

  TamperedSecond(const Operation& op, TamperSecond tamper, std::shared_ptr<Planted> planted)
      : right_(op.enclosed_dual),
        inputs_(op.inputs),
        tamper_(tamper),
        planted_(std::move(planted)) {}

  [[nodiscard]] Shape shape(std::span<const Shape> s) const override { return right_->shape(s); }
  [[nodiscard]] Mat<Moving> forward(Inputs x, Mat<Moving>& saved) const override {
    return right_->forward(x, saved);
  }
  void backward(const Mat<Moving>& dy, Inputs x, const Mat<Moving>& y, const Mat<Moving>& saved,
                std::span<Sink<Moving>> sinks) const override {
    std::vector<Mat<Moving>> dx(x.size());
    right_->backward(dy, x, y, saved, std::span(dx));
    // What rounding of the gradient, times the direction, explains is no change.
    Big scale(0), change(0);
    for (std::size_t k = 0; k < dx.size(); ++k) {
      for (Eigen::Index i = 0; i < dx[k].size(); ++i) {
        Moving& g = dx[k].data()[i];
        const Moving& at = x[k].map().data()[i];
        const Big before = g.d.middle();
        scale = std::max({scale, abs(before), abs(g.v.middle() * at.d.middle())});
        tamper_(at, g);
        // Labels and masks are not moved: their part of the Hessian is nobody's promise.
        if (!inputs_[k].exact) change = std::max(change, abs(g.d.middle() - before));
      }
    }
    if (change > Big(0)) planted_->touched = true;
    if (change > ldexp(scale, -30)) planted_->changed = true;
    for (std::size_t k = 0; k < dx.size(); ++k) sinks[k].take(std::move(dx[k]));
  }

 private:
  std::shared_ptr<const Rule<Moving>> right_;
  std::vector<Interval> inputs_;
  TamperSecond tamper_;
  std::shared_ptr<Planted> planted_;
};

/// Every gradient scaled, in whatever scalar.
template <class T>
class Scaled final : public Rule<T> {
 public:
  using Rule<T>::forward, Rule<T>::backward;
  using typename Rule<T>::Inputs;

  Scaled(std::shared_ptr<const Rule<T>> right, T factor)
      : right_(std::move(right)), factor_(std::move(factor)) {}

  [[nodiscard]] Shape shape(std::span<const Shape> s) const override { return right_->shape(s); }
  [[nodiscard]] Mat<T> forward(Inputs x, Mat<T>& saved) const override {
    return right_->forward(x, saved);
  }
  void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y, const Mat<T>& saved,
                std::span<Sink<T>> sinks) const override {
    std::vector<Mat<T>> dx(x.size());
    right_->backward(dy, x, y, saved, std::span(dx));
    for (std::size_t k = 0; k < dx.size(); ++k) {
      for (T& g : dx[k].reshaped()) g *= factor_;
      sinks[k].take(std::move(dx[k]));
    }
  }

 private:
  std::shared_ptr<const Rule<T>> right_;
  T factor_;
};

template <class T>
void scale(std::shared_ptr<const Rule<T>>& rule, const T& factor) {
  if (rule) rule = std::make_shared<Scaled<T>>(rule, factor);
}

std::vector<Fault> all_faults() {
  std::vector<Fault> all;
  for (const auto& some : {wrong::of_the_whole(), wrong::at_points(), wrong::of_state(),
                           wrong::of_second_derivatives(), wrong::of_single_operations()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Fault& a, const Fault& b) { return a.number < b.number; });
  return all;
}

}  // namespace

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = all_faults();
  return all;
}

const Fault& fault_named(std::string_view name) {
  for (const Fault& f : faults()) {
    if (f.name == name) return f;
  }
  throw std::out_of_range("there is no fault named '" + std::string(name) + "'");
}

std::shared_ptr<Planted> shared_planted() {
  void* p =
      mmap(nullptr, sizeof(Planted), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) throw std::runtime_error("faults: no shared memory");
  return {new (p) Planted, [](Planted* planted) { munmap(planted, sizeof(Planted)); }};
}

Operation plant(const Operation& op, const Fault& fault, const std::shared_ptr<Planted>& planted) {
  Operation wrong = op;
  const auto right = std::make_shared<const Operation>(op);
  if (fault.in_float) wrong.in_float = std::make_shared<Tampered<float>>(right, fault, planted);
  if (fault.in_double) wrong.in_double = std::make_shared<Tampered<double>>(right, fault, planted);
  if (fault.in_second) {
    wrong.enclosed_dual = std::make_shared<TamperedSecond>(op, fault.in_second, planted);
  }
  if (fault.in == Fault::In::everywhere) {  // those that it is compared with as well
    scale(wrong.enclosed, Enclosure(2));
    scale(wrong.enclosed_dual, Dual<Enclosure>(Enclosure(2)));
    scale(wrong.in_rational, Rational(2));
    scale(wrong.in_rational_dual, Dual<Rational>(Rational(2)));
  }
  return wrong;
}

Operation plant_factor(const Operation& op, double error) {
  Operation wrong = op;
  scale(wrong.in_float, 1.0F + static_cast<float>(error));
  scale(wrong.in_double, 1.0 + error);
  return wrong;
}

std::string FaultTask::id() const {
  return operation->name + "/" + std::string(format.name) + "/fault-" + std::string(fault.name);
}

FaultResult blank_fault(const FaultTask& t) {
  FaultResult r;
  r.operation = t.operation->name;
  r.scalar = t.format.name;
  r.fault = t.fault.name;
  r.number = t.fault.number;
  r.about = t.fault.about;
  return r;
}

}  // namespace assay::verify
