#pragma once
#include "assay/map.hpp"
#include "assay/special.hpp"

namespace assay {

/// y = x t, t = tanh(log(1 + e^x))        dx = dy (t + x t'), t' = (1 - t^2) s(x)
/// With e = e^-|x|, for x >= 0: t = n / d, n = 1 + 2e, d = n + 2e^2, and
///   dx = 1 + 2e^2 (h - 1) / d, h = 2x (1 + e) / d;
/// for x < 0: t = e n / d, n = 2 + e, d = 2 + e n, and
///   dx = e (n + h) / d, h = 4x (1 + e) / d, for x < -3/4, where n + h cancels,
///   dx = e (4 (1 + x) + e (6 + 4x + e (4 + e))) / d^2, d^2 = 4 + e (8 + e (8 + e (4 + e))).
/// The factor e comes last, because it underflows before its product does.
/// Worst ulp of y and dx with FMA / without: float 2.82 (-0x1.a89162p-7) / 2.77, 3.03 / 3.04
/// (-0x1.01a702p-2); double 2.60 / 2.91 (-0x1.4839c9e04d09ap+2), 2.85 / 2.91
/// (-0x1.0935bdae3a36dp-2); beside the zero of dx 2.1 envelope units.
struct Mish {
  static constexpr auto name = "mish";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .near_zero = envelope};
  template <Real T>
  static T f(const T& x) {
    const Parts<T> p(x);
    const T y = x * fn::over_sum(p.n, p.c, p.s);
    return fn::select(p.down, fn::mul_exp(fn::finite(y), p.u), y);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    const Parts<T> p(x);
    const T one = T(4) * (T(1) + x), two = T(6) + T(4) * x;
    const T far = fn::finite(one) + p.e * (fn::finite(two) + p.e * (T(4) + p.e));
    const T x2 = fn::finite(T(x + x)), twice = fn::select(p.down, T(x2 + x2), x2);
    const T h = twice * (T(1) + p.e) / (p.c + p.s);
    const T up = T(2) * p.e * p.e * (h - T(1));
    const T square = p.e * (T(8) + p.e * (T(8) + p.e * (T(4) + p.e)));
    const bool is_far = x < T(-3) / T(4);
    const T near = fn::select(p.down, T(p.n + h), up);
    const T slope = fn::over_sum(fn::select(is_far, far, near), fn::select(is_far, T(4), p.c),
                                 fn::select(is_far, square, p.s));
    return fn::select(p.down, fn::mul_exp(fn::finite(slope), p.u), T(T(1) + slope));
  }

 private:
  template <Real T>
  struct Parts {
    bool down;
    T u, e, n, c, s;  // d = c + s

    [[gnu::always_inline]] explicit Parts(const T& x)
        : down(x < T(0)),
          u(fn::select(down, x, T(-x))),
          e(fn::exp(u)),
          n(fn::select(down, T(T(2) + e), T(T(1) + (e + e)))),
          c(fn::select(down, T(2), n)),
          s(fn::select(down, T(e * n), T(T(2) * (e * e)))) {}
  };
};
inline constexpr Call<Map<Mish>> mish;

}  // namespace assay
