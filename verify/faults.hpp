#pragma once
// Wrong backwards, planted to see whether the checks notice.
//
// A fault is planted in an operation by a decorator of its rule, which lets the right backward run
// and then tampers with what it returned. A fault that needs another formula, or that belongs to
// one operation, computes the gradients anew (folder wrong/). Before it counts, a witness is looked
// for: a case in which the gradient changes by more than the operation's claim allows. Where there
// is none the fault cannot be wrong, and is not planted.

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "fault_classes.hpp"

namespace assay::verify {

/// What a faulty rule keeps between calls.
template <class T>
struct Memory {
  std::uint64_t calls = 0;
  std::vector<Mat<T>> gradients;
};

/// One call of backward. The matrices may be tampered with by const_cast: faults do.
template <class T>
struct Backward {
  const Operation& op;
  const Rule<T>& right;
  const Mat<T>& dy;
  std::span<const View<T>> x;
  const Mat<T>& y;
  Memory<T>& memory;
};
/// Changes the right gradients into those of the fault.
template <class T>
using Tamper = void (*)(const Backward<T>& call, std::span<Mat<T>> dx);
/// The same of one element of a gradient in dual numbers, and of its input.
using Moving = Dual<Enclosure>;
using TamperSecond = void (*)(const Moving& x, Moving& g);

struct Fault {
  /// Where it is planted.
  enum class In {
    gradient,    ///< the backward in float and double
    bits,        ///< the same, but it counts whatever bit it changes: state, sharing
    everywhere,  ///< the backward in every scalar, those of the oracles too
    second,      ///< the derivative of the backward, in dual numbers of the oracle
    sweep,       ///< how gradients arrive
    elsewhere,   ///< what the task's own checks look at: lifts
  };
  std::string_view name;
  std::uint64_t number = 0;  ///< of its class
  std::string_view about;
  Tamper<float> in_float = nullptr;
  Tamper<double> in_double = nullptr;
  TamperSecond in_second = nullptr;
  In in = In::gradient;
  /// Which operations it can be planted in; null: all.
  bool (*concerns)(const Operation&) = nullptr;

  template <class T>
  [[nodiscard]] Tamper<T> tamper() const {
    if constexpr (std::is_same_v<T, float>) {
      return in_float;
    } else {
      return in_double;
    }
  }
};

/// All faults that can be planted in a backward.
const std::vector<Fault>& faults();
/// The fault of that name; throws std::out_of_range.
const Fault& fault_named(std::string_view name);

/// What the fault did since somebody last asked.
struct Planted {
  bool changed = false;     ///< it changed a gradient by more than is claimed
  bool touched = false;     ///< it changed one at all
  std::uint64_t cases = 0;  ///< cases in which it changed one by more than is claimed

  /// `failed`: a check has said so.
  void next_case(bool failed) {
    cases += changed || (touched && failed) ? 1 : 0;
    changed = touched = false;
  }
};

/// In memory that child processes share: some checks let others run the rule.
std::shared_ptr<Planted> shared_planted();

/// The operation with the fault in its backward.
Operation plant(const Operation& op, const Fault& fault, const std::shared_ptr<Planted>& planted);
/// The operation with every gradient in float and double off by a factor 1 + error.
Operation plant_factor(const Operation& op, double error);

/// What one process is to plant, and where.
struct FaultTask {
  std::shared_ptr<const Operation> operation;
  Format format;
  Fault fault;
  /// Of a fault elsewhere: the checks of what it was planted in.
  std::function<std::vector<Check>(const std::shared_ptr<Planted>&, const Plan&)> checks{};
  /// Of a fault elsewhere: why it cannot be wrong there, or nothing.
  std::function<std::string()> cannot{};
  /// Of a fault in the backward: what the wrong operation is checked by beside checks_of().
  std::function<std::vector<Check>(const std::shared_ptr<const Operation>& wrong, const Plan&)>
      more{};

  [[nodiscard]] std::string id() const;
};
/// A result that says what is planted where, and nothing yet about what became of it.
FaultResult blank_fault(const FaultTask& t);

struct FaultPlan {
  std::uint64_t seed = 42;
  std::uint64_t cases = 200;      ///< as of a campaign: each check says how many of its own it has
  int shrink_tries = 0;           ///< how hard the failing case is made smaller
  std::uint64_t witnesses = 300;  ///< random cases among which a witness is looked for
};

/// Why there is no case in which the fault, planted, changes what it is planted in by more than is
/// claimed; nothing where there is one.
std::string no_witness(const FaultTask& task, const FaultPlan& plan);

/// Plants a fault and runs the checks, the first cases of all before later ones of any, until one
/// fails. `shrunk` says why, where the fault cannot be wrong.
FaultResult try_fault(const FaultTask& task, const FaultPlan& plan);

/// Those of the checks that meet a backward that is wrong in this scalar, cheap ones first.
std::vector<Check> checks_against(std::vector<Check> checks, const Format& f, const Fault& fault);

/// The smallest error of all gradients, as a power of two relative to them, that the checks find
/// within so many cases, and what the usual tolerances let through on these.
SensitivityResult sensitivity(const std::shared_ptr<const Operation>& op, const Format& f,
                              std::uint64_t seed, std::uint64_t cases);

}  // namespace assay::verify
