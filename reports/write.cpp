#include "write.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "report.hpp"

namespace assay::report {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw InputError(fmt::format("{}: cannot be written ({})", path.string(), std::strerror(error)));
}

/// An open descriptor; closed on every path out.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail(path_, errno);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  void write(std::string_view rest) const {
    while (!rest.empty()) {
      const ssize_t written = ::write(fd_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail(path_, written < 0 ? errno : EIO);
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() const {
    if (::fsync(fd_) != 0) fail(path_, errno);
  }
  void close() {
    if (::close(std::exchange(fd_, -1)) != 0) fail(path_, errno);
  }

 private:
  const std::filesystem::path& path_;
  int fd_;
};

/// A file under its temporary name; removed unless it was given its own.
class Temporary {
 public:
  Temporary(const std::filesystem::path& folder, const std::string& name, std::string_view content)
      : target_(folder / name), path_(folder / fmt::format(".{}.{}.tmp", name, ::getpid())) {
    ::unlink(path_.c_str());  // left by a killed process of the same number
    Descriptor file(path_, O_WRONLY | O_CREAT | O_EXCL);
    created_ = true;
    try {
      file.write(content);
      file.sync();
      file.close();
    } catch (...) {
      remove();
      throw;
    }
  }
  Temporary(Temporary&& other) noexcept
      : target_(std::move(other.target_)),
        path_(std::move(other.path_)),
        created_(std::exchange(other.created_, false)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() { remove(); }

  /// What rename would refuse, found out before the first of the files is renamed.
  void check_target() const {
    struct stat info {};
    if (::lstat(target_.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) fail(target_, EISDIR);
  }
  void publish() {
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, errno);
    created_ = false;
  }

 private:
  void remove() {
    if (std::exchange(created_, false)) ::unlink(path_.c_str());
  }

  std::filesystem::path target_, path_;
  bool created_ = false;
};

}  // namespace

void write_files(const std::filesystem::path& folder,
                 const std::vector<std::pair<std::string, std::string>>& name_and_content) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error)) {
    throw InputError(fmt::format("{}: the folder cannot be created{}", folder.string(),
                                 error ? " (" + error.message() + ")" : ""));
  }
  std::vector<Temporary> files;
  files.reserve(name_and_content.size());
  for (const auto& [name, content] : name_and_content) {
    files.emplace_back(folder, name, content).check_target();
  }
  for (Temporary& file : files) file.publish();
  Descriptor(folder, O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace assay::report
