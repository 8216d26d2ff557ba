#pragma once
// The types that are judged, and the lifts.

#include "catalogue/lifts.hpp"

namespace assay::verify {
namespace {  // each part has its own fill_entry

template <class C>
void fill_entry(Entry& e, const C& call) {
  e.op = std::make_shared<Operation>(describe(call.op));
  e.lifts_float = lifts_of<float>(call);
  e.lifts_double = lifts_of<double>(call);
}

}  // namespace
}  // namespace assay::verify
