#pragma once
// What the ways to a reference have in common.

#include "reference.hpp"

namespace assay::verify {

/// Raises p by what is missing; false when that leads beyond the last precision.
bool raise_precision(mpfr_prec_t& p, long missing);

/// Bits to add because a comparison was not decided; clears the note.
long undecided_bits();

/// The gradient element whose input is in motion in y.
MatrixReference::Element gradient_element(const Format& f, const Mat<Dual<Enclosure>>& y,
                                          const Mat<double>& upstream);

}  // namespace assay::verify
