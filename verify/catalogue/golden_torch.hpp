#pragma once
// What the replays of fixtures/torch share: what PyTorch computed, read without PyTorch.
//
// Both PyTorch and the library err by a few ulp, so neither is the measure: each is judged against
// the same reference in high precision, ours in what the operation claims, PyTorch's loosely. A
// wrong convention (labels, a reduction, ddof, epsilon) is off by far more than rounding.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"

/// Files of fixtures/torch, compiled in.
namespace assay::fixtures {

std::string_view torch_elementwise();
std::string_view torch_reductions();
std::string_view torch_structure();
std::string_view torch_linear_algebra();
std::string_view torch_normalisation();
std::string_view torch_losses();
std::string_view torch_tails();
std::string_view torch_training();

}  // namespace assay::fixtures

namespace assay::verify::torch {

using Json = nlohmann::json;

/// Where a check's numbers come from.
struct Source {
  std::string_view subject;  ///< "torch-losses"
  std::string_view file;     ///< under fixtures/torch
  std::string_view (*text)();
};

/// How far PyTorch may be from the reference, in units of what one ulp in every input changes. Its
/// derivative of tanh is 1 - y^2, which loses digits long before the tails: 52 units in double and
/// 89 in float at 4.5.
inline constexpr double their_limit = 16, their_limit_of_tanh = 128;

double number(const Format& f, const Json& j);
Mat<double> matrix(const Format& f, const Json& j);

/// The operation of that name as our list has it, or with the attributes given. Throws
/// std::runtime_error if there is none, or if an attribute is not one of its.
std::shared_ptr<const Operation> operation(const std::string& name, const Json& attributes);
/// Whether `op` is that of this name with these attributes, if it `has` those of the list ("") or
/// others (JSON).
bool stands_for(const Operation& op, const std::string& has, const std::string& name,
                const Json& attributes);
/// The replays of single operations that `op`, which `has` those attributes, stands for, with `op`
/// in the place of the library's. Throws std::invalid_argument if there are none of attributes that
/// are not the list's.
std::vector<Check> checks_with(const std::shared_ptr<const Operation>& op,
                               const std::string& has = {});
/// Those with attributes other than the list's; null if there is none of that name.
std::shared_ptr<const Operation> with_attributes(const std::string& name, const Json& attributes);
std::shared_ptr<const Operation> loss_with_attributes(const std::string& name,
                                                      const Json& attributes);

/// An attribute of that name, and no attribute that is not asked for.
class Attributes {
 public:
  explicit Attributes(const Json& all) : all_(all) {}
  template <class V>
  V get(const char* name) {
    ++asked_;
    return all_.at(name).get<V>();
  }
  template <class V>
  V get_or(const char* name, V otherwise) {
    return all_.contains(name) ? get<V>(name) : otherwise;
  }
  /// Throws std::runtime_error if some were not asked for.
  void done() const {
    if (asked_ != all_.size()) throw std::runtime_error("unknown attributes in " + all_.dump());
  }

 private:
  const Json& all_;
  std::size_t asked_ = 0;
};

/// `op` as the reference needs it: the types that are judged and the oracle's.
template <class Op>
std::shared_ptr<const Operation> described(const Op& op) {
  auto o = std::make_shared<Operation>(describe(op));
  o->enclosed_dual = make_rule<Dual<Enclosure>>(op);
  return o;
}

/// One number: ours and theirs, and what they should be.
struct Compared {
  std::string name;
  double ours = 0, theirs = 0;
  Bounded truth;
  Big our_unit, their_unit;
  double our_limit = 0, their_limit = torch::their_limit;
};

/// How a number lies to the truth.
struct Distance {
  bool within = false;
  double ulp = 0, units = 0;
};
Distance distance(const Format& f, double got, const Bounded& truth, double limit, const Big& unit);

/// Fills in a result: the first failure, the worst figures, one line for each quantity.
class Record {
 public:
  Record(const Format& f, CheckResult& result) : f_(f), result_(result) {}

  /// The elements of one quantity make one line: the worst of ours, and the worst of theirs.
  void compare(const std::string& of, const std::vector<Compared>& elements, bool derivative);
  void line(GoldenValue value) { result_.values.push_back(std::move(value)); }
  void worst(bool derivative, const Distance& d, double got, const Bounded& truth);
  /// `detail` follows "subject<scalar>: " and starts a line.
  void fail(const std::string& of, double got, const Bounded& truth, const Distance& d,
            double limit, const std::string& detail);
  void fail(const std::string& of, const std::string& why);
  /// Their largest error, as a line of its own.
  void finish();

 private:
  const Format& f_;
  CheckResult& result_;
  GoldenValue their_worst_;
  double their_units_ = -1;
};

/// The check around a replay that compares every number of a file; what it throws is a failure.
using Run = std::function<void(const Json& file, const Format&, CheckResult&)>;
Check replay(const Source& source, const Format& f, const std::string& about, const Run& run);

// By file:
void add_operation_checks(std::vector<Check>& checks);
void add_tail_checks(std::vector<Check>& checks);
void add_training_checks(std::vector<Check>& checks);

}  // namespace assay::verify::torch
