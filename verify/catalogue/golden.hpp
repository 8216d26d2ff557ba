#pragma once
// What the replays of hand-computed examples share.
//
// A replay is a generic function that computes an example with the library and hands every number
// over for comparison. Over the rationals a number must be equal to the golden one, in a wide type
// agree to all 40 digits given, in float and double lie within so many units. Where numbers are
// rounded on the way (1/3 as an input, parameters after a step) the unit is the envelope: the same
// replay runs in dual numbers, once for each rounded number, to see what one ulp of it does.

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "assay/eigen_traits.hpp"
#include "assay/rational.hpp"
#include "check.hpp"

namespace assay::verify::golden {

using Json = nlohmann::json;

/// Throws std::runtime_error if there is none of that id.
const Json& fixture(std::string_view id);
/// A number of the fixtures as text: itself, or the "decimal" beside an "exact".
std::string text_of(const Json& number);

/// Which example, and how its numbers are judged in float and double.
struct Example {
  std::string id;
  Units units = Units::ulp;
  double limit = 0;
};

/// One number of a replay, independent of the scalar that it was computed in.
struct Compared {
  enum class How { equals, differs, word };
  std::string name;
  std::string expected;
  std::string got;
  How how = How::equals;
  Big value;          ///< neither for rationals nor for words
  double change = 0;  ///< when each rounded number moves by one ulp
};

enum class Measure { exact, digits, units };
Measure measure_of(std::string_view scalar);

/// The check around a replay that fills `compared`; what a replay throws is a failure.
using Compute = std::function<std::vector<Compared>()>;
Check make_check(const Example& e, std::string_view scalar, const Format& f, Compute compute);

template <class T>
class Replay {
 public:
  static constexpr auto nothing = static_cast<std::size_t>(-1);

  /// In dual numbers the `moved`-th rounded number moves by one ulp of the format.
  explicit Replay(const Format& f, std::size_t moved = nothing) : format_(f), moved_(moved) {}

  /// A number of the fixture.
  T input(const Json& number) {
    Rational exact(text_of(number));
    if constexpr (std::is_same_v<T, Rational>) {
      return exact;
    } else if constexpr (std::is_same_v<T, float>) {
      return exact.to_float();
    } else if constexpr (std::is_same_v<T, double>) {
      return exact.to_double();
    } else if constexpr (is_dual<T>) {
      const double x =
          format_ == float_format ? static_cast<double>(exact.to_float()) : exact.to_double();
      return Rational(x) == exact ? T(x) : rounded_here(T(x));
    } else {
      return T(exact.numerator()) / T(exact.denominator());
    }
  }
  std::vector<T> inputs(const Json& numbers) {
    std::vector<T> all;
    for (const Json& n : numbers) all.push_back(input(n));
    return all;
  }

  /// Says that x carries the rounding of the working type.
  T rounded_here(T x) {
    if constexpr (is_dual<T>) {
      if (rounded_count_++ == moved_) {
        x.d = ulp_at(format_, Big(x.v)).to_double();
      }
    }
    return x;
  }
  [[nodiscard]] std::size_t rounded_count() const { return rounded_count_; }

  void compare(const std::string& name, const Json& expected, const T& got) {
    keep(name, text_of(expected), got, Compared::How::equals);
  }
  /// What a mistake gives must be told from what is right.
  void differs(const std::string& name, const Json& right, const T& got) {
    keep(name, text_of(right), got, Compared::How::differs);
  }
  /// An outcome that is not a number: the name of an exception or of a node.
  void compare_word(const std::string& name, const std::string& expected, const std::string& got) {
    Compared c;
    c.name = name;
    c.expected = expected;
    c.got = got;
    c.how = Compared::How::word;
    compared_.push_back(std::move(c));
    values_.push_back(T(0));
  }

  [[nodiscard]] const std::vector<Compared>& compared() const { return compared_; }
  [[nodiscard]] const std::vector<T>& values() const { return values_; }

 private:
  void keep(const std::string& name, std::string expected, const T& got, Compared::How how) {
    Compared c;
    c.name = name;
    c.expected = std::move(expected);
    c.how = how;
    if constexpr (std::is_same_v<T, Rational>) {
      c.got = got.str();
    } else if constexpr (std::is_floating_point_v<T>) {
      c.got = decimal(format_, static_cast<double>(got));
      c.value = Big(got);
    } else if constexpr (!is_dual<T>) {
      c.got = got.str(40);
      const WithContext wide(256);
      c.value = Big(got.str(60));
    }
    compared_.push_back(std::move(c));
    values_.push_back(got);
  }

  Format format_;
  std::size_t moved_;
  std::size_t rounded_count_ = 0;
  std::vector<Compared> compared_;
  std::vector<T> values_;
};

/// What one ulp in each rounded number does to each result: sum over the numbers of |d result|.
template <class Body>
void add_changes(const Format& f, const Json& fixture, const Body& body,
                 std::vector<Compared>& compared) {
  using D = Dual<double>;
  std::size_t count = 1;
  for (std::size_t moved = 0; moved < count; ++moved) {
    Replay<D> r(f, moved);
    body(r, fixture);
    count = r.rounded_count();
    for (std::size_t i = 0; i < compared.size(); ++i) {
      compared[i].change += std::abs(r.values().at(i).d);
    }
  }
}

template <class T, class Body>
Check replay_check(const Example& e, const Format& f, const Body& body) {
  return make_check(e,
                    std::is_same_v<T, float> || std::is_same_v<T, double> ? f.name
                    : std::is_same_v<T, Rational>                         ? "rational"
                                                                          : "50 digits",
                    f, [e, f, body] {
                      const Json& example = fixture(e.id);
                      Replay<T> r(f);
                      body(r, example);
                      std::vector<Compared> compared = r.compared();
                      if constexpr (std::is_floating_point_v<T>) {
                        if (e.units == Units::envelope) add_changes(f, example, body, compared);
                      }
                      return compared;
                    });
}

/// The checks of an example: in an exact or wide type, in float and in double.
template <class Reference, class Body>
void add_checks(std::vector<Check>& checks, const Example& e, const Body& body) {
  checks.push_back(replay_check<Reference>(e, double_format, body));
  checks.push_back(replay_check<double>(e, double_format, body));
  checks.push_back(replay_check<float>(e, float_format, body));
}

// By subject:
void add_mlp_checks(std::vector<Check>& checks);
void add_graph_checks(std::vector<Check>& checks);
void add_sigmoid_checks(std::vector<Check>& checks);
void add_xor_checks(std::vector<Check>& checks);
void add_pca_checks(std::vector<Check>& checks);
void add_autoencoder_checks(std::vector<Check>& checks);
void add_latent_checks(std::vector<Check>& checks);
void add_sklearn_checks(std::vector<Check>& checks);
void add_pca_accuracy_checks(std::vector<Check>& checks);

}  // namespace assay::verify::golden
