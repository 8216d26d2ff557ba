#include "catalogue/entry_faults.hpp"

#include <cmath>
#include <functional>

namespace assay::verify {
namespace {

// --- second derivatives --------------------------------------------------------------------------

using Direction = std::vector<Mat<double>>;
using Product = std::vector<Mat<double>>;
/// Changes what the Hessian times the direction is.
using TamperHessian = void (*)(Product& h);

void hessian_factor(Product& h) {
  for (Mat<double>& m : h) m *= 1.5;
}
/// The gradient is taken for a constant.
void hessian_detached(Product& h) {
  for (Mat<double>& m : h) m.setZero();
}

/// Changed by what no rounding of the gradient, times the direction, explains.
bool differs(const Entry& e, const Case& c, const Direction& v, const Product& right,
             const Product& wrong) {
  const auto g = e.op->in_double->gradients(c.upstream, views(c.inputs));
  double scale = 0, change = 0;
  for (std::size_t k = 0; k < right.size(); ++k) {
    if (e.op->inputs[k].exact || right[k].size() == 0) continue;
    scale = std::max(
        {scale, g[k].cwiseProduct(v[k]).cwiseAbs().maxCoeff(), right[k].cwiseAbs().maxCoeff()});
    change = std::max(change, (right[k] - wrong[k]).cwiseAbs().maxCoeff());
  }
  return change > 1e-9 * scale;
}

/// Short numbers, as the check of second derivatives draws them; 0 for what is not moved.
Direction direction(const Operation& op, const Case& c, std::uint64_t seed) {
  Direction v;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    std::uint64_t n = 0;
    v.push_back(Mat<double>::NullaryExpr(c.inputs[k].rows(), c.inputs[k].cols(), [&] {
      const std::uint64_t bits = case_seed(seed, "direction", 1000 * k + n++);
      return op.inputs[k].exact ? 0.0 : static_cast<double>(bits % 129) / 16 - 4;
    }));
  }
  return v;
}

bool within(const Case& c, double most) {
  for (const Mat<double>& x : c.inputs) {
    if (x.size() > 0 && !(x.cwiseAbs().maxCoeff() <= most)) return false;
  }
  return c.upstream.size() > 0 && c.upstream.cwiseAbs().maxCoeff() <= most;
}

std::string cannot_be_wrong(const Entry& e, TamperHessian tamper) {
  constexpr std::uint64_t draws = 200;
  for (std::uint64_t n = 0; n < draws; ++n) {
    const std::uint64_t seed = case_seed(11, e.op->name, n);
    try {
      const Case c = generate(*e.op, double_format, seed);
      if (!within(c, 40)) continue;
      const Direction v = direction(*e.op, c, seed);
      const Product right = e.hessian_product(c, v);
      Product wrong = right;
      tamper(wrong);
      if (differs(e, c, v, right, wrong)) return {};
    } catch (const std::exception&) {
      continue;  // an input that the rule refuses
    }
  }
  return "it changes no second derivative";
}

FaultTask hessian_fault(const Entry& e, const Fault& fault, TamperHessian tamper) {
  FaultTask t{e.op, double_format, fault};
  t.cannot = [e, tamper] { return cannot_be_wrong(e, tamper); };
  t.checks = [e, tamper](const std::shared_ptr<Planted>& planted, const Plan& plan) {
    Entry wrong = e;
    wrong.hessian_product = [e, tamper, planted](const Case& c, const Direction& v) {
      const Product right = e.hessian_product(c, v);
      Product h = right;
      tamper(h);
      planted->changed = planted->changed || differs(e, c, v, right, h);
      return h;
    };
    return std::vector<Check>{second_order_check(wrong, plan.cases)};
  };
  return t;
}

// --- lifts ---------------------------------------------------------------------------------------

// A lift is a plain function, so what it tampers with has to lie here.
thread_local Lifts<double> right_lifts;
thread_local std::shared_ptr<Planted> planted_in_lifts;

Mat<double> give(const void* call, const std::vector<Mat<double>>& read,
                 const std::vector<Mat<double>>& right) {
  const Mat<double> expected = right_lifts.matrices(call, right);
  Mat<double> y;
  try {
    y = right_lifts.matrices(call, read);
  } catch (const std::exception&) {  // what was read is not in the domain
    planted_in_lifts->changed = true;
    throw;
  }
  // Where all orders give the same value, as of a sum, none is wrong.
  const auto same =
      y.array() == expected.array() || (y.array().isNaN() && expected.array().isNaN());
  planted_in_lifts->changed = planted_in_lifts->changed || !same.all();
  return y;
}

/// As if its numbers lay one behind the other, row by row.
Mat<double> maps_without_strides(const void* call, std::span<const Strided<double>> x) {
  std::vector<Mat<double>> read, right;
  for (const auto& m : x) {
    read.emplace_back(Eigen::Map<const RowMajor<double>>(m.data(), m.rows(), m.cols()));
    right.emplace_back(m);
  }
  return give(call, read, right);
}
/// As if the columns of the block were the whole matrix's.
Mat<double> blocks_without_frame(const void* call, std::span<const InBlock<double>> x) {
  std::vector<Mat<double>> read, right;
  for (const auto& m : x) {
    read.emplace_back(Eigen::Map<const Mat<double>>(m.data(), m.rows(), m.cols()));
    right.emplace_back(m);
  }
  return give(call, read, right);
}
/// In the order in which the untransposed matrix is stored.
Mat<double> transposes_as_stored(const void* call, std::span<const Transposed<double>> x) {
  std::vector<Mat<double>> read, right;
  for (const auto& m : x) {
    read.emplace_back(
        Eigen::Map<const Mat<double>>(m.nestedExpression().data(), m.rows(), m.cols()));
    right.emplace_back(m);
  }
  return give(call, read, right);
}

/// From its lowest address on.
Mat<double> backwards_read_forwards(const void* call, std::span<const Spaced<double>> x) {
  std::vector<Mat<double>> read, right;
  for (const auto& m : x) {
    right.emplace_back(m);
    read.emplace_back(m.outerStride() < 0 ? Mat<double>(m.reverse()) : Mat<double>(m));
  }
  return give(call, read, right);
}

FaultTask lift_fault(const Entry& e, const Fault& fault, void (*tamper)(Lifts<double>&)) {
  FaultTask t{e.op, double_format, fault};
  t.checks = [e, tamper](const std::shared_ptr<Planted>& planted, const Plan& plan) {
    right_lifts = e.lifts_double;
    planted_in_lifts = planted;
    Entry wrong = e;
    tamper(wrong.lifts_double);
    return std::vector<Check>{lift_check(wrong, double_format, plan.cases)};
  };
  return t;
}

Fault elsewhere(std::string_view name, std::uint64_t number, std::string_view about) {
  Fault f;
  f.name = name;
  f.number = number;
  f.about = about;
  f.in = Fault::In::elsewhere;
  return f;
}

}  // namespace

std::vector<FaultTask> entry_faults(const Entry& e, const Format& f) {
  if (!(f == double_format)) return {};  // second derivatives and views are checked in double
  return {
      hessian_fault(e,
                    elsewhere("hessian-factor", 20,
                              "the Hessian, by dual numbers in double, is off by a factor 3/2"),
                    hessian_factor),
      hessian_fault(
          e, elsewhere("hessian-detached", 20, "the Hessian, by dual numbers in double, is 0"),
          hessian_detached),
      lift_fault(e, elsewhere("lift-strides", 18, "a strided map is read without its strides"),
                 [](Lifts<double>& l) { l.maps = maps_without_strides; }),
      lift_fault(e, elsewhere("lift-block", 18, "a block is read as if it were a whole matrix"),
                 [](Lifts<double>& l) { l.blocks = blocks_without_frame; }),
      lift_fault(e, elsewhere("lift-transpose", 18, "a transpose is read in the order of storage"),
                 [](Lifts<double>& l) { l.transposes = transposes_as_stored; }),
      lift_fault(e, elsewhere("lift-backwards", 18, "a map with negative strides is read forwards"),
                 [](Lifts<double>& l) { l.spaced = backwards_read_forwards; }),
  };
}

}  // namespace assay::verify
