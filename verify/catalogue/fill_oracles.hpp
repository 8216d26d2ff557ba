#pragma once
// The types of the oracles.

namespace assay::verify {
namespace {  // each part has its own fill_entry

template <class C>
void fill_entry(Entry& e, const C& call) {
  add_oracles(*e.op, call.op);
}

}  // namespace
}  // namespace assay::verify
