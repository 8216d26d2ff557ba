#pragma once
// Loss<Rule, reduction>: an elementwise rule on (prediction, label), reduced to one number.

#include "assay/map.hpp"
#include "assay/reduce.hpp"

namespace assay {

enum class Reduction { none, mean, sum };

namespace detail {

/// "rule" + "_mean" at compile time, so that a loss is named once.
template <class Rule, Reduction reduction>
struct LossName {
  static constexpr std::string_view base = Rule::name;
  static constexpr std::string_view suffix = reduction == Reduction::mean ? "_mean" : "_sum";
  static constexpr auto text = [] {
    std::array<char, base.size() + suffix.size() + 1> s{};
    for (std::size_t i = 0; i < base.size(); ++i) s[i] = base[i];
    for (std::size_t i = 0; i < suffix.size(); ++i) s[base.size() + i] = suffix[i];
    return s;
  }();
};

}  // namespace detail

/// y = sum over i of f(a_i, b_i), or that / n        da_i = dy df/da(a_i, b_i) (/ n), db likewise
/// a and b are of one shape: a loss never broadcasts and never truncates.
template <class Rule, Reduction reduction>
struct Loss {
  static constexpr const char* name = detail::LossName<Rule, reduction>::text.data();
  /// In units of the envelope, for a rule that is right to four ulp.
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  [[no_unique_address]] Rule rule{};

  static Shape shape(Shape a, Shape b) {
    require(a == b, name, {{"a", a}, {"b", b}}, "they must be of one shape");
    require(reduction == Reduction::sum || a.size() > 0, name, {{"a", a}},
            "the mean over no elements is undefined");
    return {1, 1};
  }
  template <class T>
  requires requires(const Rule& r, const T& x) { r.f(x, x); }
  [[nodiscard]] Mat<T> forward(const Mat<T>& a, const Mat<T>& b) const {
    const auto f = detail::value_binary<T>(rule);
    const T *pa = a.data(), *pb = b.data();
    const T total = detail::lane_sum<T>(a.size(), [=](Eigen::Index i) { return f(pa[i], pb[i]); });
    return Mat<T>::Constant(1, 1,
                            reduction == Reduction::mean ? T(total / count<T>(a.size())) : total);
  }
  template <class T>
  requires requires(const Rule& r, const T& x) { r.df(x, x, x); }
  [[nodiscard]] Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b,
                                     const Mat<T>&) const {
    return {gradient<0>(dy, a, b), gradient<1>(dy, a, b)};
  }
  template <class T>
  requires requires(const Rule& r, const T& x) { r.df(x, x, x); }
  void backward_into(std::span<Sink<T>> dx, const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b,
                     const Mat<T>&) const {
    if (dx[0].wanted()) dx[0].take(gradient<0>(dy, a, b));
    if (dx[1].wanted()) dx[1].take(gradient<1>(dy, a, b));
  }

 private:
  template <std::size_t k, class T>
  [[nodiscard]] Mat<T> gradient(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b) const {
    const T scale = reduction == Reduction::mean ? T(dy(0, 0) / count<T>(a.size())) : dy(0, 0);
    const auto vjp = detail::slopes_binary<T>(rule);
    // No rule of a loss needs its own value y, which the reduction has swallowed.
    const auto at = [=](Eigen::Index, const T& u, const T& v) { return vjp(scale, u, v, u); };
    Mat<T> g = detail::map_gradient<k>(at, a, b, shape_of(a));
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
      // Eigen's allFinite() is not vectorised: of a large batch it took a fifth of a step.
      const bool finite = (g.array() * T(0)).sum() == T(0);
      if (!finite) again_wider<k>(scale, a, b, g);
    }
    return g;
  }

  /// What overflows in df alone need not with the scale, 1 / n above all.
  template <std::size_t k, class T>
  [[gnu::noinline]] void again_wider(const T& scale, const Mat<T>& a, const Mat<T>& b,
                                     Mat<T>& g) const {
    using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
    for (Eigen::Index i = 0; i < g.size(); ++i) {
      if (std::isfinite(g.data()[i])) continue;
      const Wide u = a.data()[i], v = b.data()[i];
      g.data()[i] = static_cast<T>(detail::pull_back(rule, Wide(scale), u, v, u)[k]);
    }
  }
};

}  // namespace assay
