#pragma once
#include "assay/ops/squared_error.hpp"

namespace assay {

/// The mean squared error by its usual name; y = sum of (a - b)^2 / n, without a factor 1/2.
inline constexpr const auto& mse = squared_error_mean;
inline constexpr const auto& mse_sum = squared_error_sum;
inline constexpr const auto& mse_none = squared_error;  ///< element by element

}  // namespace assay
