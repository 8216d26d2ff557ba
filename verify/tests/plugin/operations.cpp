// A shared library of a user's operations: one right, three wrong, three that do not come back.

#include <assay/verify.hpp>
#include <cstdlib>

namespace {

using assay::Field, assay::Grads, assay::Mat, assay::Real, assay::Shape;

struct PluginCube {
  static constexpr auto name = "plugin_cube";
  static constexpr auto domain = assay::on(assay::all_reals);
  template <Field T>
  static T f(const T& x) {
    return x * x * x;
  }
  template <Field T>
  static T df(const T& x, const T&) {
    return T(3) * x * x;
  }
};

struct PluginWrongSign {
  static constexpr auto name = "plugin_wrong_sign";
  static constexpr auto domain = assay::on(assay::all_reals);
  template <Real T>
  static T f(const T& x) {
    using std::cos;
    return cos(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    using std::sin;
    return sin(x);
  }
};

// Y = X + b, b a row: the gradient of b forgets to sum over the rows.
struct PluginBias {
  static constexpr auto name = "plugin_bias";
  static Shape shape(Shape x, Shape b) {
    assay::require(b.rows == 1 && b.cols == x.cols, name, {{"x", x}, {"b", b}},
                   "b must be one row as wide as x");
    return x;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x, const Mat<T>& b) {
    return x + b.replicate(x.rows(), 1);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& b, const Mat<T>&) {
    return {dy,
            x.rows() == 0 ? Mat<T>(Mat<T>::Constant(b.rows(), b.cols(), T(0))) : Mat<T>(dy.row(0))};
  }
};

// A leaky unit whose kink at 0.3 is not declared.
struct PluginHiddenKink {
  static constexpr auto name = "plugin_hidden_kink";
  static constexpr auto domain = assay::on(assay::all_reals);
  template <Field T>
  static T f(const T& x) {
    const T at = T(3) / T(10);
    return x > at ? x : (x + T(9) * at) / T(10);
  }
  template <Field T>
  static T df(const T& x, const T&) {
    return x > T(3) / T(10) ? T(1) : T(1) / T(10);
  }
};

struct Identity {
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return x;
  }
};

// Brings its whole process down, in double only.
struct PluginCrash : Identity {
  static constexpr auto name = "plugin_crash";
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    if (std::is_same_v<T, double>) std::abort();
    return {dy};
  }
};

// Ends its whole process as if all were well, in double only.
struct PluginExit : Identity {
  static constexpr auto name = "plugin_exit";
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    if (std::is_same_v<T, double>) std::_Exit(0);
    return {dy};
  }
};

// Never returns, in double only.
struct PluginHang : Identity {
  static constexpr auto name = "plugin_hang";
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    if (std::is_same_v<T, double>) {
      for (volatile bool forever = true; forever;) {
      }
    }
    return {dy};
  }
};

}  // namespace

ASSAY_OPERATIONS(assay::Map<PluginCube>, assay::Map<PluginWrongSign>, PluginBias,
                 assay::Map<PluginHiddenKink>, PluginCrash, PluginExit, PluginHang)
