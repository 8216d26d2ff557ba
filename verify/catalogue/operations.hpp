#pragma once
// The operations of the library, with the checks that need their types.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assay/wide.hpp"
#include "check.hpp"

namespace assay::verify {

/// What one line of the list of operations becomes.
struct Entry {
  std::size_t index;  ///< in the list
  std::shared_ptr<const Operation> op;
  /// All lifts on one case: what differs, or nothing.
  std::function<std::string(const Case&)> lifts_float, lifts_double;
  /// The arithmetic that is independent of the oracle's.
  std::shared_ptr<const Rule<Dec100>> in_100_digits;
};

/// The operations whose index leaves `n` when divided by the number of slices; each is compiled in
/// a source of its own.
template <int n>
std::vector<Entry> slice();

/// All of them, in the order of the list.
const std::vector<Entry>& library();

/// Numbers, matrices, expressions and both graphs give the same bits.
Check lift_check(const Entry& e, const Format& f, std::uint64_t cases);
/// The finite differences of a sample again, in Boost's 100 digits.
Check boost_check(const Entry& e, std::uint64_t cases);

}  // namespace assay::verify
