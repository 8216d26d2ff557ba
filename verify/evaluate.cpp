#include "evaluate.hpp"

#include <fmt/format.h>

#include <cstring>

#include "reference.hpp"

namespace assay::verify {
namespace {

template <class T>
bool same_bytes(const Mat<T>& a, const Mat<T>& b) {
  return shape_of(a) == shape_of(b) &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
}

template <class T>
struct Run {
  Mat<T> y;
  std::vector<Mat<T>> dx;
  std::string broken;
};

template <class T>
std::vector<Mat<T>> cast(const std::vector<Mat<double>>& m) {
  std::vector<Mat<T>> out;
  for (const Mat<double>& x : m) out.push_back(x.template cast<T>());
  return out;
}

template <class T>
Run<T> run(const Rule<T>& rule, const Case& c) {
  Run<T> r;
  const std::vector<Mat<T>> x = cast<T>(c.inputs);
  const Mat<T> dy = c.upstream.template cast<T>();
  const std::vector<Mat<T>> x_before = x;
  const Mat<T> dy_before = dy;
  const std::vector<View<T>> in = views(x);
  r.dx.resize(x.size());
  try {
    Mat<T> saved;
    r.y = rule.forward(in, saved);
    if (shape_of(r.y) != shape_of(dy)) {
      r.broken = fmt::format("forward returns {}, shape says {}", to_string(shape_of(r.y)),
                             to_string(shape_of(dy)));
      return r;
    }
    const Mat<T> y_before = r.y;
    rule.backward(dy, in, r.y, saved, std::span(r.dx));
    if (!same_bytes(dy, dy_before)) r.broken = "the upstream gradient is modified in place";
    if (!same_bytes(r.y, y_before)) r.broken = "the output is modified by backward";
  } catch (const std::exception& e) {
    r.broken = fmt::format("it throws: {}", e.what());
    return r;
  }
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (!same_bytes(x[k], x_before[k])) r.broken = fmt::format("input {} is modified", k);
    if (shape_of(r.dx[k]) != shape_of(x[k])) {
      r.broken = fmt::format("the gradient of input {} is {}, the input is {}", k,
                             to_string(shape_of(r.dx[k])), to_string(shape_of(x[k])));
    }
  }
  return r;
}

template <class T>
Outcome evaluate_in(const Rule<T>& rule, const Case& c) {
  Run<T> r = run(rule, c);
  Outcome o{r.y.template cast<double>(), {}, std::move(r.broken)};
  for (const Mat<T>& g : r.dx) o.gradients.push_back(g.template cast<double>());
  return o;
}

template <class T>
std::string stale_in(const Rule<T>& rule, const Case& c, const Case& other) {
  const Run<T> first = run(rule, c);
  if (!first.broken.empty()) return first.broken;
  static_cast<void>(run(rule, other));
  const Run<T> again = run(rule, c);
  if (!same_bytes(first.y, again.y)) return "forward remembers: A, B, A gives another value";
  for (std::size_t k = 0; k < first.dx.size(); ++k) {
    if (!same_bytes(first.dx[k], again.dx[k])) {
      return fmt::format("backward remembers: A, B, A gives another gradient of input {}", k);
    }
  }
  return {};
}

}  // namespace

Outcome evaluate(const Operation& op, const Format& f, const Case& c) {
  return f == float_format ? evaluate_in(*op.in_float, c) : evaluate_in(*op.in_double, c);
}

std::string stale_state(const Operation& op, const Format& f, const Case& c, const Case& other) {
  return f == float_format ? stale_in(*op.in_float, c, other) : stale_in(*op.in_double, c, other);
}

Case expanded(const Case& c) {
  Case e;
  const Shape s = shape_of(c.upstream);
  for (const Mat<double>& x : c.inputs) {
    e.inputs.push_back(x.replicate(x.rows() == 1 ? s.rows : 1, x.cols() == 1 ? s.cols : 1));
  }
  e.upstream = Mat<double>::Constant(s.rows, s.cols, 1.0);
  return e;
}

}  // namespace assay::verify
