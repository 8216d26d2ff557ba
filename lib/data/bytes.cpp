#include "bytes.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <vector>

#include "assay/data/error.hpp"

namespace assay::data::detail {
namespace {

constexpr std::size_t chunk = std::size_t{1} << 16;

/// zlib's stream for as long as it lives.
class Inflater {
 public:
  Inflater() {
    constexpr int only_gzip = 15 + 16;
    if (inflateInit2(&stream_, only_gzip) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }
  z_stream& operator*() { return stream_; }

 private:
  z_stream stream_{};
};

/// Appends one member to `out` and drops it from `bytes`.
void gunzip_member(std::string_view& bytes, std::string_view name, std::uint64_t max_bytes,
                   std::string& out) {
  Inflater inflater;
  z_stream& z = *inflater;
  std::vector<unsigned char> buffer(chunk);
  for (int state = Z_OK; state != Z_STREAM_END;) {
    // zlib counts in unsigned int: a longer input goes in by parts.
    const auto part =
        static_cast<uInt>(std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max()));
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = part;
    z.next_out = buffer.data();
    z.avail_out = static_cast<uInt>(buffer.size());
    state = inflate(&z, Z_NO_FLUSH);
    if (state == Z_DATA_ERROR || state == Z_NEED_DICT) {
      fail(name, std::string("damaged gzip data: ") + (z.msg != nullptr ? z.msg : "a dictionary"));
    }
    if (state == Z_MEM_ERROR) throw std::bad_alloc();
    const std::size_t written = buffer.size() - z.avail_out;
    if (written > max_bytes - out.size()) too_long(name, max_bytes);
    out.append(reinterpret_cast<const char*>(buffer.data()), written);
    const bool starved = z.avail_in == part && written == 0;
    bytes.remove_prefix(part - z.avail_in);
    if (state != Z_STREAM_END && starved) fail(name, "truncated gzip data");
  }
}

}  // namespace

void fail(std::string_view name, std::string_view reason) {
  throw DataError(std::string(name) + ": " + std::string(reason));
}

void fail_at(std::string_view name, std::uint64_t byte, std::string_view reason) {
  fail(name, "byte " + std::to_string(byte) + ": " + std::string(reason));
}

void too_long(std::string_view name, std::uint64_t max_bytes) {
  fail(name, "longer than the limit of " + std::to_string(max_bytes) + " bytes");
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string shown = "'";
  for (char c : text.substr(0, longest)) {
    const bool printable = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    shown += printable ? c : '?';
  }
  return shown + (text.size() > longest ? "...'" : "'");
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string gunzip(std::string_view bytes, std::string_view name, std::uint64_t max_bytes) {
  std::string out;
  do {
    gunzip_member(bytes, name, max_bytes, out);
  } while (is_gzip(bytes));  // gzip files may be concatenated
  if (!bytes.empty()) {
    fail(name, std::to_string(bytes.size()) + " bytes of garbage after the gzip data");
  }
  return out;
}

std::string read_bytes(const std::filesystem::path& file, std::uint64_t max_bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file.string(), std::string("cannot be opened: ") + std::strerror(errno));
  std::string bytes;
  std::vector<char> buffer(chunk);
  // The size that a file system reports is not asked for: pipes have none.
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got > max_bytes - bytes.size()) too_long(file.string(), max_bytes);
    bytes.append(buffer.data(), got);
  }
  if (in.bad()) fail(file.string(), "cannot be read");
  return bytes;
}

}  // namespace assay::data::detail
