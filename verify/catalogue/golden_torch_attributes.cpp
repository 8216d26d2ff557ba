// The operations of fixtures/torch whose attributes are not those of the list: all but losses.

#include <functional>
#include <map>

#include "assay/ops/block.hpp"
#include "assay/ops/clamp.hpp"
#include "assay/ops/elu.hpp"
#include "assay/ops/gather_rows.hpp"
#include "assay/ops/leaky_relu.hpp"
#include "assay/ops/reshape.hpp"
#include "assay/ops/std.hpp"
#include "assay/ops/var.hpp"
#include "assay/ops/where.hpp"
#include "golden_torch.hpp"

namespace assay::verify::torch {
namespace {

using Pointer = std::shared_ptr<const Operation>;
using Make = std::function<Pointer(Attributes&)>;
using Eigen::Index;

Mat<bool> mask_of(const std::vector<std::vector<bool>>& rows) {
  Mat<bool> m(static_cast<Index>(rows.size()), static_cast<Index>(rows.at(0).size()));
  for (Index i = 0; i < m.rows(); ++i) {
    for (Index j = 0; j < m.cols(); ++j) {
      m(i, j) = rows.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j));
    }
  }
  return m;
}

template <class Op>
Pointer spread(Attributes& a) {
  return described(Op{.ddof = a.get<int>("ddof")});
}

const std::map<std::string, Make>& table() {
  static const std::map<std::string, Make> all{
      {"leaky_relu",
       [](Attributes& a) { return described(Map<LeakyRelu>{{.slope = a.get<double>("slope")}}); }},
      {"elu", [](Attributes& a) { return described(Map<Elu>{{.alpha = a.get<double>("alpha")}}); }},
      {"clamp",
       [](Attributes& a) {
         return described(Map<Clamp>{Clamp(a.get<double>("lo"), a.get<double>("hi"))});
       }},
      {"where",
       [](Attributes& a) {
         return described(Where{mask_of(a.get<std::vector<std::vector<bool>>>("mask"))});
       }},
      {"reshape",
       [](Attributes& a) {
         return described(Reshape{a.get<Index>("rows"), a.get<Index>("cols")});
       }},
      {"block",
       [](Attributes& a) {
         return described(Block{a.get<Index>("i"), a.get<Index>("j"), a.get<Index>("rows"),
                                a.get<Index>("cols")});
       }},
      {"gather_rows",
       [](Attributes& a) { return described(GatherRows{a.get<std::vector<Index>>("indices")}); }},
      {"var", spread<Variance<Axis::all>>},
      {"var_rowwise", spread<Variance<Axis::rowwise>>},
      {"var_colwise", spread<Variance<Axis::colwise>>},
      {"std", spread<StandardDeviation<Axis::all>>},
      {"std_rowwise", spread<StandardDeviation<Axis::rowwise>>},
      {"std_colwise", spread<StandardDeviation<Axis::colwise>>},
  };
  return all;
}

}  // namespace

std::shared_ptr<const Operation> with_attributes(const std::string& name, const Json& attributes) {
  const auto at = table().find(name);
  if (at == table().end()) return nullptr;
  Attributes a(attributes);
  Pointer op = at->second(a);
  a.done();
  return op;
}

}  // namespace assay::verify::torch
