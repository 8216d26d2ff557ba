#pragma once
// What operations with attributes have in common: checks of the attributes, and calls that take
// them last, in braces.

#include <sstream>
#include <stdexcept>
#include <string_view>

#include "assay/op.hpp"

namespace assay {

/// Throws std::invalid_argument "op: attribute is value; rule" unless ok.
template <class V>
void require_value(bool ok, std::string_view op, std::string_view attribute, const V& value,
                   std::string_view rule) {
  if (ok) return;
  std::ostringstream text;
  text.precision(9);
  text << op << ": " << attribute << " is " << value << "; " << rule;
  throw std::invalid_argument(text.str());
}

/// f(a, b) with the attributes that the operation has by default, f(a, b, {.attribute = value})
/// with others. Attributes is what Op is made of: for a Map or a Loss, its rule.
template <class Op, class Attributes>
struct CallWith : Call<Op> {
  using Call<Op>::operator();

  template <class A, class B>
  auto operator()(const A& a, const B& b, const Attributes& attributes) const {
    return Call<Op>{Op{attributes}}(a, b);
  }
};

}  // namespace assay
