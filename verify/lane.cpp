#include "lane.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "leave.hpp"

namespace assay::verify {
namespace {

// A child's last line; without it the work was left, by std::exit(0) in a rule for instance.
constexpr const char* error_mark = "error ";
constexpr const char* end_mark = "end";

std::int64_t now() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

/// One line, whatever is in the message.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

}  // namespace

void Position::enter(std::uint64_t at_item, std::uint64_t at_case) {
  since = now();
  number = at_case;
  item = at_item;
}

namespace {

/// In memory that parent and children share.
template <class T>
T* shared_array(std::size_t n) {
  void* p = mmap(nullptr, n * sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) {
    throw std::runtime_error(fmt::format("no shared memory: {}", std::strerror(errno)));
  }
  return new (p) T[n]{};
}

}  // namespace

Positions::Positions(std::size_t lanes) : first_(shared_array<Position>(lanes)), lanes_(lanes) {}

Positions::~Positions() { munmap(first_, lanes_ * sizeof(Position)); }

Claims::Claims(std::size_t items)
    : first_(shared_array<std::atomic<bool>>(items + 1)), items_(items + 1) {}

Claims::~Claims() { munmap(first_, items_ * sizeof(*first_)); }

std::uint64_t Positions::done() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < lanes_; ++i) sum += first_[i].done;
  return sum;
}

Lane::Lane(std::size_t number, Position& position)
    : number_(number), position_(&position), file_(std::tmpfile()) {
  if (!file_) throw std::runtime_error(fmt::format("no temporary file: {}", std::strerror(errno)));
}

Lane::Lane(Lane&& other) noexcept
    : number_(other.number_),
      position_(other.position_),
      file_(std::exchange(other.file_, nullptr)),
      child_(std::exchange(other.child_, -1)) {}

Lane::~Lane() {
  if (child_ > 0) {  // the parent gives up: nobody would wait for it
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  if (file_) std::fclose(file_);
}

void Lane::start(std::uint64_t item, const std::function<void(std::FILE*)>& work) {
  position_->enter(item, 0);
  earlier_lines_ = lines().size();
  std::fflush(nullptr);
  const pid_t parent = getpid();
  child_ = fork();
  if (child_ < 0) {
    throw std::runtime_error(fmt::format("cannot start a process: {}", std::strerror(errno)));
  }
  if (child_ > 0) return;
  // A shard that is killed must not leave its lanes behind.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(1);
  int status = 0;
  std::string why;
  try {
    work(file_);
  } catch (const std::exception& e) {
    why = e.what();
    status = 1;
  } catch (...) {
    why = "it throws what is not a std::exception";
    status = 1;
  }
  const std::string last = status == 0 ? end_mark : error_mark + one_line(why);
  std::fputs((last + "\n").c_str(), file_);
  std::fflush(file_);
  leave(status);
}

std::optional<Lane::End> Lane::poll(double timeout) {
  int status = 0;
  const pid_t ended = waitpid(child_, &status, WNOHANG);
  const bool late =
      ended == 0 && timeout > 0 && static_cast<double>(now() - position_->since) > timeout * 1000;
  if (ended == 0 && !late) return std::nullopt;
  if (late) {
    kill(child_, SIGKILL);
    waitpid(child_, &status, 0);
  }
  child_ = -1;
  std::vector<std::string> written = lines();
  written.erase(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(earlier_lines_));
  const std::string last = written.empty() ? "" : written.back();
  if (!late && WIFEXITED(status) && WEXITSTATUS(status) == 0 && last == end_mark) return End{};
  std::fputc('\n', file_);  // a child killed in a line leaves half of it
  if (late)
    return End{true, true, fmt::format("it did not end within {} s, the time-out", timeout)};
  if (WIFSIGNALED(status)) {
    return End{true, false,
               fmt::format("its process died of signal {} ({})", WTERMSIG(status),
                           strsignal(WTERMSIG(status)))};
  }
  if (last.starts_with(error_mark)) {
    return End{true, false, "an error stopped it: " + last.substr(std::strlen(error_mark))};
  }
  return End{true, false, fmt::format("it ended its process with code {}", WEXITSTATUS(status))};
}

std::vector<std::string> Lane::lines() const {
  std::rewind(file_);
  std::vector<std::string> all;
  std::string line;
  for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    all.push_back(std::exchange(line, {}));
  }
  std::fseek(file_, 0, SEEK_END);
  return all;
}

}  // namespace assay::verify
