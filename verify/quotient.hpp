#pragma once
// Difference quotients in double, each with a bound on its own error.

#include <span>

#include "kernel.hpp"

namespace assay::verify {

/// The inputs, `step` away from where they are, along some line.
using Moved = std::function<Matrices(double step)>;
/// How much <dy, f> grows from `down` to `up` if the gradient is right, dy being this upstream.
using Claimed =
    std::function<double(std::size_t upstream, const Matrices& up, const Matrices& down)>;

/// <dy, f> along a line: the slope less the claimed one, which is 0 where the gradient is right.
struct Excess {
  double value = 0;
  double bound = 0;  ///< infinite where nothing can be told
  /// From the left and from the right; they disagree by more than their bounds at a kink or a jump.
  double left = 0, right = 0, side_bound = 0;
  bool bent = false;
  bool one_sided = false;  ///< f is finite on one side only
};

/// How far repeated values of each output element scatter: the rounding of f, measured by sixth
/// differences along a line of steps that a float can still tell apart.
Mat<double> noise_of(const Kernel& kernel, std::uint64_t seed);

/// One Excess for each upstream. `scale` is the largest step; it is halved until f is finite on
/// both sides.
std::vector<Excess> excesses(const Kernel& kernel, const Mat<double>& noise, const Moved& moved,
                             const Claimed& claimed, double scale, double rounding,
                             std::span<const Mat<double>> upstreams);

}  // namespace assay::verify
