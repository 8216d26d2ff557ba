#include "kernel.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "case.hpp"

namespace assay::verify {
namespace {

/// f(), with whatever it throws said as words.
template <class F>
auto guarded(const std::string& what, const F& f) {
  try {
    return f();
  } catch (const std::exception& e) {
    throw Broken(fmt::format("{} throws: {}", what, e.what()));
  } catch (...) {
    throw Broken(fmt::format("{} throws something that is no std::exception", what));
  }
}

bool same_bytes(const Matrices& a, const Matrices& b) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (!verify::same_bytes(a[k], b[k])) return false;
  }
  return a.size() == b.size();
}

/// The first element that is not finite; the number of elements if all are.
Eigen::Index first_special(const Mat<double>& m) {
  for (Eigen::Index i = 0; i < m.size(); ++i) {
    if (!std::isfinite(m.data()[i])) return i;
  }
  return m.size();
}

}  // namespace

bool same_bytes(const Mat<double>& a, const Mat<double>& b) {
  return shape_of(a) == shape_of(b) &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

Kernel::Kernel(const Forward& f, const Vjp& vjp, const Matrices& inputs,
               const FunctionOptions& options)
    : f_(f), vjp_(vjp), options_(options), inputs_(inputs), y_(forward(inputs)) {
  for (const Mat<double>& x : inputs_) {
    const double typical = std::sqrt(x.squaredNorm() / static_cast<double>(x.size()));
    least_.push_back(typical > 0 && std::isfinite(typical) ? typical / 64 : 0x1p-10);
  }
  if (const Eigen::Index i = first_special(y_); i < y_.size()) {
    throw Broken(fmt::format("f returns {} at row {}, column {}", y_.data()[i], i % y_.rows(),
                             i / y_.rows()));
  }
}

std::string Kernel::input(std::size_t k) const {
  return k < options_.input_names.size() ? options_.input_names[k] : fmt::format("input {}", k);
}

std::string Kernel::place(std::size_t k, Eigen::Index i) const {
  const Eigen::Index rows = inputs_[k].rows();
  return fmt::format("{} at row {}, column {}", input(k), i % rows, i / rows);
}

double Kernel::magnitude(std::size_t k, Eigen::Index i) const {
  const double own = std::abs(inputs_[k].data()[i]);
  return own >= 0x1p-1022 ? own : least_[k];
}

Mat<double> Kernel::forward(const Matrices& x) const {
  const Matrices before = x;
  Mat<double> y = guarded("f", [&] { return f_(x); });
  if (!same_bytes(x, before)) throw Broken("an input is modified by f");
  return y;
}

Matrices Kernel::backward(const Matrices& x, const Mat<double>& dy) const {
  const Matrices before = x;
  const Mat<double> dy_before = dy;
  Matrices g = guarded("vjp", [&] { return vjp_(x, dy); });
  if (!same_bytes(x, before)) throw Broken("an input is modified by vjp");
  if (!verify::same_bytes(dy, dy_before)) throw Broken("the upstream gradient is modified by vjp");
  if (g.size() != x.size()) {
    throw Broken(fmt::format("vjp returns {} gradients for {} inputs", g.size(), x.size()));
  }
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (shape_of(g[k]) == shape_of(x[k])) continue;
    throw Broken(fmt::format("the gradient of {} is {}, the input is {}", input(k),
                             to_string(shape_of(g[k])), to_string(shape_of(x[k]))));
  }
  return g;
}

Matrices Kernel::gradients(const Mat<double>& dy) const {
  Matrices g = backward(inputs_, dy);
  for (std::size_t k = 0; k < g.size(); ++k) {
    const Eigen::Index i = first_special(g[k]);
    if (i == g[k].size()) continue;
    throw Broken(fmt::format("the gradient of {} is {}, at an upstream that is finite", place(k, i),
                             g[k].data()[i]));
  }
  return g;
}

std::optional<Mat<double>> Kernel::value_at(const Matrices& x) const {
  Mat<double> y;
  try {
    y = f_(x);
  } catch (...) {
    return std::nullopt;
  }
  if (shape_of(y) != shape_of(y_)) {
    throw Broken(fmt::format("f returns {} at the inputs and {} beside them",
                             to_string(shape_of(y_)), to_string(shape_of(y))));
  }
  if (first_special(y) < y.size()) return std::nullopt;
  return y;
}

void Kernel::require_same(const Matrices& a, const Matrices& b, std::string_view when) const {
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (verify::same_bytes(a[k], b[k])) continue;
    throw Broken(fmt::format("vjp gives another gradient of {} {}", input(k), when));
  }
}

void Kernel::require_purity(const Mat<double>& dy) const {
  // Copies, each at an address of its own; the first is spoilt once it has been used.
  auto lent = std::make_unique<Matrices>(inputs_);
  auto lent_dy = std::make_unique<Mat<double>>(dy);
  const Mat<double> y = forward(*lent);
  const Matrices g = backward(*lent, *lent_dy);
  if (!verify::same_bytes(y, y_)) throw Broken("f gives another value when it is called again");
  for (Mat<double>& x : *lent) x.setConstant(std::numeric_limits<double>::quiet_NaN());
  lent_dy->setConstant(std::numeric_limits<double>::quiet_NaN());
  const Matrices elsewhere = inputs_;
  require_same(g, backward(elsewhere, dy),
               "when it is called again with the same numbers at other "
               "addresses");

  Matrices other = inputs_;
  for (Mat<double>& x : other) x *= 1 + 0x1p-10;
  const Mat<double> other_dy = -2 * dy;
  try {
    static_cast<void>(f_(other));
    static_cast<void>(vjp_(other, other_dy));
  } catch (...) {
    return;  // out of the domain: no second point
  }
  require_same(g, backward(inputs_, dy), "after a call with other inputs: it remembers");
  if (!verify::same_bytes(forward(inputs_), y_)) {
    throw Broken("f gives another value after a call with other inputs: it remembers");
  }
  const Matrices none = backward(inputs_, Mat<double>(Mat<double>::Zero(dy.rows(), dy.cols())));
  for (std::size_t k = 0; k < none.size(); ++k) {
    for (Eigen::Index i = 0; i < none[k].size(); ++i) {
      const double v = none[k].data()[i];
      if (v == 0 || !std::isfinite(v)) continue;
      throw Broken(fmt::format("the gradient of {} is {} for an upstream of 0", place(k, i), v));
    }
  }
}

}  // namespace assay::verify
