// Weights in files: what is written, and what is not taken back.

#include "assay/data/weights.hpp"

#include <gtest/gtest.h>

#include <random>

#include "assay/nn.hpp"
#include "assay/ops/relu.hpp"
#include "data_bytes.hpp"

namespace assay::data {
namespace {

using nn::BatchNorm1d, nn::Embedding, nn::LayerNorm, nn::Linear, nn::Sequential;

struct File {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("assay-weights-" + std::to_string(std::random_device{}()) + ".safetensors");
  ~File() { std::filesystem::remove(path); }
};

template <class T>
Sequential<T> model(std::uint64_t seed) {
  Random random(seed);
  return Sequential<T>{Linear<T>(3, 4, random), BatchNorm1d<T>(4), relu, LayerNorm<T>(4),
                       Linear<T>(4, 1, random)};
}

/// All that a model learns, in bits.
template <class T>
std::string all_bytes(nn::Module<T>& m) {
  return format_safetensors(state(m));
}

template <class Bits, class T>
void round_trip(const std::array<Bits, 12>& special) {
  Sequential<T> from = model<T>(1), to = model<T>(2);
  auto& first = dynamic_cast<Linear<T>&>(from[0]);
  auto& norm = dynamic_cast<BatchNorm1d<T>&>(from[1]);
  std::memcpy(first.weight.value.data(), special.data(), sizeof special);
  std::memcpy(norm.running_mean.data(), special.data(), 4 * sizeof(T));
  norm.num_batches_tracked = (std::int64_t{1} << 62) + 1;
  ASSERT_NE(all_bytes(from), all_bytes(to));
  const File file;
  save_weights(file.path, from, {{"epoch", "7"}});
  EXPECT_EQ(load_weights(file.path, to), (Metadata{{"epoch", "7"}}));
  EXPECT_EQ(all_bytes(to), all_bytes(from));
  auto& loaded = dynamic_cast<Linear<T>&>(to[0]);
  EXPECT_EQ(std::memcmp(loaded.weight.value.data(), special.data(), sizeof special), 0);
}

TEST(Weights, RoundTripToTheLastBit) {
  round_trip<std::uint32_t, float>(special_floats);
  round_trip<std::uint64_t, double>(special_doubles);
}

TEST(Weights, AreLaidOutAsInAStateDict) {
  Sequential<float> net = model<float>(1);
  const Tensors t = state(net);
  std::string listing;
  for (const auto& [name, array] : t) listing += name + " " + detail::described(array) + "\n";
  EXPECT_EQ(listing,
            "0.bias F32 [4]\n0.weight F32 [4, 3]\n1.bias F32 [4]\n1.num_batches_tracked I64 []\n"
            "1.running_mean F32 [4]\n1.running_var F32 [4]\n1.weight F32 [4]\n3.bias F32 [4]\n"
            "3.weight F32 [4]\n4.bias F32 [1]\n4.weight F32 [1, 4]\n");
  const auto& w = dynamic_cast<Linear<float>&>(net[0]).weight.value;
  EXPECT_EQ(t.at("0.weight").as<float>(), Mat<float>(w.transpose()));
  Random random(1);
  Embedding<double> table(5, 2, random);
  EXPECT_EQ(state(table).at("weight").as<double>(), Mat<double>(table.weight.value));
}

TEST(Weights, AreReadHoweverAnArrayIsFlattened) {
  Linear<double> layer(2, 3);
  const Tensors t{{"weight", Array({3, 2}, Mat<double>{{1, 2, 3, 4, 5, 6}})},
                  {"bias", Array({3}, Mat<double>{{7}, {8}, {9}})}};
  load_state(layer, t);
  EXPECT_EQ(Mat<double>(layer.weight.value), (Mat<double>{{1, 3, 5}, {2, 4, 6}}));
  EXPECT_EQ(Mat<double>(layer.bias.value), (Mat<double>{{7, 8, 9}}));
}

TEST(Weights, GradientsStayAndTheMemoryOfAFlatIsKept) {
  Sequential<double> from = model<double>(1), to = model<double>(2);
  const Flat<double> flat(to.parameters());
  flat.grads()[0] = 5;
  load_state(to, state(from));
  EXPECT_EQ(flat.values()[0], from.parameters()[0]->value(0, 0));
  EXPECT_EQ(flat.grads()[0], 5);
}

/// What load_state says of a model's own tensors after `change`; the model must stay as it is.
template <class F>
std::string refusal_after(F change) {
  Sequential<float> net = model<float>(1);
  Tensors t = state(net);
  for (auto& [name, array] : t) {  // other numbers, to see whether they arrive
    if (const auto* m = std::get_if<Mat<float>>(&array.values())) {
      array = Array(array.shape(), Mat<float>(m->array() + 1));
    }
  }
  change(t);
  const std::string before = all_bytes(net);
  std::string text = "no error";
  try {
    load_state(net, t, "w");
  } catch (const DataError& e) {
    text = e.what();
  }
  EXPECT_EQ(all_bytes(net), before);
  return text;
}

TEST(Weights, WhatDoesNotFitIsNamedAndChangesNothing) {
  EXPECT_EQ(refusal_after([](Tensors& t) { t.erase("4.weight"); }), "w: '4.weight' is missing");
  EXPECT_EQ(refusal_after([](Tensors& t) { t.emplace("5.bias", t.at("4.bias")); }),
            "w: '5.bias' is unknown to the model");
  EXPECT_EQ(refusal_after([](Tensors& t) {
              t.at("4.weight") = Array(Mat<float>(4, 1));  // not transposed
            }),
            "w: '4.weight' is F32 [4, 1] and must be F32 [1, 4]");
  EXPECT_EQ(refusal_after([](Tensors& t) { t.at("4.bias") = Array(Mat<float>(1, 1)); }),
            "w: '4.bias' is F32 [1, 1] and must be F32 [1]");
  EXPECT_EQ(refusal_after([](Tensors& t) {
              t.at("4.bias") = Array({1}, Mat<double>(Mat<double>::Ones(1, 1)));
            }),
            "w: '4.bias' is F64 [1] and must be F32 [1]");
  EXPECT_EQ(refusal_after([](Tensors& t) {
              t.at("1.num_batches_tracked") = Array(Extents{}, Mat<float>(1, 1));
            }),
            "w: '1.num_batches_tracked' is F32 [] and must be I64 []");
  EXPECT_EQ(refusal_after([](Tensors& t) {
              t.erase("0.bias");
              t.erase("0.weight");
              t.emplace("x", t.at("4.bias"));
            }),
            "w: '0.bias' is missing; '0.weight' is missing; 'x' is unknown to the model");
  const std::string all = refusal_after([](Tensors& t) { t.clear(); });
  EXPECT_NE(all.find("; and 1 more"), std::string::npos) << all;
}

TEST(Weights, AFileThatIsNoneOrOfAnotherModelChangesNothing) {
  Sequential<float> net = model<float>(1);
  const std::string before = all_bytes(net);
  EXPECT_THROW(load_weights("no/such/file", net), DataError);
  EXPECT_THROW(load_weights(format_file("weights.safetensors"), net), DataError);
  const File file;
  save_weights(file.path, net);
  EXPECT_THROW(load_weights(file.path, net, 100), DataError);
  Sequential<double> wide = model<double>(1);
  EXPECT_THROW(load_weights(file.path, wide), DataError);
  EXPECT_EQ(all_bytes(net), before);
}

struct Twins : nn::Module<float> {
  Parameter<float> a{Mat<float>(1, 1)}, b{Mat<float>(1, 1)};
  Var<float> forward(const Var<float>& x) override { return x; }

 protected:
  std::vector<nn::NamedParameter<float>> own_parameters() override {
    return {{"w", &a, nn::Stored::matrix}, {"w", &b, nn::Stored::matrix}};
  }
};

TEST(Weights, TwoParametersOfOneNameAreAnError) {
  Twins twins;
  EXPECT_THROW(state(twins), std::invalid_argument);
}

}  // namespace
}  // namespace assay::data
