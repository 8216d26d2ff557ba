#include "assay/data/safetensors.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "bytes.hpp"
#include "layout.hpp"
#include "safetensors_header.hpp"

namespace assay::data {
namespace {

constexpr std::uint64_t length_bytes = 8;

/// Throws unless the tensors, in the order of their offsets, fill the data without gap or overlap.
void check_offsets(std::vector<detail::TensorEntry>& entries, std::uint64_t data_size,
                   std::string_view name) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t end = 0;
  for (const detail::TensorEntry& t : entries) {
    const auto refuse = [&](const std::string& reason) {
      detail::fail_at(name, t.at,
                      "tensor " + detail::in_quotes(t.name) + ", " + detail::to_string(t.shape) +
                          " of " + std::string(detail::type_of(t.type)) + " in bytes " +
                          std::to_string(t.begin) + " to " + std::to_string(t.end) +
                          " of the data: " + reason);
    };
    if (t.end < t.begin) refuse("the end is before the beginning");
    if (t.end > data_size) refuse("the data has " + std::to_string(data_size) + " bytes");
    if (t.begin < end) refuse("overlaps the tensor before, which ends at " + std::to_string(end));
    if (t.begin > end) refuse("leaves a hole behind byte " + std::to_string(end));
    const auto taken = detail::bytes_of(t.shape, t.type);
    if (!taken) refuse("larger than any matrix");
    if (*taken != t.end - t.begin) refuse("it takes " + std::to_string(*taken) + " bytes");
    end = t.end;
  }
  if (end != data_size) {
    detail::fail(name, std::to_string(data_size - end) + " bytes behind the last tensor");
  }
}

/// Text as serde_json writes it.
std::string json_string(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    throw std::invalid_argument("safetensors: " + detail::in_quotes(text) + " is not UTF-8");
  }
}

std::string json_array(const Extents& shape) {
  std::string text = "[";
  for (std::uint64_t n : shape) text += (text.size() > 1 ? "," : "") + std::to_string(n);
  return text + "]";
}

std::string metadata_entry(const Metadata& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) {
    text += (text.empty() ? "" : ",") + json_string(key) + ":" + json_string(value);
  }
  return json_string(detail::metadata_name) + ":{" + text + "}";
}

}  // namespace

Safetensors parse_safetensors(std::string_view bytes, std::string_view name) {
  if (bytes.size() < length_bytes) {
    detail::fail_at(name, bytes.size(), "the file ends within the length of its header");
  }
  std::uint64_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) {
    length = length << 8U | static_cast<unsigned char>(bytes[i]);
  }
  if (length > detail::max_header) {
    detail::fail_at(name, 0,
                    "a header of " + std::to_string(length) + " bytes; " +
                        std::to_string(detail::max_header) + " is the most");
  }
  if (length > bytes.size() - length_bytes) {
    detail::fail_at(name, 0,
                    "a header of " + std::to_string(length) + " bytes; the file has " +
                        std::to_string(bytes.size() - length_bytes) + " more");
  }
  Safetensors file;
  std::vector<detail::TensorEntry> entries =
      detail::parse_header(bytes.substr(length_bytes, length), length_bytes, name, file.metadata);
  const std::uint64_t data_begin = length_bytes + length;
  const std::string_view data = bytes.substr(data_begin);
  check_offsets(entries, data.size(), name);
  for (detail::TensorEntry& t : entries) {
    const detail::Layout layout{.shape = std::move(t.shape), .vector_is_row = true};
    file.tensors.emplace(
        std::move(t.name),
        detail::from_bytes(layout, std::move(t.type), data.substr(t.begin, t.end - t.begin), name,
                           data_begin + t.begin));
  }
  return file;
}

Safetensors read_safetensors(const std::filesystem::path& file, std::uint64_t max_bytes) {
  return parse_safetensors(detail::read_bytes(file, max_bytes), file.string());
}

std::string format_safetensors(const Tensors& tensors, const Metadata& metadata) {
  std::vector<Tensors::const_pointer> order;
  for (const auto& tensor : tensors) order.push_back(&tensor);
  // Elements lists the types by width, and the map the names by byte.
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->second.values().index() > b->second.values().index();
  });

  std::string header = "{";
  std::string data;
  if (!metadata.empty()) header += metadata_entry(metadata);
  for (const auto* tensor : order) {
    const auto& [name, array] = *tensor;
    if (name == detail::metadata_name) {
      throw std::invalid_argument("safetensors: no tensor can be called " +
                                  detail::in_quotes(name));
    }
    const std::size_t begin = data.size();
    detail::append_bytes(array, data);
    header += (header.size() > 1 ? "," : "") + json_string(name) + R"(:{"dtype":")" +
              std::string(array.type()) + R"(","shape":)" + json_array(array.shape()) +
              R"(,"data_offsets":)" + json_array({begin, data.size()}) + "}";
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');
  if (header.size() > detail::max_header) {
    throw std::invalid_argument("safetensors: the header has " + std::to_string(header.size()) +
                                " bytes; " + std::to_string(detail::max_header) + " is the most");
  }
  std::string out;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>(std::uint64_t{header.size()} >> shift & 0xffU);
  }
  return out + header + data;
}

void write_safetensors(const std::filesystem::path& file, const Tensors& tensors,
                       const Metadata& metadata) {
  detail::replace_file(file, format_safetensors(tensors, metadata));
}

}  // namespace assay::data
