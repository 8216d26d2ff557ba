#include "determinism.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "families.hpp"
#include "leave.hpp"

namespace assay::verify {
namespace {

/// What one run returned: the value and every gradient.
template <class T>
using Bytes = std::vector<Mat<T>>;

/// The same bytes, but for the sign of a NaN: that is nobody's promise.
template <class T>
bool same_bytes(const Mat<T>& a, const Mat<T>& b) {
  if (shape_of(a) != shape_of(b)) return false;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    const T &x = a.data()[i], &y = b.data()[i];
    if (std::memcmp(&x, &y, sizeof(T)) != 0 && !(std::isnan(x) && std::isnan(y))) return false;
  }
  return true;
}
template <class T>
bool same_bytes(const Bytes<T>& a, const Bytes<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Mat<T>& x, const Mat<T>& y) { return same_bytes(x, y); });
}

template <class T>
Bytes<T> run(const Rule<T>& rule, std::span<const View<T>> x, const Mat<T>& dy) {
  Mat<T> saved;
  Bytes<T> b;  // nothing is copied and given back: a gradient would lie in it, always the same
  b.reserve(1 + x.size());
  b.push_back(rule.forward(x, saved));
  std::vector<Mat<T>> dx(x.size());
  rule.backward(dy, x, b[0], saved, std::span(dx));
  for (Mat<T>& g : dx) b.push_back(std::move(g));
  return b;
}

/// Memory of the sizes that a run asks for, filled and given back: what is read before it is
/// written then reads this.
template <class T>
void leave_in_memory(const Bytes<T>& sizes, char fill) {
  std::vector<std::vector<char>> left;
  for (const Mat<T>& m : sizes) {
    const std::size_t bytes = static_cast<std::size_t>(m.size()) * sizeof(T);
    for (std::size_t i = 0; i < 10; ++i) {
      left.emplace_back(bytes + i / 2 * 16, fill);
      // To the compiler nobody reads this, and what nobody reads need not be written.
      asm volatile("" : : "r"(left.back().data()) : "memory");
    }
  }
}

/// The inputs as views that begin `offset` elements behind a boundary of 64 bytes.
template <class T>
class Elsewhere {
 public:
  Elsewhere(const std::vector<Mat<T>>& x, std::size_t offset) {
    constexpr std::size_t line = 64 / sizeof(T);
    for (const Mat<T>& m : x) {
      memory_.emplace_back(static_cast<std::size_t>(m.size()) + 2 * line);
      T* const at = aligned(memory_.back().data(), line) + offset % line;
      std::copy(m.data(), m.data() + m.size(), at);
      views_.emplace_back(Eigen::Map<Mat<T>>(at, m.rows(), m.cols()));
    }
  }
  [[nodiscard]] std::span<const View<T>> views() const { return views_; }

 private:
  static T* aligned(T* p, std::size_t line) {
    const std::size_t over = reinterpret_cast<std::uintptr_t>(p) / sizeof(T) % line;
    return over == 0 ? p : p + (line - over);
  }
  std::vector<std::vector<T>> memory_;
  std::vector<View<T>> views_;
};

/// The rule on x and on z, each in a thread of its own, at the same time and several times.
template <class T>
bool same_in_threads(const Rule<T>& rule, const std::vector<Mat<T>>& x, const Mat<T>& dy,
                     const Bytes<T>& expected, const std::vector<Mat<T>>& z, const Mat<T>& dz) {
  constexpr int times = 8;
  const Bytes<T> of_z = run<T>(rule, views(z), dz);
  std::atomic<int> waiting{2};
  std::atomic<bool> same{true};
  const auto work = [&](const std::vector<Mat<T>>& in, const Mat<T>& up, const Bytes<T>& right) {
    const std::vector<View<T>> v = views(in);
    --waiting;
    while (waiting > 0) std::this_thread::yield();
    try {
      for (int i = 0; i < times; ++i) {
        if (!same_bytes(run<T>(rule, v, up), right)) same = false;
      }
    } catch (const std::exception&) {  // alone it did not throw
      same = false;
    }
  };
  std::thread other([&] { work(z, dz, of_z); });
  work(x, dy, expected);
  other.join();
  return same;
}

enum class Child { yes, no, died };
/// f() in a process of its own: what two threads do to a rule with a memory may end it.
template <class F>
Child in_child(F f) {
  constexpr unsigned seconds = 20;
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("determinism: no process can be started");
  if (child == 0) {
    close(STDERR_FILENO);  // what it says as it dies is for nobody
    alarm(seconds);
    // A rule that calls exit() must not run the parent's handlers, nor move the places of its
    // files.
    std::atexit([] { _exit(2); });
    try {
      leave(f() ? 0 : 1);
    } catch (...) {  // or the child would go on with what the parent does
      leave(1);
    }
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) return Child::died;
  return WEXITSTATUS(status) == 0 ? Child::yes : Child::no;
}

template <class T>
std::vector<Mat<T>> cast(const std::vector<Mat<double>>& m) {
  std::vector<Mat<T>> out;
  for (const Mat<double>& x : m) out.push_back(x.template cast<T>());
  return out;
}

template <class T>
std::string depends_on(const Rule<T>& rule, const Examination& e) {
  const std::vector<Mat<T>> x = cast<T>(e.c.inputs);
  const Mat<T> dy = e.c.upstream.template cast<T>();
  const Bytes<T> first = run<T>(rule, views(x), dy);
  for (const char fill : {'\0', '\xff', 'A'}) {
    leave_in_memory(first, fill);
    if (!same_bytes(run<T>(rule, views(x), dy), first)) {
      return "it depends on what was in memory before: something is read that was not written";
    }
  }
  if (rule.takes_views()) {
    for (std::size_t offset = 0; offset < 4; ++offset) {
      const Elsewhere<T> elsewhere(x, e.seed % 5 + 3 * offset);
      if (!same_bytes(run<T>(rule, elsewhere.views(), dy), first)) {
        return "it depends on where in memory the inputs are";
      }
    }
  }
  const int threads = Eigen::nbThreads();
  bool same = true;
  for (const int other : {2, 1}) {  // it is 1 in any case unless Eigen was built for threads
    Eigen::setNbThreads(other);
    same = same && same_bytes(run<T>(rule, views(x), dy), first);
  }
  Eigen::setNbThreads(threads);
  if (!same) return "it depends on the number of Eigen's threads";
  if (e.number % 4 != 0) return {};
  const Case other = generate(e.op, e.format, case_seed(e.seed, "another", 0));
  switch (in_child([&] {
    return same_in_threads<T>(rule, x, dy, first, cast<T>(other.inputs),
                              other.upstream.template cast<T>());
  })) {
    case Child::yes:
      return {};
    case Child::no:
      return "it gives another result while another thread uses the same rule";
    case Child::died:
      break;
  }
  return "its process dies while another thread uses the same rule";
}

}  // namespace

std::optional<Problem> examine_determinism(const Examination& e) {
  const std::string on =
      e.format == float_format ? depends_on(*e.op.in_float, e) : depends_on(*e.op.in_double, e);
  e.elements(static_cast<std::uint64_t>(e.c.upstream.size()));
  if (on.empty()) return std::nullopt;
  Problem p;
  p.broken = true;
  p.against = on;
  return p;
}

void add_determinism(std::vector<Check>& checks, const OperationPointer& op, const Plan& plan) {
  for (const Format& f : plan.formats) {
    checks.push_back(
        case_check(op, f, f.name, "determinism", std::max<std::uint64_t>(4, plan.cases / 16),
                   [op, f](std::uint64_t, std::uint64_t seed) { return generate(*op, f, seed); }));
  }
}

}  // namespace assay::verify
