// Rules that give other bytes another time are caught.

#include "determinism.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "assay/ops.hpp"
#include "assay/verify.hpp"
#include "check.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

/// Of every gradient the last element is whatever was in memory.
struct LastIsNotWritten {
  static constexpr auto name = "last_is_not_written";
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return x;
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    Mat<T> dx(dy.rows(), dy.cols());
    for (Eigen::Index i = 0; i + 1 < dy.size(); ++i) dx.data()[i] = dy.data()[i];
    return {std::move(dx)};
  }
};

/// Sums in an order that depends on the address: no rounding at an odd one.
struct SumByAddress {
  static constexpr auto name = "sum_by_address";
  static constexpr bool takes_views = true;
  static Shape shape(Shape) { return {1, 1}; }
  template <class X>
  static Mat<typename X::Scalar> forward(const X& x) {
    using T = typename X::Scalar;
    T sum(0);
    const bool odd = reinterpret_cast<std::uintptr_t>(x.data()) / sizeof(T) % 2 == 1;
    for (Eigen::Index i = 0; i < x.size(); ++i) sum += x.data()[odd ? x.size() - 1 - i : i] / T(3);
    return Mat<T>::Constant(1, 1, sum);
  }
  template <class T, class X>
  static Grads<T, 1> backward(const Mat<T>& dy, const X& x, const Mat<T>&) {
    return {Mat<T>::Constant(x.rows(), x.cols(), dy(0, 0) / T(3))};
  }
};

/// Works in memory that all calls share.
struct SharedScratch {
  static constexpr auto name = "shared_scratch";
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    static std::array<T, 64> scratch;
    const auto n = std::min<Eigen::Index>(64, x.size());
    std::copy(x.data(), x.data() + n, scratch.begin());
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    Mat<T> y = x;
    std::copy(scratch.begin(), scratch.begin() + n, y.data());
    return y;
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {dy};
  }
};

std::string found_in(const Operation& op, std::uint64_t cases) {
  for (std::uint64_t n = 0; n < cases; ++n) {
    const std::uint64_t seed = case_seed(1, op.name, n);
    const Case c = generate(op, double_format, seed);
    if (const auto p = examine_determinism({op, double_format, c, n, seed, nullptr})) {
      return p->against;
    }
  }
  return {};
}

TEST(Determinism, ReadingWhatWasNotWrittenIsCaught) {
  EXPECT_NE(found_in(describe(LastIsNotWritten{}), 20).find("not written"), std::string::npos);
}

TEST(Determinism, DependingOnAddressesIsCaught) {
  EXPECT_NE(found_in(describe(SumByAddress{}), 60).find("where in memory"), std::string::npos);
}

TEST(Determinism, ScratchMemoryThatThreadsShareIsCaught) {
  EXPECT_NE(found_in(describe(SharedScratch{}), 60).find("another thread"), std::string::npos);
}

TEST(Determinism, RulesOfTheLibraryPass) {
  for (const Operation& op : {describe(sigmoid.op), describe(matmul.op), describe(linear.op),
                              describe(softmax.op), describe(Dropout{.p = 0.25, .seed = 7})}) {
    EXPECT_EQ(found_in(op, 40), "") << op.name;
  }
}

/// Hands a number from the last forward to the next backward, behind the graph's back.
struct RemembersForward {
  static constexpr auto name = "remembers_forward";
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T>& last() {
    static Mat<T> x;
    return x;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    last<T>() = x;
    return x.cwiseProduct(x);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    if (shape_of(last<T>()) != shape_of(x)) return {dy};
    return {Mat<T>(dy.cwiseProduct(last<T>() + last<T>()))};
  }
};

TEST(Sharing, ARuleThatRemembersItsLastForwardIsCaughtByTheComposition) {
  const Operation op = describe(RemembersForward{});
  std::string state, sharing;
  for (std::uint64_t n = 0; n < 20; ++n) {
    const std::uint64_t seed = case_seed(1, op.name, n);
    const Case c = generate(op, double_format, seed);
    const Examination e{op, double_format, c, n, seed, nullptr};
    if (const auto p = examine_state(e)) state = p->against;
    if (const auto p = examine_sharing(e)) sharing = p->against;
  }
  EXPECT_EQ(state, "") << "forward and backward alternate there";
  EXPECT_NE(sharing.find("g and h affine"), std::string::npos) << sharing;
}

}  // namespace
