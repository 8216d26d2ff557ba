#include "assay/data/npy.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "bytes.hpp"
#include "layout.hpp"

namespace assay::data {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "\x93NUMPY";

struct TypeName {
  std::string_view npy;
  std::string_view type;
};
constexpr TypeName type_names[] = {{"b1", "BOOL"}, {"u1", "U8"},  {"i1", "I8"},  {"u2", "U16"},
                                   {"i2", "I16"},  {"f2", "F16"}, {"u4", "U32"}, {"i4", "I32"},
                                   {"f4", "F32"},  {"u8", "U64"}, {"i8", "I64"}, {"f8", "F64"}};

/// The dictionary in the header: a Python literal, of which only what arrays of numbers need is
/// understood: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), } in any order.
class Header {
 public:
  Header(std::string_view bytes, std::size_t begin, std::size_t end, std::string_view name)
      : rest_(bytes.substr(begin, end - begin)), end_(end), name_(name) {
    expect('{');
    while (!skip('}')) {
      entry();
      if (skip(',')) continue;
      expect('}');
      break;
    }
    skip_spaces();
    if (!rest_.empty()) fail("something behind the dictionary");
    if (!descr_) fail("the header has no 'descr'");
    if (!columns_first_) fail("the header has no 'fortran_order'");
    if (!shape_) fail("the header has no 'shape'");
  }

  [[nodiscard]] const Elements& type() const { return *type_; }
  [[nodiscard]] detail::Layout layout() const {
    return {.shape = *shape_, .big_endian = big_endian_, .columns_first = *columns_first_};
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    detail::fail_at(name_, end_ - rest_.size(), reason);
  }
  void skip_spaces() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n\f"), rest_.size()));
  }
  bool skip(char c) {
    skip_spaces();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!skip(c)) fail(detail::in_quotes({&c, 1}) + " expected in the header");
  }
  std::string_view string() {
    skip_spaces();
    if (!rest_.starts_with('\'') && !rest_.starts_with('"')) fail("a string expected");
    const std::size_t length = rest_.find(rest_[0], 1);
    if (length == std::string_view::npos) fail("a string that does not end");
    const std::string_view text = rest_.substr(1, length - 1);
    rest_.remove_prefix(length + 1);
    return text;
  }

  void entry() {
    skip_spaces();
    const std::string_view at_key = rest_;
    const std::string_view key = string();
    const bool again = (key == "descr" && descr_) || (key == "fortran_order" && columns_first_) ||
                       (key == "shape" && shape_);
    if (again || (key != "descr" && key != "fortran_order" && key != "shape")) {
      rest_ = at_key;
      fail(detail::in_quotes(key) + (again ? " given twice" : " is no key of the NPY header"));
    }
    expect(':');
    if (key == "descr") {
      descr();
    } else if (key == "fortran_order") {
      columns_first_ = boolean();
    } else {
      shape_ = tuple();
    }
  }

  void descr() {
    skip_spaces();
    const std::string_view at_descr = rest_;
    if (rest_.starts_with('[')) fail("arrays of records are not supported");
    descr_ = string();
    const char order = descr_->empty() ? '\0' : descr_->front();
    const std::string_view of = descr_->substr(descr_->empty() ? 0 : 1);
    for (const TypeName& known : type_names) {
      if (of == known.npy) type_ = detail::empty_of_type(known.type);
    }
    // '=' is the order of the machine that reads, and '|' says that there is none.
    const bool one_byte = of.ends_with('1');
    if (!type_ || !(order == '<' || order == '>' || (order == '|' && one_byte))) {
      rest_ = at_descr;
      fail("type " + detail::in_quotes(*descr_) +
           " is not supported; it must be '<' or '>' and one of b1, i1, i2, i4, i8, u1, u2, u4, "
           "u8, f2, f4, f8");
    }
    big_endian_ = order == '>';
  }

  bool boolean() {
    skip_spaces();
    for (const auto& [word, value] : {std::pair{"False"sv, false}, std::pair{"True"sv, true}}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail("True or False expected");
  }

  Extents tuple() {
    Extents shape;
    expect('(');
    bool comma = true;
    while (!skip(')')) {
      skip_spaces();
      if (!comma) fail("',' or ')' expected in the shape");
      if (shape.size() == detail::max_axes) {
        fail("more than " + std::to_string(detail::max_axes) + " axes");
      }
      std::uint64_t n = 0;
      const char* const end = rest_.data() + rest_.size();
      const auto [stop, error] = std::from_chars(rest_.data(), end, n);
      if (error != std::errc{}) fail("the length of an axis expected, from 0 to 2^64 - 1");
      rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()));
      shape.push_back(n);
      comma = skip(',');
    }
    if (shape.size() == 1 && !comma) fail("the shape is a number where a tuple is expected");
    return shape;
  }

  std::string_view rest_;
  std::size_t end_;
  std::string_view name_;
  std::optional<std::string_view> descr_;
  std::optional<Elements> type_;
  bool big_endian_ = false;
  std::optional<bool> columns_first_;
  std::optional<Extents> shape_;
};

/// (), (3,), (3, 4)
std::string tuple(const Extents& shape) {
  std::string text = "(";
  for (std::uint64_t n : shape) text += std::to_string(n) + ", ";
  if (!shape.empty()) text.resize(text.size() - (shape.size() == 1 ? 1 : 2));
  return text + ")";
}

/// With the order of the bytes: |u1, <f8.
std::string descr(const Array& array) {
  for (const TypeName& known : type_names) {
    if (array.type() == known.type) {
      return (known.npy.ends_with('1') ? "|" : "<") + std::string(known.npy);
    }
  }
  throw std::invalid_argument("npy: there is no " + std::string(array.type()) + " in the format");
}

}  // namespace

Array parse_npy(std::string_view bytes, std::string_view name) {
  if (!bytes.starts_with(magic)) {
    detail::fail_at(name, 0, R"(not NPY: it does not begin with "\x93NUMPY")");
  }
  if (bytes.size() < 8) detail::fail_at(name, bytes.size(), "the file ends before its version");
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned major = byte(6);
  if (major < 1 || major > 3 || byte(7) != 0) {
    detail::fail_at(name, 6,
                    "version " + std::to_string(major) + "." + std::to_string(byte(7)) +
                        " where 1.0, 2.0 and 3.0 are known");
  }
  const std::size_t begin = major == 1 ? 10 : 12;
  if (bytes.size() < begin) {
    detail::fail_at(name, bytes.size(), "the file ends before its header");
  }
  std::size_t length = 0;
  for (std::size_t i = begin; i-- > 8;) length = length << 8U | byte(i);
  if (length > bytes.size() - begin) {
    detail::fail_at(name, 8,
                    "the header is said to have " + std::to_string(length) +
                        " bytes; the file has " + std::to_string(bytes.size() - begin) + " more");
  }
  const std::size_t data_begin = begin + length;
  const Header header(bytes, begin, data_begin, name);
  const std::string_view data = bytes.substr(data_begin);
  const detail::Layout layout = header.layout();
  detail::check_size(layout.shape, header.type(), data.size(), name, data_begin);
  return detail::from_bytes(layout, header.type(), data, name, data_begin);
}

Array read_npy(const std::filesystem::path& file, std::uint64_t max_bytes) {
  return parse_npy(detail::read_bytes(file, max_bytes), file.string());
}

std::string format_npy(const Array& array) {
  std::string header = "{'descr': '" + descr(array) +
                       "', 'fortran_order': False, 'shape': " + tuple(array.shape()) + ", }";
  // numpy leaves room for the first axis to grow to any length, and aligns the elements to 64.
  if (!array.shape().empty()) header.append(21 - std::to_string(array.shape()[0]).size(), ' ');
  constexpr std::size_t before = 10;
  header.append(64 - (before + header.size() + 1) % 64, ' ');
  header += '\n';
  std::string out(magic);
  out += {'\1', '\0', static_cast<char>(header.size() & 0xffU),
          static_cast<char>(header.size() >> 8U)};
  out += header;
  detail::append_bytes(array, out);
  return out;
}

void write_npy(const std::filesystem::path& file, const Array& array) {
  detail::replace_file(file, format_npy(array));
}

}  // namespace assay::data
