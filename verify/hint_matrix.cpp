// Patterns that gradients of matrix operations show as a whole.

#include <fmt/format.h>

#include <array>

#include "hint.hpp"
#include "hint_patterns.hpp"

namespace assay::verify::patterns {
namespace {

/// More elements than this are not tried at many places: the failing case alone must tell.
constexpr Eigen::Index most_elements = 40;

struct Extent {
  std::string_view name;
  Eigen::Index (*of)(const Sample&, std::size_t k);
};
constexpr std::array extents{
    Extent{"the number of rows",
           [](const Sample& s, std::size_t k) { return s.c.inputs[k].rows(); }},
    Extent{"the number of columns",
           [](const Sample& s, std::size_t k) { return s.c.inputs[k].cols(); }},
    Extent{"the number of elements",
           [](const Sample& s, std::size_t k) { return s.c.inputs[k].size(); }},
    Extent{"the number of the output's elements",
           [](const Sample& s, std::size_t) { return s.c.upstream.size(); }}};

/// Off by n or by 1/n, where n is an extent that differs among the samples.
std::string extent_factor(const Format& f, const std::vector<Sample>& samples,
                          const std::vector<Evidence>& all, std::size_t k) {
  for (const Extent& extent : extents) {
    for (const bool inverse : {true, false}) {
      std::set<Eigen::Index> seen;
      bool holds = true;
      for (const Evidence& e : all) {
        if (e.reference == 0) continue;
        const Eigen::Index n = extent.of(samples[e.sample], k);
        const double expected = inverse ? 1.0 / static_cast<double>(n) : static_cast<double>(n);
        holds = holds && same(e.got / e.reference, expected, ratio_tolerance(f));
        seen.insert(n);
      }
      if (!holds || seen.size() < 2) continue;
      return inverse
                 ? fmt::format("divided by {}: a mean's factor where there is a sum?", extent.name)
                 : fmt::format("multiplied by {}: is a mean's 1/n missing?", extent.name);
    }
  }
  return "";
}

bool symmetric(const Mat<double>& m) { return m.rows() == m.cols() && m == m.transpose(); }

/// `holds` for every sample that `tells`; and enough do.
bool throughout(const std::vector<Sample>& samples, const std::function<bool(const Sample&)>& tells,
                const std::function<bool(const Sample&)>& holds, std::size_t enough) {
  std::size_t told = 0;
  for (const Sample& s : samples) {
    if (!tells(s)) continue;
    if (!holds(s)) return false;
    ++told;
  }
  return told >= enough;
}

std::string transposition(const Format& f, const std::vector<Sample>& samples, std::size_t k) {
  const bool is = throughout(
      samples,
      [&](const Sample& s) {
        const Mat<double>& r = s.reference[k];
        return r.rows() == r.cols() && r.size() > 1 && !r.hasNaN() && !symmetric(r);
      },
      [&](const Sample& s) { return agrees(f, s.got[k], s.reference[k], s.size[k], true); }, 2);
  return is ? "the gradient is transposed" : "";
}

std::string swap(const Operation& op, const Format& f, const std::vector<Sample>& samples,
                 std::size_t k) {
  for (std::size_t j = 0; j < op.arity(); ++j) {
    if (j == k) continue;
    const bool is = throughout(
        samples,
        [&](const Sample& s) {
          return shape_of(s.reference[j]) == shape_of(s.reference[k]) &&
                 s.reference[k].size() > 0 && !s.reference[j].hasNaN() &&
                 !s.reference[k].hasNaN() && s.reference[j] != s.reference[k];
        },
        [&](const Sample& s) { return agrees(f, s.got[k], s.reference[j], s.size[j]); }, 2);
    if (is) {
      return fmt::format("this is the gradient of {}: are the two exchanged?",
                         input_name(op.arity(), j));
    }
  }
  return "";
}

/// Right where the upstream gradient is 1, and only there.
std::string upstream_of_one(const Operation& op, const Format& f,
                            const std::vector<Sample>& samples, std::size_t k) {
  std::size_t told = 0;
  bool ignored = true;
  for (const Sample& s : samples) {
    if (s.reference[k].size() == 0 || s.reference[k].hasNaN()) continue;
    if (agrees(f, s.got[k], s.reference[k], s.size[k])) continue;
    Case with_ones = s.c;
    with_ones.upstream.setOnes();
    if (with_ones.upstream == s.c.upstream) return "";
    const std::optional<Sample> ones = sample_at(op, f, with_ones);
    if (!ones || (ones->got[k].array() == 0).all()) return "";
    if (!agrees(f, ones->got[k], ones->reference[k], ones->size[k])) return "";
    ignored = ignored && ones->got[k] == s.got[k];
    ++told;
  }
  if (told < 2) return "";
  return ignored ? "the upstream gradient is not used: right only where it is 1"
                 : "right only where the upstream gradient is 1: is it one factor of every term?";
}

/// Only the first (or last) of the rows or columns along which the input is repeated counts.
bool one_repetition(const Operation& op, const Format& f, const Case& c, std::size_t k, bool rows) {
  const Mat<double>& x = c.inputs[k];
  const Eigen::Index n = rows ? c.upstream.rows() : c.upstream.cols();
  if ((rows ? x.rows() : x.cols()) != 1 || n < 2) return false;
  Eigen::Index right = 0, zeros = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    Case one = c;
    one.upstream.setZero();
    if (rows) {
      one.upstream.row(i) = c.upstream.row(i);
    } else {
      one.upstream.col(i) = c.upstream.col(i);
    }
    const std::optional<Sample> s = sample_at(op, f, one);
    if (!s || s->reference[k].hasNaN() || (s->reference[k].array() == 0).all()) return false;
    if (agrees(f, s->got[k], s->reference[k], s->size[k])) ++right;
    if ((s->got[k].array() == 0).all()) ++zeros;
  }
  return right == 1 && zeros == n - 1;
}

std::string lost_repetitions(const Operation& op, const Format& f,
                             const std::vector<Sample>& samples, std::size_t k) {
  for (const Sample& s : samples) {
    for (const bool rows : {true, false}) {
      if (!one_repetition(op, f, s.c, k, rows)) continue;
      const Eigen::Index n = rows ? s.c.upstream.rows() : s.c.upstream.cols();
      return fmt::format(
          "the gradient is that of one of the {} {} over which {} is repeated: it must "
          "be the sum over all",
          n, rows ? "rows" : "columns", input_name(op.arity(), k));
    }
  }
  return "";
}

std::string one_element(const Format& f, const std::vector<Sample>& samples, std::size_t k) {
  std::optional<Eigen::Index> where;
  std::size_t told = 0;
  for (const Sample& s : samples) {
    const Mat<double>& r = s.reference[k];
    if (r.size() < 4 || shape_of(r) != shape_of(samples.front().reference[k])) continue;
    Eigen::Index wrong = 0;
    for (Eigen::Index i = 0; i < r.size(); ++i) {
      if (agrees(f, s.got[k].data()[i], r.data()[i], s.size[k].data()[i])) continue;
      if (where && *where != i) return "";
      where = i;
      ++wrong;
    }
    if (wrong > 0) ++told;
  }
  if (!where || told < 2) return "";
  const Eigen::Index rows = samples.front().reference[k].rows();
  return fmt::format("of {} elements only that at row {}, column {} is wrong",
                     samples.front().reference[k].size(), *where % rows, *where / rows);
}

}  // namespace

std::string of_matrix(const Operation& op, const Format& f, const Case& c, std::size_t k) {
  const std::optional<Sample> here = sample_at(op, f, c);
  if (!here || agrees(f, here->got[k], here->reference[k], here->size[k])) return "";
  std::vector<Sample> samples{*here};
  Eigen::Index elements = 0;
  for (const Mat<double>& x : c.inputs) elements += x.size();
  if (elements <= most_elements) {
    for (Sample& s : samples_like(op, f, c)) samples.push_back(std::move(s));
  }
  const std::vector<Sample> same_shapes = samples;
  for (Sample& s : samples_elsewhere(op, f, most_elements)) samples.push_back(std::move(s));
  const std::vector<Evidence> all = evidence_of(f, samples, k);
  const Split s(all);
  if (s.wrong.empty()) return "";
  if (std::string t = single_point(op, f, c, k); !t.empty()) return t;
  for (const std::string& t :
       {zero(f, s), extent_factor(f, samples, all, k), factor(f, s), float_rounding(f, s),
        transposition(f, samples, k), swap(op, f, samples, k), lost_repetitions(op, f, samples, k),
        upstream_of_one(op, f, samples, k), one_element(f, same_shapes, k)}) {
    if (!t.empty()) return t;
  }
  return "";
}

}  // namespace assay::verify::patterns
