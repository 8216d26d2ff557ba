#pragma once
#include <numbers>

#include "assay/factor.hpp"
#include "assay/well_posed.hpp"

namespace assay {

namespace detail {

/// log |x_1 x_2 ...|, where neither the product nor a sum of logarithms that cancel is formed.
template <class T, class W>
T log_of_product(const std::vector<W>& x) {
  if constexpr (is_dual<T>) {
    std::vector<decltype(W::v)> values;
    decltype(W::d) slope(0);
    for (const W& f : x) {
      values.push_back(f.v);
      slope += f.d / f.v;
    }
    return {log_of_product<decltype(T::v)>(values), narrowed<decltype(T::d)>(slope)};
  } else if constexpr (std::is_same_v<T, W> && !std::is_floating_point_v<T>) {
    using std::log;
    T whole(1);
    for (const T& f : x) whole *= magnitude(f);
    return log(whole);
  } else {
    W whole(1);
    long exponents = 0;
    for (const W& f : x) {
      whole *= magnitude(f);
      int e = 0;
      static_cast<void>(std::frexp(static_cast<long double>(whole), &e));
      whole *= W(std::ldexp(1.0L, -e));
      exponents += e;
    }
    if (whole * whole < W(1) / W(2)) {  // near 1, so that the two terms do not cancel
      whole *= W(2);
      --exponents;
    }
    const auto top = static_cast<long double>(whole);
    const auto rest = static_cast<long double>(whole - W(top));
    return static_cast<T>(std::log(top) + rest / top +
                          static_cast<long double>(exponents) * std::numbers::ln2_v<long double>);
  }
}

}  // namespace detail

/// y = log |det A|        dA = dy A'^-1        A is square and not singular; of 0x0 it is 0
struct LogDet {
  static constexpr auto name = "logdet";
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  static Shape shape(Shape a) {
    detail::require_square(name, a);
    return {1, 1};
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& a, Mat<T>& saved) {
    detail::require_finite(name, a);
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const auto r = detail::inverted<W>(name, a);
      saved = detail::packed<T>(r.inverse);
      return Mat<T>(Mat<T>::Constant(1, 1, detail::log_of_product<T>(r.pivots)));
    });
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>&,
                              const Mat<T>& saved) {
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const W upstream = detail::widened<W>(dy(0, 0));
      const Mat<W> inv = detail::unpacked_matrix<W>(saved);
      return Grads<T, 1>{detail::narrowed<T>(Mat<W>(inv.transpose() * upstream))};
    });
  }
  static void arrange(std::span<Mat<double>> inputs) { detail::make_regular(inputs[0]); }
};
inline constexpr Call<LogDet> logdet;

}  // namespace assay
