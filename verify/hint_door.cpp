// Gradients of a wrong shape, and calls that remember others.

#include <fmt/format.h>

#include <array>

#include "hint.hpp"
#include "hint_patterns.hpp"

namespace assay::verify::patterns {
namespace {

/// Sums over what `shape` does not repeat.
Mat<double> reduced(const Mat<double>& m, Shape shape) {
  Mat<double> r = m;
  if (shape.rows == 1 && r.rows() != 1) r = r.colwise().sum().eval();
  if (shape.cols == 1 && r.cols() != 1) r = r.rowwise().sum().eval();
  return r;
}

/// What a gradient of a wrong shape is, if its numbers tell.
std::string wrong_shape(const Operation& op, const Format& f, const Sample& s, std::size_t k) {
  const Shape in = shape_of(s.c.inputs[k]), out = shape_of(s.c.upstream);
  const Mat<double>& r = s.reference[k];
  if (r.hasNaN() || gradient_of_shape(op, f, s.c, k, in)) return "";
  const std::string name = input_name(op.arity(), k);
  for (const Shape& shape : {out, Shape{out.rows, in.cols}, Shape{in.rows, out.cols}}) {
    if (shape == in) continue;
    const auto g = gradient_of_shape(op, f, s.c, k, shape);
    if (!g) continue;
    const Mat<double> sum = reduced(*g, in);
    if (shape_of(sum) != in || !agrees(f, sum, r, s.size[k])) continue;
    const bool over_rows = in.rows != shape.rows, over_cols = in.cols != shape.cols;
    return fmt::format(
        "a reduction is missing: the gradient of {} is {} and must be summed over {}, "
        "along which {} is repeated",
        name, to_string(shape),
        over_rows && over_cols ? "rows and columns"
        : over_rows            ? "the rows"
                               : "the columns",
        name);
  }
  if (const auto g = gradient_of_shape(op, f, s.c, k, {in.cols, in.rows});
      g && agrees(f, *g, r, s.size[k], true)) {
    return fmt::format("the gradient of {} is transposed", name);
  }
  for (std::size_t j = 0; j < op.arity(); ++j) {
    const auto g =
        j == k ? std::nullopt : gradient_of_shape(op, f, s.c, k, shape_of(s.c.inputs[j]));
    if (g && agrees(f, *g, s.reference[j], s.size[j])) {
      return fmt::format("the gradient of {} is that of {}: are the two exchanged?", name,
                         input_name(op.arity(), j));
    }
  }
  return "";
}

/// Two calls at one point differ by the gradient there.
bool adds_up(const Operation& op, const Format& f, const Case& c) {
  const auto first = sample_at(op, f, c), again = sample_at(op, f, c);
  if (!first || !again) return false;
  for (std::size_t k = 0; k < op.arity(); ++k) {
    const Mat<double>&r = first->reference[k], &before = first->got[k], &after = again->got[k];
    if (r.size() == 0 || r.hasNaN() || before == after) continue;
    if (agrees(f, after - before, r, after.cwiseAbs() + first->size[k])) return true;
  }
  return false;
}

/// A call at another point has the result of the one before.
bool returns_again(const Operation& op, const Format& f, const Case& c) {
  const Case other = redrawn(op, f, shapes_of(c.inputs), 1);
  const auto first = sample_at(op, f, c), after = sample_at(op, f, other);
  if (!first || !after) return false;
  for (std::size_t k = 0; k < op.arity(); ++k) {
    const Mat<double>&r = first->reference[k], &now = after->reference[k];
    if (r.size() == 0 || r.hasNaN() || now.hasNaN() || now == r) continue;
    if (after->got[k] == first->got[k] && !agrees(f, after->got[k], now, after->size[k])) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string of_shape(const Operation& op, const Format& f, const Case& c) {
  std::vector<Case> cases{c};
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Case other = generate(op, f, case_seed(i, "elsewhere", 1));
    cases.push_back(redrawn(op, f, shapes_of(other.inputs), i));
  }
  // One case tells; with an extent of 0 or 1 none of its sums are seen.
  for (const Case& one : cases) {
    const bool seen = one.upstream.size() > 1 && (one.upstream.array() != 0).any();
    if (!seen) continue;
    const Sample s = reference_at(op, f, one);
    for (std::size_t k = 0; k < op.arity(); ++k) {
      if (s.reference[k].size() == 0 || (s.reference[k].array() == 0).all()) continue;
      if (std::string text = wrong_shape(op, f, s, k); !text.empty()) return text;
    }
  }
  return "";
}

std::string of_memory(const Operation& op, const Format& f, const Case& c) {
  std::vector<Case> cases{c};
  // A sum over all calls may be so large by now that it swallows what is added: another shape makes
  // most buffers anew.
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Case other = generate(op, f, case_seed(i, "elsewhere", 1));
    if (shapes_of(other.inputs) != shapes_of(c.inputs)) {
      cases.push_back(redrawn(op, f, shapes_of(other.inputs), i));
    }
  }
  for (const Case& one : cases) {
    if (adds_up(op, f, one)) {
      return "every call adds to the result of the one before: a buffer is not cleared";
    }
  }
  if (returns_again(op, f, c)) {
    return "the result of an earlier call is returned again: state is kept";
  }
  return "";
}

}  // namespace assay::verify::patterns
