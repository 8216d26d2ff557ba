// Included by generated sources that define ASSAY_SLICE: the operations of one slice, with all of
// their scalars.

#include "assay/ops.hpp"
#include "catalogue/lifts.hpp"
#include "catalogue/operations.hpp"

namespace assay::verify {
namespace {

template <std::size_t index>
Entry entry() {
  const auto& call = std::get<index>(operations);
  using Op = typename std::decay_t<decltype(call)>::Operation;
  Entry e;
  e.index = index;
  const auto op = std::make_shared<const Operation>(make_operation<Op>(call.op));
  e.op = op;
  e.lifts_float = [op](const Case& c) {
    return lifts::compare<float>(std::get<index>(operations), *op->in_float, c);
  };
  e.lifts_double = [op](const Case& c) {
    return lifts::compare<double>(std::get<index>(operations), *op->in_double, c);
  };
  e.in_100_digits = make_rule<Dec100>(call.op);
  return e;
}

}  // namespace

template <>
std::vector<Entry> slice<ASSAY_SLICE>() {
  std::vector<Entry> entries;
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    const auto add = [&]<std::size_t index>(std::integral_constant<std::size_t, index>) {
      if constexpr (index % ASSAY_SLICES == ASSAY_SLICE) entries.push_back(entry<index>());
    };
    (add(std::integral_constant<std::size_t, i>{}), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<decltype(operations)>>{});
  return entries;
}

}  // namespace assay::verify
