#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "pca.hpp"

namespace assay::bench {
namespace {

void write_all(int to, const void* from, std::size_t bytes) {
  const auto* p = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t n = ::write(to, p, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw std::runtime_error("numpy's process does not read");
    p += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

}  // namespace

Numpy::Numpy(const std::string& python, const std::string& script, const Eigen::MatrixXd& x,
             Eigen::Index k)
    : d_(x.cols()), k_(k) {
  std::signal(SIGPIPE, SIG_IGN);
  int in[2], out[2];  // closed in other children, which would keep this one from its end of input
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  child_ = ::fork();
  if (child_ < 0) throw std::runtime_error("no process");
  if (child_ == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::execl(python.c_str(), python.c_str(), script.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  const std::string head =
      std::to_string(x.rows()) + " " + std::to_string(x.cols()) + " " + std::to_string(k) + "\n";
  const Eigen::MatrixXd by_rows = x.transpose();
  write_all(to_, head.data(), head.size());
  write_all(to_, by_rows.data(), static_cast<std::size_t>(by_rows.size()) * sizeof(double));
}

Numpy::~Numpy() {
  ::close(to_);
  ::close(from_);
  ::waitpid(child_, nullptr, 0);
}

void Numpy::ask(char what) { write_all(to_, &what, 1); }

void Numpy::read(void* to, std::size_t bytes) {
  auto* p = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t n = ::read(from_, p, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw std::runtime_error("numpy's process ended");
    p += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

double Numpy::seconds() {
  ask('f');
  double s = 0;
  read(&s, sizeof s);
  return s;
}

Eigen::MatrixXd Numpy::components() {
  ask('c');
  Eigen::MatrixXd v(d_, k_);
  read(v.data(), static_cast<std::size_t>(v.size()) * sizeof(double));
  return v;
}

}  // namespace assay::bench
