#pragma once
// The weights of a model as safetensors, under the names and in the layout of PyTorch's state
// dicts: "0.weight" of extents [out, in].

#include <concepts>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/data/safetensors.hpp"
#include "assay/nn/module.hpp"

namespace assay::data {
namespace detail {

template <class T>
Array stored(const nn::NamedParameter<T>& p) {
  const Mat<T> m = p.parameter->value;
  switch (p.stored) {
    case nn::Stored::transposed:
      return Mat<T>(m.transpose());
    case nn::Stored::vector:
      return Array({static_cast<std::uint64_t>(m.size())}, Mat<T>(m.reshaped(1, m.size())));
    case nn::Stored::matrix:
      break;
  }
  return m;
}
template <class T>
Array stored(const nn::NamedBuffer<T>& b) {
  if (const auto* n = std::get_if<std::int64_t*>(&b.buffer)) {
    return Array(Extents{}, Mat<std::int64_t>(Mat<std::int64_t>::Constant(1, 1, **n)));
  }
  const Mat<T>& m = *std::get<Mat<T>*>(b.buffer);
  return Array({static_cast<std::uint64_t>(m.size())}, m);
}

/// The rows of an array of at most two axes, however it is flattened.
template <class T>
Mat<T> as_rows(const Array& a, Shape s) {
  const Mat<T>& m = std::get<Mat<T>>(a.values());
  return m.template reshaped<Eigen::RowMajor>().template reshaped<Eigen::RowMajor>(s.rows, s.cols);
}
template <class T>
void take(const nn::NamedParameter<T>& p, const Array& a) {
  auto& to = p.parameter->value;
  if (p.stored == nn::Stored::transposed) {
    to = as_rows<T>(a, {to.cols(), to.rows()}).transpose();
  } else {
    to = as_rows<T>(a, shape_of(to));
  }
}
template <class T>
void take(const nn::NamedBuffer<T>& b, const Array& a) {
  if (const auto* n = std::get_if<std::int64_t*>(&b.buffer)) {
    **n = std::get<Mat<std::int64_t>>(a.values())(0, 0);
  } else {
    Mat<T>& to = *std::get<Mat<T>*>(b.buffer);
    to = as_rows<T>(a, shape_of(to));
  }
}

inline std::string described(const Array& a) {
  std::string text = std::string(a.type()) + " [";
  for (std::size_t i = 0; i < a.shape().size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(a.shape()[i]);
  }
  return text + "]";
}

/// What keeps `given` from being the weights of a model; empty if nothing does.
inline std::vector<std::string> misfits(const Tensors& model, const Tensors& given) {
  std::vector<std::string> all;
  for (const auto& [name, array] : model) {
    const auto found = given.find(name);
    if (found == given.end()) {
      all.push_back("'" + name + "' is missing");
    } else if (described(found->second) != described(array)) {
      all.push_back("'" + name + "' is " + described(found->second) + " and must be " +
                    described(array));
    }
  }
  for (const auto& [name, array] : given) {
    if (!model.contains(name)) all.push_back("'" + name + "' is unknown to the model");
  }
  return all;
}

}  // namespace detail

/// Parameters and buffers by name. Throws std::invalid_argument if two have one name.
template <std::floating_point T>
requires Element<T> Tensors state(nn::Module<T>& model) {
  Tensors all;
  const auto add = [&](const auto& named) {
    if (all.emplace(named.name, detail::stored(named)).second) return;
    throw std::invalid_argument("weights: two parameters or buffers of the model are named '" +
                                named.name + "'; a name must be unique");
  };
  for (const auto& p : model.named_parameters()) add(p);
  for (const auto& b : model.named_buffers()) add(b);
  return all;
}

/// The inverse of state(). Throws DataError, which names all that does not fit, unless the names,
/// types and extents are just those of the model; the model is then as it was. `source` stands for
/// the tensors in messages.
template <std::floating_point T>
requires Element<T>
void load_state(nn::Module<T>& model, const Tensors& tensors, std::string_view source = "weights") {
  const std::vector<std::string> wrong = detail::misfits(state(model), tensors);
  if (!wrong.empty()) {
    constexpr std::size_t shown = 10;
    std::string text(source);
    for (std::size_t i = 0; i < wrong.size() && i < shown; ++i) {
      text += (i == 0 ? ": " : "; ") + wrong[i];
    }
    if (wrong.size() > shown) text += "; and " + std::to_string(wrong.size() - shown) + " more";
    throw DataError(text);
  }
  for (const auto& p : model.named_parameters()) detail::take(p, tensors.at(p.name));
  for (const auto& b : model.named_buffers()) detail::take(b, tensors.at(b.name));
}

/// The file is replaced as a whole or left as it was.
template <std::floating_point T>
requires Element<T>
void save_weights(const std::filesystem::path& file, nn::Module<T>& model,
                  const Metadata& metadata = {}) {
  write_safetensors(file, state(model), metadata);
}

/// Returns the file's metadata. Throws DataError; the model is then as it was.
template <std::floating_point T>
requires Element<T> Metadata load_weights(const std::filesystem::path& file, nn::Module<T>& model,
                                          std::uint64_t max_bytes = default_max_bytes) {
  Safetensors read = read_safetensors(file, max_bytes);
  load_state(model, read.tensors, file.string());
  return std::move(read.metadata);
}

}  // namespace assay::data
