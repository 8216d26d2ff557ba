#pragma once
// What is better and what is worse in one campaign than in another.

#include <array>
#include <string>
#include <vector>

#include "model.hpp"

namespace assay::report {

/// One kind of finding; `worse`: one that must not be.
struct Findings {
  const char* name;
  bool worse;
  std::vector<std::string> lines;
};

struct Difference {
  Findings regressions{"larger errors", true, {}};
  Findings failures{"new failures", true, {}};
  Findings missing{"missing checks", true, {}};
  Findings inconclusive{"no longer conclusive", true, {}};
  Findings loosened{"looser claims", true, {}};
  Findings survived{"faults no longer caught", true, {}};
  Findings fewer{"fewer cases", false, {}};
  Findings repaired{"failures that are gone", false, {}};
  Findings improved{"smaller errors", false, {}};
  Findings added{"added checks", false, {}};

  [[nodiscard]] std::vector<const Findings*> all() const {
    return {&regressions, &failures, &missing,  &inconclusive, &loosened,
            &survived,    &fewer,    &repaired, &improved,     &added};
  }
  [[nodiscard]] std::size_t worse() const;   ///< findings that must not be
  [[nodiscard]] std::size_t others() const;  ///< the rest
};

/// An error is larger if it grew by more than `threshold` of its check's unit.
Difference difference(const Campaign& before, const Campaign& after, double threshold);

}  // namespace assay::report
