#pragma once
// Wrong backwards, planted to see whether the checks notice.

#include <array>
#include <memory>
#include <string_view>

#include "check.hpp"

namespace assay::verify {

struct Fault {
  std::string_view name;
  std::string_view about;
};

inline constexpr std::array faults{
    Fault{"sign", "the gradient of the first input has the wrong sign"},
    Fault{"factor", "every gradient is twice what it should be"},
    Fault{"small-factor", "every gradient is off by a factor 1 + 1e-12 (1 + 1e-5 in float)"},
    Fault{"overwrite", "the sweep overwrites a gradient where it should add to it"},
    Fault{"no-reduction", "the gradient of a broadcast input is not summed over the repetitions"},
    Fault{"transposed", "a square gradient is transposed"},
    Fault{"tail", "the gradient has the wrong sign where |x| > 20"},
    Fault{"upstream", "the upstream gradient is modified in place"},
    Fault{"stale", "the second call returns the gradient of the first"},
    Fault{"one-element", "one element of the first gradient is wrong by one part in a thousand"},
};

/// The operation with a fault in its backward; `manifested` counts the calls that it changed.
Operation plant(const Operation& op, std::string_view fault,
                const std::shared_ptr<std::uint64_t>& manifested);

/// Plants one fault in one operation and runs its checks until one fails.
FaultResult try_fault(const Operation& op, const Format& f, const Fault& fault,
                      std::uint64_t campaign_seed, std::uint64_t cases);

}  // namespace assay::verify
