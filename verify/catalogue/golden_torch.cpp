// What the replays of fixtures/torch share: reading, finding operations, judging.

#include "golden_torch.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "operations.hpp"

namespace assay::verify::torch {
namespace {

/// Theirs and ours for the same function.
std::string our_name(const std::string& name) {
  if (name == "mse") return "squared_error";
  if (name.starts_with("mse_")) return "squared_error" + name.substr(3);
  if (name == "std") return "stddev";
  if (name.starts_with("std_")) return "stddev" + name.substr(3);
  return name;
}

/// What the list has by default.
bool is_default(const std::string& name, const Json& attributes) {
  if (attributes.empty()) return true;
  const bool normalisation = name == "layer_norm" || name.starts_with("batch_norm");
  return normalisation && attributes.at("epsilon").get<double>() == 1e-5;
}

std::string scalar_of(const CheckResult& r) { return fmt::format("{}<{}>", r.subject, r.scalar); }

}  // namespace

double number(const Format& f, const Json& j) {
  if (j.is_string()) return parse_real(j.get<std::string>());
  return rounded(f, j.get<double>());
}

Mat<double> matrix(const Format& f, const Json& j) {
  Mat<double> m(j.at("rows").get<Eigen::Index>(), j.at("cols").get<Eigen::Index>());
  const Json& data = j.at("data");
  if (static_cast<Eigen::Index>(data.size()) != m.size()) {
    throw std::runtime_error(
        fmt::format("a {}x{} matrix with {} numbers", m.rows(), m.cols(), data.size()));
  }
  std::size_t next = 0;
  for (Eigen::Index i = 0; i < m.rows(); ++i) {
    for (Eigen::Index k = 0; k < m.cols(); ++k) m(i, k) = number(f, data.at(next++));
  }
  return m;
}

std::shared_ptr<const Operation> operation(const std::string& name, const Json& attributes) {
  if (!is_default(name, attributes)) {
    auto op = with_attributes(name, attributes);
    if (!op) op = loss_with_attributes(name, attributes);
    if (op) return op;
    throw std::runtime_error(
        fmt::format("no operation '{}' with the attributes {}", name, attributes.dump()));
  }
  for (const Entry& e : library()) {
    if (e.op->name == our_name(name)) return e.op;
  }
  throw std::runtime_error(fmt::format("no operation '{}' in the list", our_name(name)));
}

bool stands_for(const Operation& op, const std::string& has, const std::string& name,
                const Json& attributes) {
  if (our_name(name) != op.name) return false;
  return has.empty() ? is_default(name, attributes) : attributes == Json::parse(has);
}

Distance distance(const Format& f, double got, const Bounded& truth, double limit,
                  const Big& unit) {
  const Judgement j = judge(f, got, truth, limit, unit);
  const Big ulp = ulp_at(f, clamped(f, truth.value));
  const double share = std::isinf(j.ulp) ? 1 : ratio(ulp, unit);
  return {j.verdict == Verdict::correct, j.ulp, j.ulp * share};
}

void Record::worst(bool derivative, const Distance& d, double got, const Bounded& truth) {
  ++result_.elements;
  keep_worst(derivative ? result_.worst_derivative : result_.worst_value,
             {d.ulp, d.units, 0, {}, decimal(f_, got), truth.value.str(20)});
}

void Record::compare(const std::string& of, const std::vector<Compared>& elements,
                     bool derivative) {
  if (elements.empty()) return;
  const Compared* shown = nullptr;
  Distance shown_ours;
  double their_ulp = 0;
  bool all_ok = true;
  for (const Compared& c : elements) {
    const Distance ours = distance(f_, c.ours, c.truth, c.our_limit, c.our_unit);
    const Distance theirs = distance(f_, c.theirs, c.truth, c.their_limit, c.their_unit);
    worst(derivative, ours, c.ours, c.truth);
    if (!ours.within) {
      fail(of, c.ours, c.truth, ours, c.our_limit,
           fmt::format("{}: {} is farther from the truth than it claims", of, c.name));
    } else if (!theirs.within) {
      fail(of, c.theirs, c.truth, theirs, c.their_limit,
           fmt::format("{}: {} of PyTorch is not what the operation computes", of, c.name));
    }
    const bool ok = ours.within && theirs.within;
    const bool worse = all_ok == ok && (!shown || ours.units > shown_ours.units);
    if (worse || (all_ok && !ok)) {
      shown = &c;
      shown_ours = ours;
    }
    all_ok = all_ok && ok;
    their_ulp = std::max(their_ulp, theirs.ulp);
    if (theirs.units > their_units_) {
      their_units_ = theirs.units;
      their_worst_ = {fmt::format("PyTorch is farthest from the truth at {}: {}, {} units", of,
                                  c.name, figure(theirs.units)),
                      c.truth.value.str(20), decimal(f_, c.theirs), theirs.ulp, theirs.within};
    }
  }
  result_.values.push_back(
      {fmt::format("{}: {}, PyTorch within {} ulp", of, shown->name, figure(their_ulp)),
       decimal(f_, shown->theirs), decimal(f_, shown->ours), shown_ours.ulp, all_ok});
}

void Record::fail(const std::string& of, double got, const Bounded& truth, const Distance& d,
                  double limit, const std::string& detail) {
  ++result_.counts["failed"];
  if (!result_.failures.empty()) return;
  Failure x;
  x.operation = of;
  x.scalar = result_.scalar;
  x.check = result_.check;
  x.got = decimal(f_, got);
  x.reference = truth.value.str(20);
  x.ulp = d.ulp;
  x.claimed = limit;
  x.units = result_.units;
  x.message = fmt::format(
      "{}: {}\n  got        {} = {}\n  reference  {}        ({} ulp, {} units; limit {})\n"
      "  origin     {}",
      scalar_of(result_), detail, x.got, hex(got), x.reference, figure(d.ulp), figure(d.units),
      limit, result_.origin);
  result_.failures.push_back(std::move(x));
}

void Record::fail(const std::string& of, const std::string& why) {
  ++result_.counts["failed"];
  result_.values.push_back({of, "a result", why, std::nullopt, false});
  if (!result_.failures.empty()) return;
  Failure x;
  x.operation = of;
  x.scalar = result_.scalar;
  x.check = result_.check;
  x.message = fmt::format("{}: {}: {}", scalar_of(result_), of, why);
  result_.failures.push_back(std::move(x));
}

void Record::finish() {
  if (their_units_ >= 0) result_.values.push_back(their_worst_);
}

Check replay(const Source& source, const Format& f, const std::string& about, const Run& run) {
  Check c;
  CheckResult& blank = c.blank;
  blank.kind = Kind::golden;
  blank.subject = source.subject;
  blank.scalar = f.name;
  blank.check = "replay";
  blank.about = about;
  blank.blind = "points not listed";
  blank.units = "envelope";
  blank.origin = fmt::format(
      "PyTorch 1.13.1 on one thread, without FMA; fixtures/torch/{}, made by "
      "fixtures/torch/make.py",
      source.file);
  c.whole = true;
  c.cases = 1;
  c.run = [f, run, text = source.text](std::uint64_t, std::uint64_t, CheckResult& result) {
    try {
      run(Json::parse(text()), f, result);
    } catch (const std::exception& x) {
      Record(f, result).fail(result.subject, std::string("the replay threw: ") + x.what());
    }
  };
  c.conclude = [](CheckResult& r) {
    if (r.verdict != Verdict::correct || r.elements > 0) return;
    r.verdict = Verdict::inconclusive;
    r.reason = "no number was compared";
  };
  return c;
}

}  // namespace assay::verify::torch
