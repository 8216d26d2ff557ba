#pragma once
// The types that are judged, and the lifts.

#include "catalogue/lifts.hpp"

namespace assay::verify {
namespace {  // each part has its own fill_entry

template <class C>
void fill_entry(Entry& e, const C& call) {
  e.op = std::make_shared<Operation>(describe(call.op));
  e.lifts_float = [&call, op = e.op](const Case& c) {
    return lifts::compare<float>(call, *op->in_float, c);
  };
  e.lifts_double = [&call, op = e.op](const Case& c) {
    return lifts::compare<double>(call, *op->in_double, c);
  };
}

}  // namespace
}  // namespace assay::verify
