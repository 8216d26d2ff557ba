#pragma once

#include "assay/nn/layers.hpp"
#include "assay/ops/attributes.hpp"
#include "assay/ops/gather_rows.hpp"

namespace assay::nn {

/// Row k of the output is the row of the weight that index k names. An index that is there several
/// times adds its gradients.
template <class T>
class Embedding : public Module<T> {
 public:
  Parameter<T> weight;  ///< words x features

  /// From N(0, 1), as the mainstream framework draws it.
  Embedding(Eigen::Index words, Eigen::Index features, Random& random)
      : Embedding(words, features) {
    weight.value = init::normal<T>({words, features}, random);
  }
  /// Zero: to be loaded, or initialised by the caller.
  Embedding(Eigen::Index words, Eigen::Index features) {
    detail::require_features("nn::Embedding", words, features);
    weight = Parameter<T>(Mat<T>::Constant(words, features, T(0)));
  }

  /// Throws ShapeError if an index names no row.
  Var<T> lookup(Graph<T>& graph, std::vector<Eigen::Index> indices) {
    return gather_rows(graph.parameter(weight), std::move(indices));
  }
  /// The same of a column of whole numbers, which gets no gradient. Throws std::invalid_argument if
  /// one is not whole.
  Var<T> forward(const Var<T>& x) override {
    require(x.shape().cols == 1, "nn::Embedding", {{"x", x.shape()}},
            "it must be a column of indices");
    std::vector<Eigen::Index> indices;
    for (Eigen::Index i = 0; i < x.shape().rows; ++i) {
      const auto value = static_cast<double>(value_of(x.value()(i, 0)));
      if (std::trunc(value) != value || !(std::abs(value) < 0x1p53)) {
        require_value(false, "nn::Embedding", "x(" + std::to_string(i) + ", 0)", value,
                      "an index must be a whole number");
      }
      indices.push_back(static_cast<Eigen::Index>(value));
    }
    return lookup(x.graph(), std::move(indices));
  }

 protected:
  std::vector<NamedParameter<T>> own_parameters() override {
    return {{"weight", &weight, Stored::matrix}};
  }
};

}  // namespace assay::nn
