#pragma once
// What tests of several subjects share.

#include <limits>
#include <string>

#include "assay/rational.hpp"

namespace assay {

using Q = Rational;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// What an Error says that the action throws; "" if it throws none.
template <class Error>
std::string message_of(const auto& action) {
  try {
    static_cast<void>(action());
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace assay
