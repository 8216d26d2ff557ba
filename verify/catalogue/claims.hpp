#pragma once
// What the checks of numbered mathematical statements share.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "case.hpp"
#include "check.hpp"
#include "reference.hpp"

namespace assay::verify::claims {

/// A statement: its name, what is done, what that cannot see, and the classes of cases without
/// which it was not checked at all.
struct Statement {
  std::string subject;
  std::string about;
  std::string blind;
  std::vector<std::string> must_cover;
};

/// What a message shows beside the statement: "z", "37.5 = 0x1.2cp+5".
using Shown = std::vector<std::pair<std::string, std::string>>;

/// One case of a statement.
class Trial {
 public:
  Trial(const Statement& s, std::uint64_t number, std::uint64_t seed, CheckResult& result)
      : statement_(s), number_(number), seed_(seed), result_(result) {}

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t seed(std::string_view what) const {
    return case_seed(seed_, what, number_);
  }
  /// Uniform in [0, 1), a multiple of 2^-20.
  [[nodiscard]] double unit(std::string_view what) const;

  /// Names an input of the case, for messages.
  void input(std::string_view name, double x);
  void count(const std::string& what) { ++result_.counts[what]; }
  void compared(std::uint64_t n = 1) { result_.elements += n; }
  CheckResult& result() { return result_; }

  /// The statement does not hold; `rule` is read after "claim<scalar>: ".
  void fail(const std::string& rule, const Shown& what);
  /// The precision allowed does not decide.
  void unresolved();

 private:
  const Statement& statement_;
  std::uint64_t number_;
  std::uint64_t seed_;
  CheckResult& result_;
  std::vector<std::pair<std::string, double>> inputs_;
};

using Try = std::function<void(Trial&)>;

/// `cases` random cases (at least 16), divided over processes.
Check random_check(const Statement& s, std::string_view scalar, std::uint64_t cases, Try attempt);
/// A few cases that are always the same.
Check fixed_check(const Statement& s, std::string_view scalar, std::uint64_t cases, Try attempt);

/// Runs attempt(T{}, trial, format) in the format's type.
template <class Attempt>
Try in_format(const Format& f, Attempt attempt) {
  return [f, attempt](Trial& t) {
    if (f == float_format) {
      attempt(float{}, t, f);
    } else {
      attempt(double{}, t, f);
    }
  };
}

/// An operation's domain, for generate_value() alone.
template <class Rule>
Operation domain_of() {
  Operation o;
  o.name = Rule::name;
  o.inputs.assign(Rule::domain.inputs.begin(), Rule::domain.inputs.end());
  o.kinks.assign(Rule::domain.kinks.begin(),
                 Rule::domain.kinks.begin() + static_cast<std::ptrdiff_t>(Rule::domain.kink_count));
  return o;
}

// --- in high precision ---------------------------------------------------------------------------

using Form = std::function<Enclosure()>;  ///< computed at the current precision

/// The value with a proven bound below 2^-100 of it; or an enclosure of 0 narrower than 2^-2000;
/// nothing if the last precision gives neither.
std::optional<Bounded> sharp(const Form& form);

/// The enclosures of all forms overlap, each as narrow as sharp() says.
void require_equal(Trial& t, const std::vector<std::pair<std::string, Form>>& forms);
/// One comparison more; it fails unless the statement holds.
void require_that(Trial& t, bool holds, const std::string& rule, const Shown& shown = {});
/// The form is larger than zero by more than its bound.
void require_positive(Trial& t, const std::string& what, const Form& form);

// --- in float and double -------------------------------------------------------------------------

/// |got - reference| is at most `limit` ulp; the figure goes to the worst derivative or value.
enum class Quantity { value, derivative };
void require_within(Trial& t, const Format& f, Quantity q, const std::string& what, double got,
                    const Bounded& reference, double limit);

/// "37.5 = 0x1.2cp+5"
std::string both(const Format& f, double x);

/// A number as a matrix.
template <class T>
Mat<T> one(const T& x) {
  return Mat<T>::Constant(1, 1, x);
}

// By number:
void add_pca_claims(std::vector<Check>& checks, const Plan& plan);        // 1, 2
void add_uncentred_claims(std::vector<Check>& checks, const Plan& plan);  // 3
void add_line_claims(std::vector<Check>& checks, const Plan& plan);       // 4, 5
void add_variance_claims(std::vector<Check>& checks, const Plan& plan);   // 6-8
void add_equivalence_claims(std::vector<Check>& checks, const Plan& plan);
void add_autoencoder_claims(std::vector<Check>& checks, const Plan& plan);  // 9
void add_vae_claims(std::vector<Check>& checks, const Plan& plan);          // 10, 14, 16
void add_divergence_claims(std::vector<Check>& checks, const Plan& plan);   // 11, 12
void add_sampling_claims(std::vector<Check>& checks, const Plan& plan);     // 13, 15
void add_mlp_claims(std::vector<Check>& checks, const Plan& plan);          // 17
void add_sigmoid_claims(std::vector<Check>& checks, const Plan& plan);      // 18
void add_bce_claims(std::vector<Check>& checks, const Plan& plan);          // 19
void add_graph_claims(std::vector<Check>& checks, const Plan& plan);        // 20
void add_node_claims(std::vector<Check>& checks, const Plan& plan);         // 21
void add_sweep_claims(std::vector<Check>& checks, const Plan& plan);
void add_framework_claims(std::vector<Check>& checks, const Plan& plan);
void add_training_claims(std::vector<Check>& checks, const Plan& plan);

}  // namespace assay::verify::claims
