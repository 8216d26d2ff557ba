// Faults at single points and beyond thresholds.

#include "wrong/wrong.hpp"

namespace assay::verify::wrong {
namespace {

template <class T>
constexpr bool is_float = std::is_same_v<T, float>;

struct Tail {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    each_element(b, dx, [](T x, T& g) { g = std::abs(x) > T(20) ? -g : g; });
  }
};
struct FarTail {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    constexpr T far = is_float<T> ? T(80) : T(600);
    each_element(b, dx, [](T x, T& g) { g = x < -far || x > far ? -g : g; });
  }
};

struct AtZero {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    each_element(b, dx, [](T x, T& g) { g = x == T(0) ? T(0) : g; });
  }
};
struct AtOne {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    each_element(b, dx, [](T x, T& g) { g = x == T(1) ? g / T(2) : g; });
  }
};
/// As x / sqrt(sum of x^2), 1 / (2 sqrt(x)) and b a^b / a are.
struct NanAtZero {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    for (std::size_t k = 0; k < dx.size(); ++k) {
      if (dx[k].size() > 0 && (b.x[k].map().array() == T(0)).all()) dx[k].setConstant(nan<T>);
    }
  }
};
/// As y / x is.
struct ZeroFactor {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    each_element(b, dx, [](T x, T& g) { g = x == T(0) ? nan<T> : g; });
  }
};

/// The last of equal elements instead of the first.
struct LastOfTies {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const Lines lines(b.op);
    const auto x = b.x[0].map();
    const Shape s = b.x[0].shape();
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      for (Eigen::Index j = i + 1; j < x.size(); ++j) {
        const bool tie = x.data()[i] == x.data()[j] && lines.of(s, i) == lines.of(s, j);
        if (tie && dx[0].data()[i] != T(0)) std::swap(dx[0].data()[i], dx[0].data()[j]);
      }
    }
  }
};
/// All of equal elements instead of one.
struct AllOfTies {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const Lines lines(b.op);
    const auto x = b.x[0].map();
    const Shape s = b.x[0].shape();
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      for (Eigen::Index j = i + 1; j < x.size(); ++j) {
        const bool tie = x.data()[i] == x.data()[j] && lines.of(s, i) == lines.of(s, j);
        if (tie && dx[0].data()[j] == T(0)) dx[0].data()[j] = dx[0].data()[i];
      }
    }
  }
};
/// Of two equal inputs the first takes all.
struct FirstOfTwo {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    if (b.x[0].shape() != b.x[1].shape()) return;
    for (Eigen::Index i = 0; i < dx[0].size(); ++i) {
      if (b.x[0].map().data()[i] != b.x[1].map().data()[i]) continue;
      dx[0].data()[i] += dx[1].data()[i];
      dx[1].data()[i] = T(0);
    }
  }
};
/// The other side's derivative at a declared kink; anything at a closed end of the domain.
struct Boundary {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    for (std::size_t k = 0; k < dx.size(); ++k) {
      const auto x = b.x[k].map();
      const Interval& i = b.op.inputs[k];
      for (Eigen::Index j = 0; j < dx[k].size(); ++j) {
        T& g = dx[k].data()[j];
        const auto at = static_cast<double>(x.data()[j]);
        for (const Kink& kink : b.op.kinks) {
          if (kink.input == k && kink.at == at) g = kink.value == 0 ? T(1) : T(0);
        }
        const bool end = (!i.lo_open && at == i.lo) || (!i.hi_open && at == i.hi);
        if (end) g += T(1);
      }
    }
  }
};

/// 0 times the other branch, which is e^|x|.
struct Leak {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    each_element(b, dx, [](T x, T& g) { g += T(0) * std::exp(std::abs(x)); });
  }
};
/// x^2 on the way.
struct Overflow {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    each_element(b, dx, [](T x, T& g) { g = std::isfinite(x * x) ? g : g * (x * x); });
  }
};
struct Underflow {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    constexpr T least = is_float<T> ? T(1e-9) : T(1e-30);
    for (Mat<T>& g : dx) g = (g.array().abs() < least).select(T(0) * g, g);
  }
};
struct Cancelled {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    for (Mat<T>& g : dx) g = ((g.array() + T(1)) - T(1)).matrix().eval();
  }
};

/// Widths of 1e-3, where the domain has room.
struct Window {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    each_element(b, dx, [](T x, T& g) {
      const bool inside = (x >= T(1.7) && x <= T(1.701)) || (x >= T(0.37) && x <= T(0.371));
      g *= inside ? T(1.5) : T(1);
    });
  }
};
struct NegativeWindow {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    each_element(b, dx,
                 [](T x, T& g) { g *= x >= T(-5.001) && x <= T(-5) ? T(1) + T(1) / T(64) : T(1); });
  }
};

bool certain_outcomes(const Interval& i) {
  return i.lo == 0 && i.hi == 1 && !i.lo_open && !i.hi_open;
}
/// 0 log 0.
struct Certain {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    for (std::size_t k = 0; k < dx.size(); ++k) {
      if (!certain_outcomes(b.op.inputs[k]) || shape_of(dx[0]) != shape_of(dx[k])) continue;
      const auto p = b.x[k].map();
      for (Eigen::Index i = 0; i < p.size(); ++i) {
        if (p.data()[i] == T(0) || p.data()[i] == T(1)) dx[0].data()[i] = nan<T>;
      }
    }
  }
};
/// e^(-inf - (-inf)), in every line of nothing but -inf.
struct AllMinusInfinity {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const auto x = b.x[0].map();
    const Lines lines(b.op);
    const Shape s = b.x[0].shape();
    std::vector<bool> all(static_cast<std::size_t>(lines.count(s)), true);
    const auto line = [&](Eigen::Index i) { return static_cast<std::size_t>(lines.of(s, i)); };
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      if (x.data()[i] != -std::numeric_limits<T>::infinity()) all[line(i)] = false;
    }
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      if (all[line(i)]) dx[0].data()[i] = nan<T>;
    }
  }
};

bool products(const Operation& op) { return begins_with(op, "prod") || op.name == "cumprod"; }
bool roots(const Operation& op) {
  return begins_with(op, "norm") || begins_with(op, "stddev") || op.name == "sqrt" ||
         op.name == "pow";
}
bool exponential_sums(const Operation& op) {
  return begins_with(op, "logsumexp") || begins_with(op, "softmax") ||
         begins_with(op, "log_softmax");
}
bool selects_first(const Operation& op) { return op.ties == Ties::first; }
bool selects_of_two(const Operation& op) {
  return op.ties != Ties::none && op.elementwise && op.arity() == 2;
}
bool has_boundaries(const Operation& op) {
  bool any = false;
  for (const Kink& k : op.kinks) any = any || k.kind == Kink::Kind::value;
  for (const Interval& i : op.inputs) {
    any = any || (!i.lo_open && std::isfinite(i.lo)) || (!i.hi_open && std::isfinite(i.hi));
  }
  return any && op.elementwise;
}
bool has_certain(const Operation& op) {
  bool any = false;
  for (const Interval& i : op.inputs) any = any || certain_outcomes(i);
  return any;
}
bool elementwise(const Operation& op) { return op.elementwise; }

}  // namespace

std::vector<Fault> at_points() {
  return {
      fault<Tail>("tail", 1, "the gradient has the wrong sign where |x| > 20"),
      fault<FarTail>("far-tail", 1,
                     "the gradient has the wrong sign where |x| > 600 (80 in float)"),
      fault<AtZero>("at-zero", 9, "the gradient is 0 where x is exactly 0"),
      fault<AtOne>("at-one", 9, "the gradient is halved where x is exactly 1"),
      fault<ZeroFactor>("zero-factor", 10, "the gradient of a factor that is 0 is NaN", products),
      fault<LastOfTies>("last-of-ties", 12, "of equal elements the last is differentiated",
                        selects_first),
      fault<AllOfTies>("all-of-ties", 12, "of equal elements all are differentiated",
                       selects_first),
      fault<FirstOfTwo>("first-of-two", 12, "of two equal inputs the first takes all",
                        selects_of_two),
      fault<Boundary>("boundary", 12,
                      "at a kink, or a closed end of the domain, the derivative is another",
                      has_boundaries),
      fault<NanAtZero>("nan-at-zero", 13, "the gradient at 0 is NaN", roots),
      fault<Leak>("leak", 14, "a branch that is not taken is e^|x|, times 0"),
      fault<AllMinusInfinity>("all-minus-infinity", 15,
                              "the gradient of a line of nothing but -inf is NaN",
                              exponential_sums),
      fault<Overflow>("overflow", 16, "the gradient is infinite where x^2 is"),
      fault<Underflow>("underflow", 17, "gradients below 1e-30 (1e-9 in float) are 0"),
      fault<Cancelled>("cancelled", 17, "gradients are computed as (1 + g) - 1"),
      fault<Certain>("certain", 24, "the gradient is NaN where a probability is 0 or 1",
                     has_certain),
      fault<Window>("window", 27, "the gradient is wrong by a half for x in a window of width 1e-3",
                    elementwise),
      fault<NegativeWindow>("negative-window", 27,
                            "the gradient is wrong by a 64th for x in [-5.001, -5]", elementwise),
  };
}

}  // namespace assay::verify::wrong
