#pragma once
// What follows from a campaign: its outcome, the totals, a row for each operation.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model.hpp"

namespace assay::report {

/// A worst error and the check that saw it.
struct Seen {
  const Error* error = nullptr;
  const Check* check = nullptr;
};

/// Every check of one name over the scalars of an operation.
struct Chip {
  std::string check;
  Verdict verdict = Verdict::skipped;
  std::vector<const Check*> by_scalar;
};

struct FaultTally {
  std::uint64_t caught = 0, survived = 0, not_applicable = 0;
  std::uint64_t planted() const { return caught + survived; }
};

struct Operation {
  std::string name;
  std::vector<const Check*> checks;
  std::vector<Chip> chips;
  Verdict verdict = Verdict::skipped;  ///< of the checks; a surviving fault is wrong
  FaultTally faults;
  const Claimed* claimed = nullptr;
  bool in_envelope = false;  ///< the units it is judged in

  Seen worst_value(std::string_view scalar) const;
  Seen worst_derivative(std::string_view scalar) const;
};

struct Totals {
  std::uint64_t checks = 0, correct = 0, wrong = 0, inconclusive = 0, skipped = 0;
  std::uint64_t cases = 0, elements = 0;
  FaultTally faults;
};

struct Summary {
  Outcome outcome = Outcome::verified;
  std::vector<std::string> notes;  ///< why the outcome is not what it could be
  Totals totals;
  std::vector<Operation> operations;                         ///< in the order of the files
  std::vector<std::pair<std::string, std::uint64_t>> skips;  ///< reason, checks
  Seen worst_ulp;       ///< derivative, over operations judged in plain ulp
  Seen worst_envelope;  ///< derivative, over operations judged in envelope units
};

Summary summarize(const Campaign&);

/// The figure an error is judged by, in the units of the claim.
double judged(const Error&, bool in_envelope);
bool judged_in_envelope(const Check&);

std::string_view word(Outcome);
std::string_view word(Verdict);
std::string_view icon(Verdict);

/// The sentence under the verdict, in parts; the odd ones (1, 3, ...) are to be emphasised.
std::vector<std::string> sentence(const Campaign&, const Summary&);

/// What to say of a check that is wrong and recorded no failure.
std::string explanation(const Check&);

/// `assay replay FILE`, or "" if the failure has no file or its message says so itself.
std::string replay_command(const Campaign&, const Check&, const Failure&);

/// The hint, unless the message says it.
std::string unsaid_hint(const Failure&);

/// The commands that repeat the runs, each once.
std::vector<std::string> commands(const Campaign&);

}  // namespace assay::report
