// Faults of what a rule remembers between calls, or modifies.

#include "wrong/wrong.hpp"

namespace assay::verify::wrong {
namespace {

template <class T>
bool same_shapes(std::span<const Mat<T>> a, std::span<const Mat<T>> b) {
  bool same = a.size() == b.size();
  for (std::size_t k = 0; same && k < a.size(); ++k) same = shape_of(a[k]) == shape_of(b[k]);
  return same;
}

struct Stale {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    std::vector<Mat<T>>& first = b.memory.gradients;
    if (!same_shapes<T>(first, dx)) first.assign(dx.begin(), dx.end());
    std::copy(first.begin(), first.end(), dx.begin());
  }
};
/// A buffer that is not cleared.
struct Summed {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    std::vector<Mat<T>>& sum = b.memory.gradients;
    if (same_shapes<T>(sum, dx)) {
      for (std::size_t k = 0; k < dx.size(); ++k) dx[k] += sum[k];
    }
    sum.assign(dx.begin(), dx.end());
  }
};
/// As the order in which threads add is.
struct RunToRun {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    if (case_seed(b.memory.calls, "run to run", 0) % 2 == 0) return;
    for (Mat<T>& g : dx) {
      for (T& v : g.reshaped()) v = std::nextafter(v, T(0));
    }
  }
};
/// The node that both inputs are gets one of its two gradients.
struct Aliased {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const bool one = b.x[0].map().data() == b.x[1].map().data();
    if (one && b.x[0].shape() == b.x[1].shape()) dx[0].setZero();
  }
};

template <class T>
void twice(const T* data, Eigen::Index size) {
  for (Eigen::Index i = 0; i < size; ++i) const_cast<T*>(data)[i] *= T(2);
}
struct Upstream {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>>) {
    twice(b.dy.data(), b.dy.size());
  }
};
struct Input {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>>) {
    const auto x = b.x[0].map();
    twice(x.data(), x.size());
  }
};
struct Output {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>>) {
    twice(b.y.data(), b.y.size());
  }
};

/// Where both gradients of op(x, x) are 0, as those of a loss are, losing one loses nothing.
bool has_slope_at_itself(const Operation& op) {
  if (op.arity() != 2) return false;
  const Mat<double> x{{0.25, 0.5}, {0.75, 0.375}};
  const std::vector<Mat<double>> both{x, x};
  try {
    const Shape y = op.in_double->shape(std::vector<Shape>{shape_of(x), shape_of(x)});
    return !op.in_double->gradients(Mat<double>::Ones(y.rows, y.cols), views(both))[0].isZero(0);
  } catch (const std::exception&) {
    return true;  // not an input that it takes: whether it can be wrong the witness says
  }
}

}  // namespace

std::vector<Fault> of_state() {
  using enum Fault::In;
  return {
      {.name = "overwrite",
       .number = 2,
       .about = "the sweep overwrites a gradient where it should add to it",
       .in = sweep},
      fault<Aliased>("aliased", 2, "where both inputs are one node, one gradient is lost",
                     has_slope_at_itself, bits),
      fault<Stale>("stale", 4, "the second call returns the gradient of the first", nullptr, bits),
      fault<Summed>("summed", 4, "every call adds to the gradients of the call before", nullptr,
                    bits),
      fault<Upstream>("upstream", 23, "the upstream gradient is modified in place", nullptr, bits),
      fault<Input>("input", 23, "an input is modified in place", nullptr, bits),
      fault<Output>("output", 23, "the output is modified in place", nullptr, bits),
      fault<RunToRun>("run-to-run", 25, "every other call or so differs in the last bit", nullptr,
                      bits),
  };
}

}  // namespace assay::verify::wrong
