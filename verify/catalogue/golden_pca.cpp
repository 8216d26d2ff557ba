// The worked examples 1(a) to 1(c): a singular value decomposition, principal components in both
// layouts and without centring, the projection on a line.
//
// The library's solvers are for float and double; in wider types its generic decomposition stands
// for them, and in dual numbers it gives the change that one ulp in every datum makes.

#include <numbers>

#include "assay/jacobi.hpp"
#include "assay/line.hpp"
#include "assay/pca.hpp"
#include "assay/subspace.hpp"
#include "assay/wide.hpp"
#include "golden.hpp"

namespace assay::verify::golden {
namespace {

using Eigen::Index;

template <class T>
Mat<T> matrix(Replay<T>& r, const Json& rows) {
  Mat<T> m(static_cast<Index>(rows.size()), static_cast<Index>(rows.at(0).size()));
  for (Index i = 0; i < m.rows(); ++i) {
    for (Index j = 0; j < m.cols(); ++j) {
      m(i, j) = r.rounded_here(
          r.input(rows.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j))));
    }
  }
  return m;
}

/// Elements in the order of the fixture, which may be a list of numbers or of lists of them.
template <class T>
void compare_all(Replay<T>& r, const std::string& name, const Json& expected, const Mat<T>& got) {
  const bool nested = expected.at(0).is_array();
  for (Index i = 0; i < got.rows(); ++i) {
    for (Index j = 0; j < got.cols(); ++j) {
      const auto k = static_cast<std::size_t>(i), l = static_cast<std::size_t>(j);
      const std::string at = std::to_string(i) + (nested ? " " + std::to_string(j) : "");
      r.compare(name + " " + at, nested ? expected.at(k).at(l) : expected.at(k), got(i, j));
    }
  }
}

/// Vectors are golden up to sign.
template <class T>
void compare_direction(Replay<T>& r, const std::string& name, const Json& expected, Mat<T> got) {
  T along(0);
  for (Index i = 0; i < got.rows(); ++i) {
    along += got(i) * T(r.input(expected.at(static_cast<std::size_t>(i))));
  }
  if (along < T(0)) got = -got;
  compare_all(r, name, expected, got);
}

/// The principal components of rows.
template <class T>
struct Components {
  Mat<T> mean, directions, singular_values, scatter_eigenvalues, ratio;
  Index rank, determined;
};

template <class T>
Mat<T> mean_of(const Mat<T>& rows) {
  Mat<T> mean = Mat<T>::Constant(rows.cols(), 1, T(0));
  for (Index j = 0; j < rows.cols(); ++j) {
    for (Index i = 0; i < rows.rows(); ++i) mean(j) += rows(i, j);
    mean(j) /= count<T>(rows.rows());
  }
  return mean;
}
template <class T>
Mat<T> less(Mat<T> rows, const Mat<T>& mean) {
  for (Index i = 0; i < rows.rows(); ++i) rows.row(i) -= mean.transpose();
  return rows;
}

template <class T>
Components<T> components(const Mat<T>& rows, Samples layout, bool center) {
  if constexpr (std::is_floating_point_v<T>) {
    PCAOptions o;
    o.samples = layout, o.center = center, o.ddof = 0;
    PCA<T> pca(o);
    pca.fit(layout == Samples::rows ? rows : Mat<T>(rows.transpose()));
    return {pca.mean(),
            pca.components(),
            pca.singular_values(),
            pca.explained_variance() * count<T>(rows.rows()),
            pca.explained_variance_ratio(),
            pca.rank(),
            pca.determined()};
  } else {
    const Mat<T> mean = center ? mean_of(rows) : Mat<T>(Mat<T>::Constant(rows.cols(), 1, T(0)));
    const auto svd = assay::detail::singular_spectrum<T>("svd", less(rows, mean));
    Components<T> c{mean, svd.v, svd.values, svd.values, svd.values, 0, 0};
    T total(0);
    const auto size = [](const T& x) { return assay::detail::plain_number(x); };
    for (T& x : c.singular_values.reshaped()) {
      if (size(x) < size(svd.values(0)) * 1e-12) x = T(0);
      c.rank += size(x) > 0 ? 1 : 0;
    }
    for (Index i = 0; i < c.singular_values.rows(); ++i) {
      c.scatter_eigenvalues(i) = c.singular_values(i) * c.singular_values(i);
      total += c.scatter_eigenvalues(i);
    }
    for (Index i = 0; i < c.ratio.rows(); ++i) c.ratio(i) = c.scatter_eigenvalues(i) / total;
    c.determined = c.rank;
    return c;
  }
}

/// a b' of rank one, and what it leaves.
template <class T>
struct RankOne {
  Mat<T> product;
  T squared_error;
};
template <class T>
RankOne<T> rank_one(const Mat<T>& x) {
  if constexpr (std::is_floating_point_v<T>) {
    const LowRank<T> r = low_rank(x, 1);
    return {r.product(), r.squared_error};
  } else {
    const auto svd = assay::detail::singular_spectrum<T>("svd", x);
    T rest(0);
    for (Index i = 1; i < svd.values.rows(); ++i) rest += svd.values(i) * svd.values(i);
    const Mat<T> u = svd.u.col(0), v = svd.v.col(0);
    return {assay::detail::plain_product(u, Mat<T>(v.transpose() * svd.values(0))), rest};
  }
}

template <class T>
T squared_norm(const Mat<T>& m) {
  T sum(0);
  for (const T& x : m.reshaped()) sum += x * x;
  return sum;
}

constexpr auto replay_svd = []<class T>(Replay<T>& r, const Json& f) {
  const Mat<T> x = matrix(r, f.at("X")), transposed = x.transpose();
  compare_all(r, "XX'", f.at("XXt"), Mat<T>(assay::detail::plain_product(x, transposed)));
  const Components<T> left = components(transposed, Samples::columns, false);
  const Components<T> right = components(x, Samples::rows, false);
  compare_all(r, "eigenvalue", f.at("eigenvalues"), left.scatter_eigenvalues);
  compare_all(r, "singular value", f.at("singular_values"), left.singular_values);
  compare_all(r, "singular value (of rows)", f.at("singular_values"), right.singular_values);
  Mat<T> unit =
      Mat<T>::Constant(x.rows(), x.cols(), T(0));  // u1 v1', the signs of v1 those of X'u1
  for (std::size_t i = 0; i < 2; ++i) {
    const Mat<T> u = left.directions.col(static_cast<Index>(i));
    const Mat<T> v = right.directions.col(static_cast<Index>(i));
    compare_direction(r, "u" + std::to_string(i + 1), f.at("u").at(i), u);
    compare_direction(r, "v" + std::to_string(i + 1), f.at("v").at(i), v);
    if (i > 0) continue;
    unit = assay::detail::plain_product(u, Mat<T>(v.transpose()));
    const Mat<T> along = assay::detail::plain_product(Mat<T>(u.transpose()), x);
    if (assay::detail::plain_product(along, v)(0) < T(0)) unit = -unit;
  }
  const RankOne<T> nearest = rank_one(x);
  compare_all(r, "rank 1", f.at("rank1"), nearest.product);
  r.compare("rank 1, squared error", f.at("rank1_squared_error"), nearest.squared_error);
  r.compare("rank 1, squared error computed", f.at("rank1_squared_error"),
            squared_norm(Mat<T>(x - nearest.product)));
  r.compare("both factors of length one, squared error", f.at("unit_norm_ab_squared_error"),
            squared_norm(Mat<T>(x - unit)));
  r.compare("squared norm of X", f.at("squared_frobenius"), squared_norm(x));
};

template <class T>
T degrees_between(const Mat<T>& a, const Mat<T>& b) {
  if constexpr (std::is_floating_point_v<T>) {
    return principal_angles(a, b)(0) * (T(180) / std::numbers::pi_v<T>);
  } else {
    using std::abs, std::atan, std::atan2;
    const T across = abs(T(a(0) * b(1) - a(1) * b(0))), along = abs(T(a(0) * b(0) + a(1) * b(1)));
    return atan2(across, along) * T(45) / atan(T(1));
  }
}

constexpr auto replay_columns = []<class T>(Replay<T>& r, const Json& f) {
  const Mat<T> rows = matrix(r, f.at("X")).transpose();
  const Components<T> c = components(rows, Samples::columns, true);
  compare_all(r, "mean", f.at("mean"), c.mean);
  const Mat<T> centred = less(rows, c.mean).transpose();
  compare_all(r, "centred", f.at("centred"), centred);
  compare_all(r, "scatter", f.at("scatter"),
              Mat<T>(assay::detail::plain_product(centred, Mat<T>(centred.transpose()))));
  compare_all(r, "eigenvalue", f.at("scatter_eigenvalues"), c.scatter_eigenvalues);
  compare_all(r, "singular value", f.at("singular_values"), c.singular_values);
  for (std::size_t i = 0; i < 2; ++i) {
    compare_direction(r, "component " + std::to_string(i + 1), f.at("components").at(i),
                      Mat<T>(c.directions.col(static_cast<Index>(i))));
  }
  compare_all(r, "explained ratio", f.at("explained_ratio"), c.ratio);
  const Components<T> uncentred = components(rows, Samples::columns, false);
  r.compare("degrees between the first components, centred and not",
            f.at("angle_between_centred_and_uncentred_pc1_degrees"),
            degrees_between(Mat<T>(c.directions.col(0)), Mat<T>(uncentred.directions.col(0))));
};

constexpr auto replay_rows = []<class T>(Replay<T>& r, const Json& f) {
  const Mat<T> x = matrix(r, f.at("X"));
  const Components<T> c = components(x, Samples::rows, true);
  compare_all(r, "mean", f.at("mean"), c.mean);
  compare_all(r, "centred", f.at("centred"), less(x, c.mean));
  r.compare_word("rank", f.at("rank").get<std::string>(), std::to_string(c.rank));
  r.compare_word("directions that are determined", f.at("rank").get<std::string>(),
                 std::to_string(c.determined));
  compare_all(r, "singular value", f.at("singular_values"), c.singular_values);
  compare_direction(r, "component 1", f.at("component_1"), Mat<T>(c.directions.col(0)));
};

constexpr auto replay_uncentred = []<class T>(Replay<T>& r, const Json& f) {
  const Mat<T> x = matrix(r, f.at("samples"));
  const Components<T> c = components(x, Samples::rows, false);
  compare_direction(r, "component 1", f.at("uncentred_component_1"), Mat<T>(c.directions.col(0)));
  compare_all(r, "mean", f.at("mean"), mean_of(x));
  r.differs("the direction of the mean", f.at("mean").at(0), c.directions(0, 0));
};

/// In dual numbers u carries the rounding of another type, which a Line<T> would not let pass.
template <class T>
struct Projected {
  T at;
  Mat<T> point;
  T squared_distance;
};
template <class T>
Projected<T> projected(const Mat<T>& b, const Mat<T>& u, const Mat<T>& x) {
  if constexpr (is_dual<T>) {
    const Mat<T> off = x - b;
    T at(0);
    for (Index i = 0; i < u.rows(); ++i) at += off(i) * u(i);
    at /= squared_norm(u);
    const Mat<T> point = b + u * at;
    return {at, point, squared_norm(Mat<T>(x - point))};
  } else {
    const Line<T> line(b, u);
    return {line.coordinate(x), line.project(x), line.squared_distance(x)};
  }
}

constexpr auto replay_line = []<class T>(Replay<T>& r, const Json& f) {
  for (std::size_t i = 0; i < f.at("cases").size(); ++i) {
    const Json& c = f.at("cases").at(i);
    const std::string at = "case " + std::to_string(i) + ": ";
    const auto column = [&](const char* name) {
      const std::vector<T> numbers = r.inputs(c.at(name));
      return Mat<T>(
          Eigen::Map<const Mat<T>>(numbers.data(), static_cast<Index>(numbers.size()), 1));
    };
    const Projected<T> p = projected(column("b"), column("u"), column("x"));
    r.compare(at + "t", c.at("t"), p.at);
    compare_all(r, at + "projection", c.at("projection"), p.point);
    r.compare(at + "squared distance", c.at("squared_distance"), p.squared_distance);
  }
};

}  // namespace

void add_pca_checks(std::vector<Check>& checks) {
  const auto add = [&](const char* id, double limit, const auto& replay) {
    add_checks<Dec50>(checks, {id, Units::envelope, limit}, replay);
  };
  add("svd-uncentred", 8, replay_svd);
  add("pca-columns-are-samples", 8, replay_columns);
  add("pca-rows-are-samples", 8, replay_rows);
  add("pca-uncentred-not-the-mean", 8, replay_uncentred);
  add_checks<Rational>(checks, {"line-projection", Units::envelope, 2}, replay_line);
}

}  // namespace assay::verify::golden
