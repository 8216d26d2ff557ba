// Kernels that take strides: the same numbers in other layouts give the same results.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "function_run.hpp"

namespace assay::verify {
namespace {

using StridedForward = std::function<Mat<double>(const StridedMaps&)>;
using StridedVjp = std::function<Matrices(const StridedMaps&, const StridedMap&)>;
using Steps = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;

struct Layout {
  std::string_view name;
  Eigen::Index (*from_column)(Shape);  ///< from one column to the next
  Eigen::Index (*from_row)(Shape);
  bool nan;  ///< lies between the numbers; else numbers do, for what takes no notice of NaN
};

constexpr std::array layouts{
    Layout{"a block of a larger matrix", [](Shape s) { return s.rows + 2; },
           [](Shape) { return Eigen::Index{1}; }, true},
    Layout{"stored row by row, as a transpose is", [](Shape) { return Eigen::Index{1}; },
           [](Shape s) { return s.cols; }, false},
    Layout{"a block of a matrix that is stored row by row", [](Shape) { return Eigen::Index{1}; },
           [](Shape s) { return s.cols + 3; }, false},
    Layout{"a map with gaps between rows and columns", [](Shape s) { return 3 * s.rows + 2; },
           [](Shape) { return Eigen::Index{3}; }, false},
    Layout{"a map that runs backwards", [](Shape s) { return -s.rows - 1; },
           [](Shape) { return Eigen::Index{-1}; }, true},
};

/// A matrix in memory of its own: packed, or in some layout.
class Laid {
 public:
  Laid(const Mat<double>& m, const Layout* layout) : shape_(shape_of(m)) {
    column_ = layout == nullptr ? shape_.rows : layout->from_column(shape_);
    row_ = layout == nullptr ? 1 : layout->from_row(shape_);
    const bool empty = m.size() == 0;
    const Eigen::Index across = empty ? 0 : (shape_.cols - 1) * column_;
    const Eigen::Index down = empty ? 0 : (shape_.rows - 1) * row_;
    const Eigen::Index margin = m.size() + 4;  // what reads it as packed stays inside
    first_ = margin - std::min<Eigen::Index>(0, across) - std::min<Eigen::Index>(0, down);
    memory_.resize(static_cast<std::size_t>(2 * margin + std::abs(across) + std::abs(down) + 1));
    for (std::size_t n = 0; n < memory_.size(); ++n) {
      memory_[n] = layout != nullptr && layout->nan ? std::numeric_limits<double>::quiet_NaN()
                                                    : (n % 2 == 0 ? 1e4 : -3e4);
    }
    for (Eigen::Index j = 0; j < m.cols(); ++j) {
      for (Eigen::Index i = 0; i < m.rows(); ++i) at(first_ + j * column_ + i * row_) = m(i, j);
    }
    lent_ = memory_;
  }

  [[nodiscard]] StridedMap map() const {
    return {lent_.data() + first_, shape_.rows, shape_.cols, Steps(column_, row_)};
  }
  [[nodiscard]] bool is_untouched() const {
    return std::equal(memory_.begin(), memory_.end(), lent_.begin(), [](double a, double b) {
      return a == b || (std::isnan(a) && std::isnan(b));
    });
  }

 private:
  double& at(Eigen::Index n) { return memory_[static_cast<std::size_t>(n)]; }

  Shape shape_;
  Eigen::Index column_ = 0, row_ = 0, first_ = 0;
  std::vector<double> memory_, lent_;
};

StridedMap packed_map(const Mat<double>& m) {
  return {m.data(), m.rows(), m.cols(), Steps(m.rows(), 1)};
}
StridedMaps packed_maps(const Matrices& x) {
  StridedMaps maps;
  for (const Mat<double>& m : x) maps.push_back(packed_map(m));
  return maps;
}

/// The layout of each input and, last, of the upstream; null: packed.
using Choice = std::vector<const Layout*>;

Mat<double> end_to_end(const Matrices& all) {
  Eigen::Index size = 0;
  for (const Mat<double>& m : all) size += m.size();
  Mat<double> flat(size, 1);
  Eigen::Index n = 0;
  for (const Mat<double>& m : all) {
    for (double x : m.reshaped()) flat(n++, 0) = x;
  }
  return flat;
}

class Layouts {
 public:
  Layouts(const StridedForward& f, const StridedVjp& vjp, const Kernel& packed,
          const FunctionOptions& options)
      : f_(f),
        vjp_(vjp),
        packed_(packed),
        options_(options),
        dy_(random_upstream(shape_of(packed.value()), options.seed)),
        g_(packed.gradients(dy_)),
        value_noise_(noise_of(packed, options.seed)),
        gradient_noise_(noise_of_gradients()) {}

  /// Throws Broken at the first difference; returns how many layouts there were.
  std::uint64_t run() const {
    const std::size_t all = packed_.inputs().size() + 1;
    std::uint64_t tried = 0;
    for (const Layout& l : layouts) {
      require_same(Choice(all, &l), fmt::format("each matrix is {}", l.name));
      ++tried;
    }
    Choice mixed(all);
    for (std::size_t k = 0; k < all; ++k) mixed[k] = &layouts.at((k + 1) % layouts.size());
    compare(mixed, "every matrix has another layout");
    return tried + 1;
  }

 private:
  /// Where all matrices together make a difference, one of them alone may: it is named.
  void require_same(const Choice& choice, const std::string& where) const {
    try {
      compare(choice, where);
    } catch (const Broken&) {
      for (std::size_t k = 0; k < choice.size(); ++k) {
        Choice one(choice.size(), nullptr);
        one[k] = choice[k];
        const bool upstream = k + 1 == choice.size();
        compare(one, fmt::format("{} is {}", upstream ? "the upstream" : packed_.input(k),
                                 choice[k]->name));
      }
      throw;
    }
  }

  void compare(const Choice& choice, const std::string& where) const {
    std::vector<Laid> in;
    StridedMaps x;
    for (std::size_t k = 0; k < packed_.inputs().size(); ++k) {
      in.emplace_back(packed_.inputs()[k], choice[k]);
    }
    in.emplace_back(dy_, choice.back());
    for (std::size_t k = 0; k + 1 < in.size(); ++k) x.push_back(in[k].map());
    const Mat<double> y = called("f", where, in, [&] { return f_(x); });
    require_near("f gives another value", y, packed_.value(), value_noise_.data(), where);
    const Matrices g = called("vjp", where, in, [&] { return vjp_(x, in.back().map()); });
    if (g.size() != g_.size()) {
      throw Broken(fmt::format("vjp returns {} gradients for {} inputs where {}", g.size(),
                               g_.size(), where));
    }
    const double* noise = gradient_noise_.data();
    for (std::size_t k = 0; k < g.size(); ++k) {
      require_near(fmt::format("vjp gives another gradient of {}", packed_.input(k)), g[k], g_[k],
                   noise, where);
      noise += g_[k].size();
    }
  }

  template <class F>
  static std::invoke_result_t<F> called(std::string_view what, const std::string& where,
                                        const std::vector<Laid>& in, const F& call) {
    const auto refuse = [&](const std::string& does) {
      throw Broken(fmt::format("{} {} where {}", what, does, where));
    };
    std::string thrown;
    std::invoke_result_t<F> result;
    try {
      result = call();
    } catch (const std::exception& e) {
      thrown = fmt::format("throws \"{}\"", e.what());
    } catch (...) {
      thrown = "throws something that is no std::exception";
    }
    if (!thrown.empty()) refuse(thrown);
    for (const Laid& l : in) {
      if (!l.is_untouched()) refuse("writes into the memory of what it is given");
    }
    return result;
  }

  void require_near(const std::string& what, const Mat<double>& got, const Mat<double>& expected,
                    const double* noise, const std::string& where) const {
    if (shape_of(got) != shape_of(expected)) {
      throw Broken(fmt::format("{} where {}: it is {}, not {}", what, where,
                               to_string(shape_of(got)), to_string(shape_of(expected))));
    }
    if (expected.size() == 0) return;
    // Other layouts are summed in another order.
    const double least =
        16 * std::numeric_limits<double>::epsilon() * expected.cwiseAbs().maxCoeff();
    for (Eigen::Index i = 0; i < got.size(); ++i) {
      const double a = got.data()[i], b = expected.data()[i];
      if (std::abs(a - b) <= 4 * options_.limits * noise[i] + least) continue;
      throw Broken(
          fmt::format("{} where {}\n  at         row {}, column {}\n  there      {}\n"
                      "  packed     {}\n  hint       strides are not used, or those of another "
                      "matrix",
                      what, where, i % got.rows(), i / got.rows(), a, b));
    }
  }

  /// The gradients as a function of the inputs, whose rounding is measured like any other's.
  [[nodiscard]] Mat<double> noise_of_gradients() const {
    const Vjp none = [](const Matrices&, const Mat<double>&) { return Matrices{}; };
    const Forward gradients = [&](const Matrices& x) {
      const StridedMaps maps = packed_maps(x);
      return end_to_end(vjp_(maps, packed_map(dy_)));
    };
    return noise_of(Kernel(gradients, none, packed_.inputs(), options_), options_.seed);
  }

  const StridedForward& f_;
  const StridedVjp& vjp_;
  const Kernel& packed_;
  const FunctionOptions& options_;
  Mat<double> dy_;
  Matrices g_;
  Mat<double> value_noise_, gradient_noise_;
};

}  // namespace

FunctionReport check_strided_function(const StridedForward& f, const StridedVjp& vjp,
                                      const Matrices& inputs, const FunctionOptions& options) {
  const Forward packed = [&f](const Matrices& x) { return f(packed_maps(x)); };
  const Vjp packed_vjp = [&vjp](const Matrices& x, const Mat<double>& dy) {
    return vjp(packed_maps(x), packed_map(dy));
  };
  FunctionReport report = check_function(packed, packed_vjp, inputs, options);
  CheckResult& r = report.result;
  r.about += "; value and product in other layouts of the same numbers";
  if (!r.failures.empty()) return report;
  try {
    const Kernel kernel(packed, packed_vjp, inputs, options);
    r.counts["layouts"] = Layouts(f, vjp, kernel, options).run();
  } catch (const Broken& e) {
    record_broken(r, e.what());
  }
  return report;
}

}  // namespace assay::verify
