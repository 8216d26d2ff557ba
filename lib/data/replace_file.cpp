#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "assay/data/error.hpp"
#include "bytes.hpp"

namespace assay::data::detail {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_with_errno(const fs::path& file, const std::string& what) {
  const int error = errno;
  fail(file.string(), what + ": " + std::strerror(error));
}

class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  void open(const fs::path& file, int flags) { fd_ = ::open(file.c_str(), flags, 0666); }
  int operator*() const { return fd_; }
  /// Some file systems report a failed write only here.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_ = -1;
};

/// A new file beside the target, removed unless it takes the target's place.
class Beside {
 public:
  explicit Beside(const fs::path& target) {
    static std::atomic<unsigned> count = 0;
    do {  // names of their own length: the target's may be as long as names can be
      name_ = target.parent_path() /
              (".assay-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
      fd_.open(name_, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
    } while (*fd_ < 0 && errno == EEXIST);
    mine_ = *fd_ >= 0;
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;
  ~Beside() {
    if (mine_) ::unlink(name_.c_str());
  }
  Descriptor& fd() { return fd_; }
  bool rename_to(const fs::path& target) {
    mine_ = ::rename(name_.c_str(), target.c_str()) != 0;
    return !mine_;
  }

 private:
  fs::path name_;
  Descriptor fd_;
  bool mine_ = false;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Gives a new file the permissions of the one that it replaces.
bool same_permissions(int fd, const fs::path& target) {
  struct stat status {};
  if (::stat(target.c_str(), &status) != 0) return errno == ENOENT;
  return ::fchmod(fd, status.st_mode & 07777U) == 0;
}

void sync_directory(const fs::path& file, const fs::path& target) {
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  Descriptor directory;
  directory.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // EINVAL: a file system that cannot sync directories.
  if (*directory < 0 || (::fsync(*directory) != 0 && errno != EINVAL)) {
    fail_with_errno(file, "written, but its directory cannot be synced");
  }
}

}  // namespace

void replace_file(const fs::path& file, std::string_view bytes) {
  std::error_code error;
  const bool there = fs::exists(file, error);
  if (there && !fs::is_regular_file(file, error)) {
    fail(file.string(), "cannot be written: it is there and not a regular file");
  }
  const fs::path target = there ? fs::canonical(file, error) : file;
  if (error) fail(file.string(), "cannot be written: " + error.message());

  Beside beside(target);
  if (*beside.fd() < 0) fail_with_errno(file, "cannot be written, no new file beside it");
  if (!write_all(*beside.fd(), bytes) || !same_permissions(*beside.fd(), target) ||
      ::fsync(*beside.fd()) != 0 || !beside.fd().close() || !beside.rename_to(target)) {
    fail_with_errno(file, "cannot be written");
  }
  sync_directory(file, target);
}

}  // namespace assay::data::detail
