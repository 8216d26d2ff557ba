// Values and gradients of single operations, from fixtures/torch/<group>.json.

#include <fmt/format.h>

#include "evaluate.hpp"
#include "golden_torch.hpp"

namespace assay::verify::torch {
namespace {

constexpr double unclaimed = 8;

/// A case of the fixtures, ready to run.
struct Replayed {
  std::string name;
  std::shared_ptr<const Operation> op;
  Case c;
  Mat<double> output;
  std::vector<Mat<double>> gradients;  ///< 0x0 where they give none
};

std::string title(const std::string& name, const Json& attributes, const Case& c) {
  std::string shapes;
  for (const Mat<double>& x : c.inputs) {
    shapes += (shapes.empty() ? "" : ", ") + to_string(shape_of(x));
  }
  if (attributes.empty()) return fmt::format("{}({})", name, shapes);
  return fmt::format("{}({}; {})", name, shapes, attributes.dump());
}

/// `instead` takes the place of the operation in the list, unless it is null.
Replayed read(const Format& f, const Json& j, const std::shared_ptr<const Operation>& instead) {
  Replayed r;
  r.name = j.at("operation");
  const Json& attributes = j.at("attributes");
  Json ours = attributes;
  for (const Json& x : j.at("inputs")) r.c.inputs.push_back(matrix(f, x));
  for (const char* statistic : {"mean", "variance"}) {  // inputs of our batch_norm_eval
    if (!attributes.contains(statistic)) continue;
    const Json& row = attributes.at(statistic);
    r.c.inputs.push_back(matrix(f, {{"rows", 1}, {"cols", row.size()}, {"data", row}}));
    ours.erase(statistic);
  }
  r.c.upstream = matrix(f, j.at("upstream"));
  r.output = matrix(f, j.at("output"));
  for (const Json& g : j.at("gradients")) {
    r.gradients.push_back(g.is_null() ? Mat<double>() : matrix(f, g));
  }
  r.op = instead ? instead : operation(r.name, ours);
  r.name = title(r.name, attributes, r.c);
  return r;
}

std::string place(Eigen::Index i, Eigen::Index rows) {
  return fmt::format(" at ({}, {})", i % rows, i / rows);
}

/// The largest of one ulp of the truth and what one ulp in what goes into it changes.
Big unit_of(const Format& f, const Big& truth, const Big& change) {
  return std::max(ulp_at(f, clamped(f, truth)), change);
}

void compare_output(const Replayed& r, const Format& f, const MatrixReference& ref,
                    const Mat<double>& got, Record& record) {
  const bool in_ulps = r.op->claimed && r.op->claimed->units == Units::ulp;
  std::vector<Compared> all;
  for (Eigen::Index i = 0; i < got.size(); ++i) {
    Compared c;
    c.name = "output" + place(i, got.rows());
    c.ours = got.data()[i];
    c.theirs = r.output.data()[i];
    const Big& y = ref.y.data()[i];
    c.truth = {y, ref.y_bound.data()[i], abs(y)};
    c.their_unit = unit_of(f, y, ref.y_change.data()[i]);
    c.our_unit = in_ulps ? ulp_at(f, clamped(f, y)) : c.their_unit;
    c.our_limit = r.op->claimed ? r.op->claimed->value : unclaimed;
    all.push_back(std::move(c));
  }
  record.compare(r.name, all, false);
}

void compare_gradient(const Replayed& r, const Format& f, const MatrixReference& ref,
                      const std::vector<Mat<Big>>& change, std::size_t k, const Mat<double>& got,
                      Record& record) {
  const Limit limit = derivative_limit(*r.op);
  const bool moves = limit.units == Units::envelope || limit.near_zero == Units::envelope;
  const Mat<double>& theirs = r.gradients[k];
  std::vector<Compared> all;
  for (Eigen::Index i = 0; i < got.size(); ++i) {
    const MatrixReference::Element& g = ref.gradient[k][static_cast<std::size_t>(i)];
    Compared c;
    c.name = fmt::format("gradient {}{}", k, place(i, got.rows()));
    c.ours = got.data()[i];
    c.theirs = theirs.data()[i];
    c.truth = g.r;
    c.their_unit = unit_of(f, g.r.value, g.rounding + change[k].data()[i]);
    c.our_unit = moves ? c.their_unit : unit_of(f, g.r.value, g.rounding);
    // A claim on the derivative of an elementwise rule; the product with the upstream adds one.
    c.our_limit = limit.figure + (r.op->elementwise ? 1 : 0);
    if (r.op->name == "tanh") c.their_limit = their_limit_of_tanh;
    all.push_back(std::move(c));
  }
  record.compare(r.name, all, true);
}

void require_shape(const std::string& what, const Mat<double>& ours, const Mat<double>& theirs) {
  if (shape_of(ours) == shape_of(theirs)) return;
  throw std::runtime_error(fmt::format("{} is {}, PyTorch's {}", what, to_string(shape_of(ours)),
                                       to_string(shape_of(theirs))));
}

void replay_case(const Replayed& r, const Format& f, Record& record) {
  require_shape("the output", r.c.upstream, r.output);
  const Outcome out = evaluate(*r.op, f, r.c);
  if (!out.broken.empty()) throw std::runtime_error(out.broken);
  require_shape("the output", out.y, r.output);
  const MatrixReference ref = matrix_reference(*r.op, f, r.c.inputs, r.c.upstream);
  if (!ref.resolved) throw std::runtime_error("the reference is not resolved");
  const auto change = matrix_envelope(*r.op, f, r.c.inputs, r.c.upstream, ref.precision);
  const WithContext wide(ref.precision + 64);
  compare_output(r, f, ref, out.y, record);
  bool any = false;
  for (std::size_t k = 0; k < r.gradients.size(); ++k) {
    if (r.gradients[k].size() == 0) continue;
    require_shape("a gradient", out.gradients.at(k), r.gradients[k]);
    compare_gradient(r, f, ref, change, k, out.gradients[k], record);
    any = true;
  }
  if (!any) throw std::runtime_error("PyTorch gives no gradient");
}

void replay_operations(const Json& file, const Format& f, CheckResult& result) {
  Record record(f, result);
  for (const Json& j : file.at("cases")) {
    if (j.at("type").get<std::string>() != f.name) continue;
    ++result.counts["operations"];
    try {
      replay_case(read(f, j, nullptr), f, record);
    } catch (const std::exception& x) {
      record.fail(j.at("operation"), x.what());
    }
  }
  record.finish();
}

std::vector<Json> cases_of(const Source& s, const Format& f, const Operation& op,
                           const std::string& has) {
  const Json file = Json::parse(s.text());
  std::vector<Json> mine;
  for (const Json& j : file.at("cases")) {
    const bool of_type = j.at("type").get<std::string>() == f.name;
    if (of_type && stands_for(op, has, j.at("operation"), j.at("attributes"))) mine.push_back(j);
  }
  return mine;
}

std::vector<Source> sources() {
  using namespace assay::fixtures;
  return {{"torch-elementwise", "elementwise.json", torch_elementwise},
          {"torch-reductions", "reductions.json", torch_reductions},
          {"torch-structure", "structure.json", torch_structure},
          {"torch-linear-algebra", "linear_algebra.json", torch_linear_algebra},
          {"torch-normalisation", "normalisation.json", torch_normalisation},
          {"torch-losses", "losses.json", torch_losses}};
}

}  // namespace

std::vector<Check> checks_with(const std::shared_ptr<const Operation>& op, const std::string& has) {
  std::vector<Check> checks;
  for (const Source& s : sources()) {
    for (const Format& f : {double_format, float_format}) {
      const std::vector<Json> mine = cases_of(s, f, *op, has);
      if (mine.empty()) continue;
      checks.push_back(
          replay(s, f, "", [op, mine](const Json&, const Format& format, CheckResult& result) {
            Record record(format, result);
            for (const Json& j : mine) replay_case(read(format, j, op), format, record);
          }));
    }
  }
  if (checks.empty() && !has.empty()) {
    throw std::invalid_argument(fmt::format("no replay of {} with {}", op->name, has));
  }
  return checks;
}

void add_operation_checks(std::vector<Check>& checks) {
  const std::string about = fmt::format(
      "values and gradients: ours within what the operation claims of the reference in high "
      "precision (an elementwise gradient within one more unit, for the product with the "
      "upstream), PyTorch's within {} units, the larger of one ulp and what one ulp in every input "
      "changes (the gradient of tanh within {}); ulp is our error, the line names PyTorch's",
      their_limit, their_limit_of_tanh);
  for (const Source& s : sources()) {
    for (const Format& f : {double_format, float_format}) {
      checks.push_back(replay(s, f, about, replay_operations));
    }
  }
}

}  // namespace assay::verify::torch
