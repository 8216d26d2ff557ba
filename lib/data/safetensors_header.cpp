#include "safetensors_header.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "bytes.hpp"
#include "layout.hpp"

namespace assay::data::detail {
namespace {

/// Walks through the header and counts what it has handed out, which nlohmann-json does not tell.
class Counting {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Counting(const char* at, const char** seen) : at_(at), seen_(seen) {}
  reference operator*() const { return *at_; }
  Counting& operator++() {
    *seen_ = ++at_;
    return *this;
  }
  Counting operator++(int) {
    Counting before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Counting& a, const Counting& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** seen_;
};

/// What comes next.
enum class Next {
  file,
  name,
  metadata,
  key,
  text,
  tensor,
  field,
  type,
  shape,
  extent,
  offsets,
  offset
};

const char* expected(Next next) {
  switch (next) {
    case Next::file:
      return "the object of all tensors";
    case Next::name:
      return "the name of a tensor";
    case Next::metadata:
      return "the object of the metadata";
    case Next::key:
      return "a key of the metadata";
    case Next::text:
      return "a text of the metadata";
    case Next::tensor:
      return "the object that describes a tensor";
    case Next::field:
      return "one of 'dtype', 'shape' and 'data_offsets'";
    case Next::type:
      return "a type";
    case Next::shape:
      return "an array of the lengths of the axes";
    case Next::extent:
      return "the length of an axis, from 0 to 2^64 - 1";
    case Next::offsets:
      return "an array of two offsets";
    case Next::offset:
      return "an offset, from 0 to 2^64 - 1";
  }
  return "";
}

/// Takes the JSON token by token: nothing is kept that the format does not have, and a name given
/// twice is seen.
class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  Reader(std::string_view header, std::uint64_t begin, std::string_view name, Metadata& metadata)
      : first_(header.data()),
        seen_(header.data()),
        begin_(begin),
        name_(name),
        metadata_(metadata) {
    const Counting at(header.data(), &seen_);
    const Counting end(header.data() + header.size(), &seen_);
    nlohmann::json::sax_parse(at, end, this);
  }
  std::vector<TensorEntry> take() { return std::move(entries_); }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a bool"); }
  bool number_integer(number_integer_t) override { unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    unexpected("a number that is not such an integer");
  }
  bool binary(binary_t&) override { unexpected("bytes"); }

  bool number_unsigned(number_unsigned_t n) override {
    if (next_ == Next::extent) {
      if (entry().shape.size() == max_axes) {
        fail("more than " + std::to_string(max_axes) + " axes");
      }
      entry().shape.push_back(n);
    } else if (next_ == Next::offset && offsets_ < 2) {
      (offsets_++ == 0 ? entry().begin : entry().end) = n;
    } else {
      unexpected("a number");
    }
    return true;
  }

  bool string(string_t& text) override {
    if (next_ == Next::text) {
      metadata_[key_] = std::move(text);
      next_ = Next::key;
    } else if (next_ == Next::type) {
      auto type = empty_of_type(text);
      if (!type) fail("type " + in_quotes(text) + " is not supported");
      entry().type = *std::move(type);
      next_ = Next::field;
    } else {
      unexpected("a string");
    }
    return true;
  }

  bool key(string_t& key) override {
    if (next_ == Next::key) {
      if (metadata_.contains(key)) fail(in_quotes(key) + " is given twice in the metadata");
      key_ = std::move(key);
      next_ = Next::text;
    } else if (next_ == Next::field) {
      next_ = key == "dtype"          ? Next::type
              : key == "shape"        ? Next::shape
              : key == "data_offsets" ? Next::offsets
                                      : Next::field;
      if (next_ == Next::field) fail("a tensor has no field " + in_quotes(key));
      if (!fields_.insert(next_).second) fail(in_quotes(key) + " is given twice");
    } else if (!names_.insert(key).second) {
      fail(in_quotes(key) + " is given twice");
    } else if (key == metadata_name) {
      next_ = Next::metadata;
    } else {
      entries_.emplace_back();
      entry().name = std::move(key);
      entry().at = at();
      fields_.clear();
      offsets_ = 0;
      next_ = Next::tensor;
    }
    return true;
  }

  bool start_object(std::size_t) override {
    switch (next_) {
      case Next::file:
        next_ = Next::name;
        return true;
      case Next::metadata:
        next_ = Next::key;
        return true;
      case Next::tensor:
        next_ = Next::field;
        return true;
      default:
        unexpected("an object");
    }
  }
  bool end_object() override {
    if (next_ == Next::field && fields_.size() < 3) {
      fail("tensor " + in_quotes(entry().name) +
           " lacks one of 'dtype', 'shape' and 'data_offsets'");
    }
    next_ = Next::name;
    return true;
  }

  bool start_array(std::size_t) override {
    switch (next_) {
      case Next::shape:
        next_ = Next::extent;
        return true;
      case Next::offsets:
        next_ = Next::offset;
        return true;
      default:
        unexpected("an array");
    }
  }
  bool end_array() override {
    if (next_ == Next::offset && offsets_ < 2) fail("two offsets expected");
    next_ = Next::field;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    const std::string_view read(first_, static_cast<std::size_t>(seen_ - first_));
    fail("not JSON in UTF-8; read last: " +
         in_quotes(read.substr(read.size() - std::min<std::size_t>(read.size(), 20))));
  }

 private:
  [[nodiscard]] std::uint64_t at() const {
    return begin_ + static_cast<std::uint64_t>(seen_ - first_);
  }
  [[noreturn]] void fail(const std::string& reason) const { fail_at(name_, at(), reason); }
  [[noreturn]] void unexpected(const std::string& what) const {
    fail(what + " where there must be " + expected(next_));
  }
  TensorEntry& entry() { return entries_.back(); }

  const char* first_;
  const char* seen_;
  std::uint64_t begin_;
  std::string_view name_;
  Metadata& metadata_;
  std::vector<TensorEntry> entries_;
  Next next_ = Next::file;
  std::set<std::string> names_;
  std::set<Next> fields_;  ///< of the last entry
  std::string key_;
  int offsets_ = 0;
};

}  // namespace

std::vector<TensorEntry> parse_header(std::string_view header, std::uint64_t begin,
                                      std::string_view name, Metadata& metadata) {
  if (!header.starts_with('{')) fail_at(name, begin, "the header does not begin with '{'");
  // nlohmann-json takes a NUL for the end.
  const std::size_t nul = header.find('\0');
  if (nul != std::string_view::npos) fail_at(name, begin + nul, "NUL in the header");
  return Reader(header, begin, name, metadata).take();
}

}  // namespace assay::data::detail
