#pragma once
// A lane: the child processes, one after another, that do one part of a campaign's work.

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace assay::verify {

/// Where a child is; in memory that it shares with its parent, which reads it when it has died.
struct Position {
  std::atomic<std::uint64_t> item,
      number;                       ///< in which check, in which of its cases
  std::atomic<std::int64_t> since;  ///< when it got there, in milliseconds
  std::atomic<std::uint64_t> done;  ///< cases

  void enter(std::uint64_t at_item, std::uint64_t at_case);
};

/// One for each lane.
class Positions {
 public:
  explicit Positions(std::size_t lanes);
  Positions(const Positions&) = delete;
  Positions& operator=(const Positions&) = delete;
  ~Positions();
  Position& operator[](std::size_t lane) const { return first_[lane]; }
  [[nodiscard]] std::uint64_t done() const;

 private:
  Position* first_;
  std::size_t lanes_;
};

/// What cannot be divided goes whole to the lane that comes to it first: who is behind finds it
/// taken. What a lane had taken when its child died stays taken.
class Claims {
 public:
  explicit Claims(std::size_t items);
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;
  ~Claims();
  /// True for the first who asks, of all processes.
  [[nodiscard]] bool take(std::size_t item) const { return !first_[item].exchange(true); }

 private:
  std::atomic<bool>* first_;
  std::size_t items_;
};

class Lane {
 public:
  Lane(std::size_t number, Position& position);
  Lane(Lane&& other) noexcept;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  /// A child that does `work`, which writes lines to the lane's file, and ends. What it throws is
  /// why it died.
  void start(std::uint64_t item, const std::function<void(std::FILE*)>& work);

  struct End {
    bool died = false;
    bool late = false;  ///< stopped after `timeout` seconds in one place
    std::string why;
  };
  /// How the child ended, if it has.
  std::optional<End> poll(double timeout);

  /// What all the children wrote, complete lines only.
  std::vector<std::string> lines() const;

  [[nodiscard]] std::size_t number() const { return number_; }
  [[nodiscard]] const Position& position() const { return *position_; }
  [[nodiscard]] bool running() const { return child_ > 0; }

 private:
  std::size_t number_;
  Position* position_;
  std::FILE* file_;
  std::size_t earlier_lines_ = 0;  ///< of the children before this one
  int child_ = -1;
};

}  // namespace assay::verify
