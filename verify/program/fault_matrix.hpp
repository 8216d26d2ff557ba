#pragma once
// What became of the faults that were planted: a line for each class, and survivors in full.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "json.hpp"

namespace assay::program {

class FaultMatrix {
 public:
  explicit FaultMatrix(const std::vector<verify::FaultResult>& faults);

  [[nodiscard]] std::uint64_t planted() const;
  [[nodiscard]] std::uint64_t caught() const;
  /// 0 all caught, 1 one survived, 3 nothing was planted: with `whole`, of some class.
  [[nodiscard]] int exit(bool whole) const;

  void print(bool whole, bool details) const;
  [[nodiscard]] verify::Json as_json() const;

 private:
  struct Row {
    std::uint64_t planted = 0, caught = 0, cannot = 0, worst_after = 0;
    std::map<std::string, std::uint64_t> by;  ///< check to how many it caught
    std::string worst;                        ///< what took the most cases
    [[nodiscard]] std::string by_text() const;
  };

  const std::vector<verify::FaultResult>& faults_;
  std::map<std::uint64_t, Row> rows_;  ///< by class
};

/// A line for each operation; to stdout.
void print_sensitivities(const std::vector<verify::SensitivityResult>& s, bool json);

}  // namespace assay::program
