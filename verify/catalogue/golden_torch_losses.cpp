// The losses of fixtures/torch whose attributes are not those of the list.

#include <functional>
#include <map>

#include "assay/ops/bce_with_logits_weighted.hpp"
#include "assay/ops/cross_entropy.hpp"
#include "assay/ops/gaussian_nll.hpp"
#include "assay/ops/huber.hpp"
#include "assay/ops/nll.hpp"
#include "assay/ops/soft_cross_entropy.hpp"
#include "golden_torch.hpp"

namespace assay::verify::torch {
namespace {

using Pointer = std::shared_ptr<const Operation>;
using Make = std::function<Pointer(Attributes&)>;

template <class Op>
Pointer huber_of(Attributes& a) {
  return described(Op{Huber{a.get<double>("delta")}});
}
template <class Op>
Pointer weighted(Attributes& a) {
  return described(Op{BceWithLogitsWeighted{a.get<double>("pos_weight")}});
}
template <Reduction reduction>
Pointer nll_of(Attributes& a) {
  return described(Nll<reduction>{a.get<Labels>("labels")});
}
template <Reduction reduction>
Pointer cross_entropy_of(Attributes& a) {
  return described(CrossEntropy<reduction>{a.get<Labels>("labels"), a.get_or("smoothing", 0.0)});
}
template <Reduction reduction>
Pointer soft_cross_entropy_of(Attributes& a) {
  return described(SoftCrossEntropy<reduction>{a.get<double>("smoothing")});
}
template <Reduction reduction>
Pointer gaussian_nll_of(Attributes& a) {
  return described(GaussianNll<reduction>{a.get<bool>("full")});
}

template <Reduction reduction>
void add_rows(std::map<std::string, Make>& all) {
  all[Nll<reduction>::name] = nll_of<reduction>;
  all[CrossEntropy<reduction>::name] = cross_entropy_of<reduction>;
  all[SoftCrossEntropy<reduction>::name] = soft_cross_entropy_of<reduction>;
  all[GaussianNll<reduction>::name] = gaussian_nll_of<reduction>;
}

const std::map<std::string, Make>& losses() {
  static const std::map<std::string, Make> all_losses = [] {
    using W = BceWithLogitsWeighted;
    std::map<std::string, Make> all{
        {"huber", huber_of<Map<Huber>>},
        {"huber_mean", huber_of<Loss<Huber, Reduction::mean>>},
        {"huber_sum", huber_of<Loss<Huber, Reduction::sum>>},
        {"bce_with_logits_weighted", weighted<Map<W>>},
        {"bce_with_logits_weighted_mean", weighted<Loss<W, Reduction::mean>>},
        {"bce_with_logits_weighted_sum", weighted<Loss<W, Reduction::sum>>},
    };
    add_rows<Reduction::none>(all);
    add_rows<Reduction::mean>(all);
    add_rows<Reduction::sum>(all);
    return all;
  }();
  return all_losses;
}

}  // namespace

std::shared_ptr<const Operation> loss_with_attributes(const std::string& name,
                                                      const Json& attributes) {
  const auto at = losses().find(name);
  if (at == losses().end()) return nullptr;
  Attributes a(attributes);
  Pointer op = at->second(a);
  a.done();
  return op;
}

}  // namespace assay::verify::torch
