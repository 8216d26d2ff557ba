// Grids of small images as PNG (ISO/IEC 15948), eight bits of grey, or of red, green and blue, and
// of opacity a pixel.

#include <zlib.h>

#include <array>
#include <cmath>
#include <initializer_list>
#include <stdexcept>

#include "experiments.hpp"
#include "plots.hpp"

namespace assay::report {
namespace {

using Colour = std::array<std::uint8_t, 4>;

Colour mixed(const Colour& a, const Colour& b, double share) {
  Colour c{};
  for (std::size_t i = 0; i < c.size(); ++i) {
    c[i] = static_cast<std::uint8_t>(std::lround(a[i] + (b[i] - a[i]) * share));
  }
  return c;
}

/// Blue below 0, near white at 0, red above: told apart by all kinds of eyes.
Colour diverging(std::uint8_t level) {
  const double x = (level - 127.5) / 127.5;
  return mixed({247, 247, 247, 255}, x < 0 ? Colour{33, 102, 172, 255} : Colour{178, 24, 43, 255},
               std::abs(x));
}

std::string big_endian(std::uint64_t n) {
  std::string four;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) four += static_cast<char>((n >> shift) & 0xffU);
  return four;
}

const Bytef* bytes(const std::string& s) { return reinterpret_cast<const Bytef*>(s.data()); }

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  return big_endian(data.size()) + body +
         big_endian(::crc32(0, bytes(body), static_cast<uInt>(body.size())));
}

std::string compressed(const std::string& raw) {
  uLongf size = ::compressBound(static_cast<uLong>(raw.size()));
  std::string packed(size, '\0');
  if (::compress2(reinterpret_cast<Bytef*>(packed.data()), &size, bytes(raw),
                  static_cast<uLong>(raw.size()), Z_BEST_COMPRESSION) != Z_OK) {
    throw std::runtime_error("png: an image cannot be compressed");
  }
  packed.resize(size);
  return packed;
}

}  // namespace

Picture picture(const Images& all, std::size_t first, std::size_t count) {
  const std::uint64_t across = std::min<std::uint64_t>(all.columns, count);
  const std::uint64_t down = (count + all.columns - 1) / all.columns;
  Picture p;
  p.width = across * (all.width + 1) - 1;  // a gap between images, none around them
  p.height = down * (all.height + 1) - 1;
  const std::size_t size = all.diverging ? 4 : 2;  // of a pixel, in bytes
  const std::size_t line = size * p.width + 1;     // the first byte says how it is filtered: not
  std::string raw(line * p.height, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<std::uint8_t>& levels = all.images.at(first + i);
    const std::size_t left = i % all.columns * (all.width + 1);
    const std::size_t top = i / all.columns * (all.height + 1);
    for (std::size_t k = 0; k < levels.size(); ++k) {
      const std::uint8_t l = levels[k];
      const Colour c = all.diverging ? diverging(l) : Colour{l, 255};
      const std::size_t at = (top + k / all.width) * line + 1 + size * (left + k % all.width);
      for (std::size_t part = 0; part < size; ++part) raw[at + part] = static_cast<char>(c[part]);
    }
  }
  p.png = "\x89PNG\r\n\x1a\n" +
          chunk("IHDR", big_endian(p.width) + big_endian(p.height) +
                            std::string(all.diverging ? "\x08\x06\0\0\0" : "\x08\x04\0\0\0", 5)) +
          chunk("IDAT", compressed(raw)) + chunk("IEND", "");
  return p;
}

std::string data_uri(const std::string& png) { return "data:image/png;base64," + base64(png); }

}  // namespace assay::report
