#include "catalogue/conventions.hpp"

#include <limits>
#include <numbers>

namespace assay::verify {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double log_2 = std::numbers::ln2;

using M = Mat<double>;

/// One number, two, ...: an elementwise operation at a point.
M at(double x) { return M::Constant(1, 1, x); }

std::vector<Convention> all() {
  return {
      // Kinks: 0 is taken for the sign of 0.
      {"abs", {at(0)}, at(0), {at(0)}, "the middle of -1 and 1"},
      {"relu", {at(0)}, at(0), {at(0)}, "the left slope"},
      {"clamp", {at(1)}, at(1), {at(1)}, "the bounds belong to the inside"},
      {"l1", {at(2), at(2)}, at(0), {at(0), at(0)}, "the middle of -1 and 1"},
      {"maximum", {at(2), at(2)}, at(2), {at(0.5), at(0.5)}, "a tie is shared"},
      {"minimum", {at(2), at(2)}, at(2), {at(0.5), at(0.5)}, "a tie is shared"},
      {"maximum", {at(-inf), at(inf)}, at(inf), {at(0), at(1)}, ""},
      {"minimum", {at(-inf), at(inf)}, at(-inf), {at(1), at(0)}, ""},

      // Roots, powers and logarithms at 0.
      {"sqrt", {at(0)}, at(0), {at(inf)}, "the limit"},
      {"log", {at(0)}, at(-inf), {at(inf)}, "the limit"},
      {"log", {at(-1)}, at(nan), {at(-1)}, "1 / x beside a NaN"},
      {"reciprocal", {at(0)}, at(inf), {at(-inf)}, "the limit from the side of the sign of 0"},
      {"reciprocal", {at(-0.0)}, at(-inf), {at(-inf)}, "the limit from the side of the sign of 0"},
      {"pow", {at(0), at(0)}, at(1), {at(0), at(0)}, "0^0 = 1 and has no slope"},
      {"pow", {at(0), at(2)}, at(0), {at(0), at(0)}, "the limit"},
      {"pow", {at(0), at(1)}, at(0), {at(1), at(0)}, "the limit"},
      {"pow", {at(0), at(0.5)}, at(0), {at(inf), at(0)}, "the limit"},
      {"pow", {at(0), at(-1)}, at(inf), {at(-inf), at(-inf)}, "the limit"},
      {"pow", {at(-2), at(3)}, at(-8), {at(12), at(0)}, "no power beside a whole one: 0"},
      {"xlogy", {at(0), at(0)}, at(0), {at(0), at(0)}, "0 log 0 = 0"},
      {"xlogy", {at(0), at(-3)}, at(0), {at(0), at(0)}, "0 whatever b"},
      {"xlogy", {at(2), at(0)}, at(-inf), {at(-inf), at(inf)}, "the limit"},
      {"atan2", {at(0), at(0)}, at(0), {at(0), at(0)}, "the origin has no direction"},
      {"atan2", {at(inf), at(inf)}, at(0.78539816339744830962), {at(0), at(0)}, "as std::atan2"},

      // Probabilities 0 and 1.
      {"bce", {at(0), at(0)}, at(0), {at(1), at(inf)}, "0 log 0 = 0; the limits"},
      {"bce", {at(0), at(1)}, at(inf), {at(-inf), at(inf)}, "the limit"},
      {"bce", {at(1), at(1)}, at(0), {at(-1), at(-inf)}, "0 log 0 = 0; the limits"},
      {"bce", {at(1), at(0)}, at(inf), {at(inf), at(-inf)}, "the limit"},
      {"kl_div", {at(-1), at(0)}, at(0), {at(0), at(-inf)}, "0 log 0 = 0; the limit"},
      {"kl_div", {at(-inf), at(0)}, at(0), {at(0), at(nan)}, "p = q = 0: no divergence"},
      {"kl_div", {at(-inf), at(0.5)}, at(inf), {at(-0.5), at(inf)}, "q = 0 < p"},
      {"kl_div_log", {at(-1), at(-inf)}, at(0), {at(0), at(0)}, "p = 0"},
      {"kl_div_log", {at(-inf), at(-inf)}, at(0), {at(0), at(0)}, "p = q = 0"},

      // Reductions.
      {"logsumexp", {M{{-inf, -inf}}}, at(-inf), {M{{0.5, 0.5}}}, "as of equal numbers"},
      {"logsumexp", {M{{-inf, 3}}}, at(3), {M{{0, 1}}}, "the limit"},
      {"logsumexp", {M{{inf, 3}}}, at(inf), {M{{1, 0}}}, "the limit"},
      {"logsumexp", {M{{inf, inf}}}, at(inf), {M{{0.5, 0.5}}}, "as of equal numbers"},
      {"logsumexp_rowwise",
       {M{{-inf, -inf}, {2, 2}}},
       M{{-inf}, {2 + log_2}},
       {M{{0.5, 0.5}, {0.5, 0.5}}},
       "a row of -inf: as of equal numbers"},
      {"logsumexp_colwise",
       {M{{-inf, 2}, {-inf, 2}}},
       M{{-inf, 2 + log_2}},
       {M{{0.5, 0.5}, {0.5, 0.5}}},
       "a column of -inf: as of equal numbers"},
      {"softmax", {M{{-inf, -inf}}}, M{{0.5, 0.5}}, {M{{0, 0}}}, "as of equal numbers"},
      {"softmax_rowwise",
       {M{{-inf, -inf}, {2, -inf}}},
       M{{0.5, 0.5}, {1, 0}},
       {M{{0, 0}, {0, 0}}},
       "a row of -inf: as of equal numbers"},
      {"softmax_colwise",
       {M{{-inf, 2}, {-inf, -inf}}},
       M{{0.5, 1}, {0.5, 0}},
       {M{{0, 0}, {0, 0}}},
       "a column of -inf: as of equal numbers"},
      {"softmax", {M{{inf, 3}}}, M{{1, 0}}, {M{{0, 0}}}, "the limit"},
      {"log_softmax", {M{{-inf, 3}}}, M{{-inf, 0}}, {M{{1, -1}}}, "the limit"},
      {"log_softmax", {M{{-inf, -inf}}}, M{{-log_2, -log_2}}, {M{{0, 0}}}, "as of equal numbers"},
      {"log_softmax", {M{{inf, inf}}}, M{{-log_2, -log_2}}, {M{{0, 0}}}, "as of equal numbers"},
      {"log_softmax_rowwise",
       {M{{-inf, -inf}, {3, -inf}}},
       M{{-log_2, -log_2}, {0, -inf}},
       {M{{0, 0}, {-1, 1}}},
       "a row of -inf: as of equal numbers"},
      {"log_softmax_colwise",
       {M{{-inf, 3}, {-inf, -inf}}},
       M{{-log_2, 0}, {-log_2, -inf}},
       {M{{0, -1}, {0, 1}}},
       "a column of -inf: as of equal numbers"},
      {"norm", {M{{0, 0}}}, at(0), {M{{0, 0}}}, "the tip of a cone: the middle of all slopes"},
      {"stddev", {M{{2, 2}}}, at(0), {M{{0, 0}}}, "the tip of a cone: the middle of all slopes"},
      {"prod", {M{{0, 3}}}, at(0), {M{{3, 0}}}, "no division by the element"},
      {"prod", {M{{0, 0, 3}}}, at(0), {M{{0, 0, 0}}}, "no division by the element"},
      {"max", {M{{2, 2, 1}}}, at(2), {M{{1, 0, 0}}}, "the first of a tie"},
      {"min", {M{{2, 1, 1}}}, at(1), {M{{0, 1, 0}}}, "the first of a tie"},
      {"max", {M{{1, nan, 3}}}, at(nan), {M{{0, 1, 0}}}, "NaN wins"},
      {"sum", {M{{inf, -inf}}}, at(nan), {M{{1, 1}}}, ""},

      // Of a choice, the branch not taken stays out.
      {"where",
       {M{{nan, inf}, {1, 2}}, M{{3, 4}, {nan, -inf}}},
       M{{nan, 4}, {1, 2}},
       {M{{1, 0}, {1, 1}}, M{{0, 1}, {0, 0}}},
       "mask [true, false; true, true]"},
  };
}

}  // namespace

const std::vector<Convention>& conventions() {
  static const std::vector<Convention> list = all();
  return list;
}

}  // namespace assay::verify
