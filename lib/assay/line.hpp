#pragma once
// The line {b + t u} in d dimensions: coordinates, projections and distances of points.
//
//   t = <x - b, u>      projection b + t u      residual x - (b + t u)      distance |residual|
//
// Not |x - b|^2 - t^2, which cancels near the line. Everything is computed wider than T: in up to
// 32 dimensions distances are right to the last place however near the line is. That u'u is 1 only
// up to rounding does no harm: t is divided by it.

#include <utility>

#include "assay/factor.hpp"

namespace assay {

/// A point is d x 1; many points are the rows of N x d.
template <Field T>
class Line {
 public:
  /// Through b (d x 1) in the direction u (d x 1). Throws ShapeError where these are no two columns
  /// of one height, std::domain_error where an element is not finite, std::invalid_argument unless
  /// u'u is 1: exactly where arithmetic is exact, elsewhere to 16 d eps.
  Line(Mat<T> b, Mat<T> u) : b_(std::move(b)), u_(std::move(u)) {
    require_columns("u");
    const T squares = squared_norm(u_);
    if (is_one(squares)) return;
    throw std::invalid_argument("Line: u is " + to_string(shape_of(u_)) + " and u'u is " +
                                detail::text(squares) +
                                "; u must have length 1 (Line::along normalises)");
  }

  /// Through b along any direction but 0. Throws as the constructor does, and std::invalid_argument
  /// where the direction is 0.
  static Line along(const Mat<T>& b, const Mat<T>& direction) requires Real<T> {
    Line line(b, direction, Unchecked{});
    line.require_columns("direction");
    detail::in_wide<T>(line.dimension(), [&](auto type) {
      using W = typename decltype(type)::type;
      Mat<W> u = detail::widened<W>(direction);
      W top(0);
      for (const W& x : u.reshaped()) {
        if (top < detail::magnitude(x)) top = detail::magnitude(x);
      }
      if (detail::plain_number(top) == 0) {
        throw std::invalid_argument("Line::along: direction is 0; it must not be");
      }
      for (W& x : u.reshaped()) x /= top;  // whose squares neither overflow nor vanish
      const W length = detail::root(squared_norm(u));
      for (W& x : u.reshaped()) x /= length;
      line.u_ = detail::narrowed<T>(u);
    });
    return line;
  }

  [[nodiscard]] Eigen::Index dimension() const { return u_.rows(); }
  [[nodiscard]] const Mat<T>& base() const { return b_; }
  [[nodiscard]] const Mat<T>& direction() const { return u_; }

  // Of one point x, d x 1. All throw ShapeError for points of another dimension and
  // std::domain_error where an element is not finite.

  /// t of the projection b + t u.
  [[nodiscard]] T coordinate(const Mat<T>& x) const { return coordinates(row(x))(0); }
  /// The point of the line that is nearest to x.
  [[nodiscard]] Mat<T> project(const Mat<T>& x) const { return projections(row(x)).transpose(); }
  /// x less its projection; orthogonal to u.
  [[nodiscard]] Mat<T> residual(const Mat<T>& x) const { return residuals(row(x)).transpose(); }
  [[nodiscard]] T squared_distance(const Mat<T>& x) const { return squared_distances(row(x))(0); }
  [[nodiscard]] T distance(const Mat<T>& x) const requires Real<T> { return distances(row(x))(0); }

  // Of many points, N x d: N x 1 numbers or N x d points.

  [[nodiscard]] Mat<T> coordinates(const Mat<T>& x) const {
    Mat<T> y(x.rows(), 1);
    visit(x, [&y](Eigen::Index i, const auto& t, const auto&) { y(i) = detail::narrowed<T>(t); });
    return y;
  }
  [[nodiscard]] Mat<T> projections(const Mat<T>& x) const {
    Mat<T> y(x.rows(), x.cols());
    visit(x, [this, &y]<class W>(Eigen::Index i, const W& t, const Mat<W>&) {
      for (Eigen::Index k = 0; k < y.cols(); ++k) {
        const W at = detail::widened<W>(b_(k)) + t * detail::widened<W>(u_(k));
        y(i, k) = detail::narrowed<T>(at);
      }
    });
    return y;
  }
  [[nodiscard]] Mat<T> residuals(const Mat<T>& x) const {
    Mat<T> y(x.rows(), x.cols());
    visit(x, [&y](Eigen::Index i, const auto&, const auto& r) {
      for (Eigen::Index k = 0; k < y.cols(); ++k) y(i, k) = detail::narrowed<T>(r(k));
    });
    return y;
  }
  [[nodiscard]] Mat<T> squared_distances(const Mat<T>& x) const {
    Mat<T> y(x.rows(), 1);
    visit(x, [&y](Eigen::Index i, const auto&, const auto& r) {
      y(i) = detail::narrowed<T>(squared_norm(r));
    });
    return y;
  }
  [[nodiscard]] Mat<T> distances(const Mat<T>& x) const requires Real<T> {
    Mat<T> y(x.rows(), 1);
    visit(x, [&y](Eigen::Index i, const auto&, const auto& r) {
      y(i) = detail::narrowed<T>(detail::root(squared_norm(r)));
    });
    return y;
  }

 private:
  struct Unchecked {};
  Line(Mat<T> b, Mat<T> u, Unchecked) : b_(std::move(b)), u_(std::move(u)) {}

  void require_columns(std::string_view direction) const {
    require(b_.cols() == 1 && u_.cols() == 1 && b_.rows() == u_.rows() && b_.rows() > 0, "Line",
            {{"b", shape_of(b_)}, {direction, shape_of(u_)}},
            "both must be d x 1 with one d of at least 1");
    require_finite("b", b_);
    require_finite(direction, u_);
  }
  static void require_finite(std::string_view name, const Mat<T>& m) {
    if constexpr (std::is_floating_point_v<plain_t<T>>) {
      for (Eigen::Index j = 0; j < m.cols(); ++j) {
        for (Eigen::Index i = 0; i < m.rows(); ++i) {
          if (std::isfinite(value_of(m(i, j)))) continue;
          throw std::domain_error("Line: " + std::string(name) + "(" + std::to_string(i) + ", " +
                                  std::to_string(j) + ") is " + detail::text(m(i, j)) +
                                  "; every element must be finite");
        }
      }
    }
  }

  template <class W>
  static W squared_norm(const Mat<W>& v) {
    W squares(0);
    for (const W& x : v.reshaped()) squares += x * x;
    return squares;
  }

  [[nodiscard]] bool is_one(const T& squares) const {
    if constexpr (detail::is_interval<T>) {
      return squares.lo() <= 1 && 1 <= squares.hi();
    } else {
      using N = detail::number_t<T>;
      const N off = detail::magnitude(N(detail::plain_number(squares) - N(1)));
      return off <= detail::noise<T>(dimension());
    }
  }

  [[nodiscard]] Mat<T> row(const Mat<T>& x) const {
    require(shape_of(x) == shape_of(u_), "Line", {{"x", shape_of(x)}, {"u", shape_of(u_)}},
            "a point must have the shape of u");
    return x.transpose();
  }

  /// each(i, t, residual) for every row, in the wide scalar.
  template <class Each>
  void visit(const Mat<T>& x, const Each& each) const {
    require(x.cols() == dimension(), "Line", {{"x", shape_of(x)}, {"u", shape_of(u_)}},
            "each row of x must be a point of as many coordinates as u has");
    require_finite("x", x);
    detail::in_wide<T>(dimension(), [&](auto type) {
      using W = typename decltype(type)::type;
      const Mat<W> b = detail::widened<W>(b_), u = detail::widened<W>(u_);
      const W squares = squared_norm(u);
      Mat<W> r(dimension(), 1);
      for (Eigen::Index i = 0; i < x.rows(); ++i) {
        W t(0);
        for (Eigen::Index k = 0; k < r.rows(); ++k) {
          r(k) = detail::widened<W>(x(i, k)) - b(k);
          t += r(k) * u(k);
        }
        t /= squares;
        for (Eigen::Index k = 0; k < r.rows(); ++k) r(k) -= t * u(k);
        each(i, t, r);
      }
    });
  }

  Mat<T> b_, u_;
};

}  // namespace assay
