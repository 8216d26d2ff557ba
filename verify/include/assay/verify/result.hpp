#pragma once
// What a check found. Plain structs without logic; reports/SCHEMA.md describes them as written.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace assay::verify {

enum class Verdict { correct, wrong, inconclusive, skipped };
enum class Kind { operation, claim, golden, model };

/// A matrix as values that lose no bit: hexadecimal floats or exact rationals.
struct Values {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<std::string> values;  ///< column by column
};

/// The largest error of one quantity, and where it occurred.
struct Worst {
  double ulp = 0;
  std::optional<double> envelope;
  std::uint64_t at_case = 0;
  std::vector<std::string> x;
  std::string got;
  std::string reference;
};

struct Failure {
  std::string operation;
  std::string scalar;
  std::string check;
  std::uint64_t at_case = 0;
  std::uint64_t seed = 0;  ///< of the choices within the case
  std::uint64_t shrinks = 0;
  std::vector<Values> inputs;
  Values upstream;
  std::int64_t input = 0;  ///< which input's gradient, from 0
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::string got;
  std::string reference;
  std::string bound;
  double ulp = 0;
  double claimed = 0;
  std::string units;
  std::string message;
  std::string replay;  ///< file, relative to the results
  std::string hint;    ///< the likely cause, where the numbers have its pattern; or empty
};

struct PlotPoint {
  double x = 0;
  double ulp = 0;
  std::string hex;
};

/// The error of a central difference, and the bound that the oracle puts on it, at one step: base-2
/// logarithms.
struct StepError {
  double step = 0;
  double error = 0;
  double bound = 0;
};

struct GoldenValue {
  std::string name;
  std::string expected;
  std::string got;
  std::optional<double> ulp;
  bool ok = false;
};

/// One check of one subject in one scalar. Two of them from different cases can be merged.
struct CheckResult {
  Kind kind = Kind::operation;
  std::string subject;
  std::string scalar;
  std::string check;
  std::string about;
  std::string blind;
  Verdict verdict = Verdict::correct;
  std::string reason;
  std::uint64_t cases = 0;
  std::uint64_t elements = 0;
  std::map<std::string, std::uint64_t> counts;
  std::optional<double> claimed_value;
  std::optional<double> claimed_derivative;
  std::string units;
  std::optional<Worst> worst_value;
  std::optional<Worst> worst_derivative;
  std::optional<Worst> worst_product;
  std::vector<Failure> failures;
  std::map<std::uint64_t, PlotPoint> plot;  ///< by stratum
  /// Derivatives judged, by the quarter of an ulp that their error lies in: 0, 1, ...; the last
  /// one, `last_quarter`, holds all that are larger.
  std::map<std::uint64_t, std::uint64_t> histogram;
  static constexpr std::uint64_t last_quarter = 64;
  std::vector<StepError> curve;    ///< of one representative point
  std::vector<std::string> notes;  ///< what was noticed and is no fault: sorted, each once
  std::vector<GoldenValue> values;
  std::string origin;

  [[nodiscard]] std::string id() const { return subject + "/" + scalar + "/" + check; }
};

/// What became of one planted fault.
struct FaultResult {
  std::string operation;
  std::string scalar;
  std::string fault;
  std::uint64_t number = 0;  ///< of its class, as the list of fault classes counts them
  std::string about;
  std::string status;  ///< caught, survived, not-applicable
  std::string by;
  std::uint64_t after = 0;
  std::uint64_t manifested = 0;
  double ulp = 0;
  std::string shrunk;
};

/// The smallest relative error of a gradient that the checks of an operation find.
struct SensitivityResult {
  std::string operation;
  std::string scalar;
  double found = 0;         ///< the smallest factor 1 + found that is caught
  double usual = 0;         ///< the largest that passes with rtol 1e-3 and atol 1e-5
  std::uint64_t cases = 0;  ///< within which it is caught
};

/// The same check over two disjoint sets of cases. Associative and commutative.
void merge(CheckResult& into, const CheckResult& from);

}  // namespace assay::verify
