#pragma once
// What SCHEMA.md says, as types. No logic.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace assay::report {

enum class Kind { operation, claim, golden, model };
enum class Verdict { skipped, correct, inconclusive, wrong };       // by severity
enum class Outcome { verified, inconclusive, incomplete, failed };  // by severity
enum class Status { not_applicable, caught, survived };

struct Run {
  std::string assay, commit, compiler, flags, processor, seed, shard, command;
  bool dirty = false;
  std::uint64_t cases = 0;
  std::map<std::string, std::string> libraries;
  std::vector<std::string> patterns, scalars, plugins;
};

struct Claimed {
  std::optional<double> derivative, value;
  std::string units;
};

/// An error in ulp and in envelope units, and where it was seen.
struct Error {
  double ulp = 0;
  std::optional<double> envelope;
  std::uint64_t case_number = 0;
  std::vector<std::string> x;
  std::string got, reference;
};

struct Worst {
  std::optional<Error> value, derivative, product;
};

struct Tensor {
  std::int64_t rows = 0, cols = 0;
  std::vector<std::string> values;
};

struct Failure {
  std::string operation, scalar, check;
  std::uint64_t case_number = 0, shrinks = 0;
  std::vector<Tensor> inputs;
  std::optional<Tensor> upstream;
  std::int64_t input = 0, row = 0, col = 0;
  std::string got, reference, bound;
  std::optional<double> ulp, claimed;
  std::string units, message, replay, hint;
};

struct Point {
  double x = 0, ulp = 0;
  std::string hex;
  std::uint64_t stratum = 0;
};

/// Derivatives whose error is of one quarter of an ulp, counted from 0; `last`: all beyond.
struct Quarter {
  static constexpr std::uint64_t last = 64;
  std::uint64_t quarter = 0, count = 0;
};

/// Of a central difference: logarithms to base 2, -inf where the error is 0.
struct Step {
  double step = 0, error = 0, bound = 0;
};

struct GoldenValue {
  std::string name, expected, got;
  std::optional<double> ulp;
  bool ok = false;
};

struct Check {
  std::string id;
  Kind kind{};
  std::string subject, scalar, check, about, blind;
  Verdict verdict{};
  std::string reason;
  std::uint64_t cases = 0, elements = 0;
  std::vector<std::pair<std::string, std::uint64_t>> counts;
  std::optional<Claimed> claimed;
  std::optional<Worst> worst;
  std::vector<Failure> failures;
  std::vector<Point> plot;
  std::vector<Quarter> histogram;
  std::vector<Step> curve;
  std::vector<std::string> notes;
  std::vector<GoldenValue> values;
  std::string origin;
  std::size_t file = 0;  ///< index into Campaign::files
};

struct Fault {
  static constexpr std::uint64_t classes = 27;
  std::string operation, scalar, fault, about;
  std::uint64_t number = 0;  ///< of its class, 1 to 27; 0: none
  Status status{};
  std::string by;
  std::uint64_t after = 0, manifested = 0;
  std::optional<double> ulp;
  std::string shrunk;
  std::size_t file = 0;  ///< index into Campaign::files
};

struct Sensitivity {
  std::string operation, scalar;
  double found = 0, usual = 0;  ///< relative errors
  std::uint64_t cases = 0;
};

struct End {
  Outcome verdict{};
  int exit = 0;
  std::uint64_t checks = 0, correct = 0, wrong = 0, inconclusive = 0, skipped = 0;
  std::uint64_t cases = 0, elements = 0, faults = 0, caught = 0;
};

struct File {
  std::filesystem::path path;
  Run run;
  std::optional<End> end;
  std::size_t cut = 0;  ///< the line in whose middle the file ends, 0 if it does not
};

/// All the files read, together.
struct Campaign {
  std::vector<File> files;
  std::vector<Check> checks;
  std::vector<Fault> faults;
  std::vector<Sensitivity> sensitivities;
};

}  // namespace assay::report
