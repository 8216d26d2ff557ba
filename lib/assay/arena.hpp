#pragma once
// What a tape is made of: memory that grows in one predictable branch a node, and the partials of
// nodes with many parents.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "assay/scalar.hpp"

namespace assay::detail {

/// Memory whose owner counts what is in it. A vector would look at its capacity at every push.
template <class X>
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  [[nodiscard]] X* data() const { return data_; }
  [[nodiscard]] std::size_t bytes() const { return capacity_ * sizeof(X); }

  /// Room for `capacity`, of which `used` are there; grows by halves at least.
  void reserve(std::size_t used, std::size_t capacity) {
    if (capacity <= capacity_) return;
    capacity = std::max(capacity, capacity_ + capacity_ / 2);
    X* const grown = std::allocator<X>().allocate(capacity);
    std::uninitialized_move_n(data_, used, grown);
    std::destroy_n(data_, used);
    release();
    data_ = grown;
    capacity_ = capacity;
  }
  void put(std::size_t i, const X& x) { std::construct_at(data_ + i, x); }
  /// Ends the life of first .. last - 1: nothing to do for plain numbers.
  void drop(std::size_t first, std::size_t last) {
    if constexpr (!std::is_trivially_destructible_v<X>) std::destroy(data_ + first, data_ + last);
  }

 private:
  void release() {
    if (data_ != nullptr) std::allocator<X>().deallocate(data_, capacity_);
  }

  X* data_ = nullptr;
  std::size_t capacity_ = 0;
};

/// Partials towards many parents. A segment has its parents one after another or in a list, and
/// its partials anywhere (two segments may share them) or nowhere, when all are 1. What an
/// operation that throws leaves behind belongs to no node and is forgotten by clear().
template <class T>
class Segments {
 public:
  static constexpr std::uint32_t none = 0xffffffff;
  static constexpr std::size_t most = std::size_t{1} << 29U;  // of segments, and of nodes
  struct Segment {
    std::uint32_t count;
    std::uint32_t parents;   // the first, or where their list begins
    std::uint32_t partials;  // where they begin; none: all are 1
    bool listed;
  };

  Segments() = default;
  Segments(const Segments&) = delete;
  Segments& operator=(const Segments&) = delete;
  ~Segments() { clear(); }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(segments_used_); }
  [[nodiscard]] std::uint32_t listed() const { return static_cast<std::uint32_t>(list_used_); }
  [[nodiscard]] std::uint32_t partials() const {
    return static_cast<std::uint32_t>(partials_used_);
  }
  /// Valid until the next reserve.
  [[nodiscard]] T* partial(std::uint32_t i) const { return partials_.data() + i; }

  void reserve(std::size_t segments, std::size_t listed, std::size_t partials) {
    if (segments_used_ + segments >= most ||
        std::max(list_used_ + listed, partials_used_ + partials) >= none) {
      throw std::length_error("scalar graph: more than 2^29 segments or 2^32 partials of them");
    }
    segments_.reserve(segments_used_, segments_used_ + segments);
    list_.reserve(list_used_, list_used_ + listed);
    partials_.reserve(partials_used_, partials_used_ + partials);
  }
  void add(const Segment& s) { segments_.put(segments_used_++, s); }
  void list(std::uint32_t parent) { list_.put(list_used_++, parent); }
  void put(const T& partial) { partials_.put(partials_used_++, partial); }
  void unlist(std::size_t n) { list_used_ -= n; }

  void clear() {
    partials_.drop(0, partials_used_);
    segments_used_ = list_used_ = partials_used_ = 0;
  }

  [[nodiscard]] std::size_t bytes() const {
    return segments_.bytes() + list_.bytes() + partials_.bytes();
  }

  /// Adds `a` times the partials of segments first .. first + n - 1 to the parents' adjoints.
  template <class Sum>
  void pull_back(std::uint32_t first, std::uint32_t n, const T& a, T* adjoints) const {
    for (std::uint32_t s = first; s < first + n; ++s) {
      const Segment& segment = segments_.data()[s];
      if (segment.partials == none) {
        for_each(segment, adjoints, [&](T& into, std::uint32_t) { Sum{}(into, a); });
      } else {
        const T* __restrict d = partials_.data() + segment.partials;
        for_each(segment, adjoints, [&](T& into, std::uint32_t k) { Sum{}(into, T(a * d[k])); });
      }
    }
  }

 private:
  template <class Arrive>
  void for_each(const Segment& s, T* adjoints, Arrive arrive) const {
    if (s.listed) {
      const std::uint32_t* const parents = list_.data() + s.parents;
      for (std::uint32_t k = 0; k < s.count; ++k) arrive(adjoints[parents[k]], k);
    } else {
      T* __restrict into = adjoints + s.parents;
      for (std::uint32_t k = 0; k < s.count; ++k) arrive(into[k], k);
    }
  }

  Buffer<Segment> segments_;
  Buffer<std::uint32_t> list_;
  Buffer<T> partials_;
  std::size_t segments_used_ = 0, list_used_ = 0, partials_used_ = 0;
};

/// The sum of term(0) .. term(n - 1) in eight lanes, k in lane k mod 8, what is left over after the
/// last eight one by one: the same bits whether the compiler makes vectors of the lanes or not.
template <class T, class Term>
T sum_in_lanes(std::size_t n, Term term) {
  constexpr std::size_t lanes = 8;
  std::size_t k = 0;
  T sum(0);
  if (n >= lanes) {
    std::array<T, lanes> lane;
    for (std::size_t l = 0; l < lanes; ++l) lane[l] = term(l);
    for (k = lanes; k + lanes <= n; k += lanes) {
      for (std::size_t l = 0; l < lanes; ++l) lane[l] += term(k + l);
    }
    for (std::size_t l = 0; l < 4; ++l) lane[l] += lane[l + 4];
    sum = (lane[0] + lane[2]) + (lane[1] + lane[3]);
  }
  for (; k < n; ++k) sum += term(k);
  return sum;
}

}  // namespace assay::detail
