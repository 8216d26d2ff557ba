// Included by generated sources that define ASSAY_PART and ASSAY_SLICE: one part of what the checks
// need, for the operations of one slice, so that the work of the compiler divides evenly.

#include "assay/ops.hpp"
#include "catalogue/operations.hpp"
#include ASSAY_FILL  // fill_entry(entry, call) of the part

namespace assay::verify {

template <>
void fill<Part::ASSAY_PART, ASSAY_SLICE>(std::vector<Entry>& entries) {
  constexpr std::size_t count = std::tuple_size_v<std::decay_t<decltype(operations<>)>>;
  entries.resize(count);
  assay::detail::unpacked<count>([&](auto... i) {
    const auto one = [&](auto index) {
      if constexpr (index % ASSAY_SLICES == ASSAY_SLICE) {
        fill_entry(entries[index], std::get<index>(operations<>));
      }
    };
    (one(i), ...);
  });
}

}  // namespace assay::verify
