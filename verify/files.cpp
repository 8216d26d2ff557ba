#include "files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace assay::verify {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view what) {
  throw UsageError(fmt::format("{}: {}: {}", file.string(), what, std::strerror(errno)));
}

}  // namespace

void make_writable(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw UsageError(
        fmt::format("{}: the output folder cannot be made: {}", folder.string(), error.message()));
  }
  if (!std::filesystem::is_directory(folder)) {
    throw UsageError(fmt::format("{}: the output folder is not a folder", folder.string()));
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    refuse(folder, "the output folder cannot be written");
  }
}

void write_file(const std::filesystem::path& file, std::string_view content) {
  std::filesystem::path temporary = file;
  temporary += fmt::format(".{}.part", getpid());
  {
    const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (fd.get() < 0) refuse(temporary, "cannot be written");
    for (std::string_view rest = content; !rest.empty();) {
      const ssize_t n = write(fd.get(), rest.data(), rest.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        const int why = errno;
        unlink(temporary.c_str());
        errno = why;
        refuse(temporary, "cannot be written");
      }
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
    if (fsync(fd.get()) != 0) refuse(temporary, "cannot be synced");
  }
  if (std::rename(temporary.c_str(), file.c_str()) != 0) refuse(file, "cannot be replaced");
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) fsync(fd.get());  // the rename itself; not every file system can
}

std::string read_file(const std::filesystem::path& file) {
  errno = 0;
  if (std::filesystem::is_directory(file)) {
    throw UsageError(fmt::format("{}: is a folder, not a file", file.string()));
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) refuse(file, "cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) refuse(file, "cannot be read");
  return text.str();
}

}  // namespace assay::verify
