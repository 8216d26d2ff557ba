#include "assay/verify/big.hpp"

#include <new>
#include <ostream>
#include <stdexcept>

namespace assay::verify {

void detail::prepare_thread() {
  // MPFR caches pi, log 2 and memory per thread, and does not release them by itself.
  static thread_local const struct Caches {
    ~Caches() { mpfr_free_cache(); }
  } caches;
  static_cast<void>(caches);
  mpfr_set_emin(mpfr_get_emin_min());
  mpfr_set_emax(mpfr_get_emax_max());
  thread_state.ready = true;
}

Big::Big(std::string_view text) : Big(Result{}) {
  const std::string copy(text);
  char* end = nullptr;
  mpfr_strtofr(&m_, copy.c_str(), &end, 0, rounding());
  const bool leading_space = text.find_first_not_of(" \t\n\v\f\r") != 0;
  if (leading_space || end != copy.c_str() + copy.size()) {
    throw std::invalid_argument("big: \"" + copy + "\" is not a number (decimal or 0x...p...)");
  }
}

std::string Big::str(int digits) const {
  if (digits <= 0) digits = static_cast<int>(static_cast<double>(precision()) * 0.30103) + 2;
  char* text = nullptr;
  if (mpfr_asprintf(&text, "%.*Rg", digits, &m_) < 0) throw std::bad_alloc();
  std::string result(text);
  mpfr_free_str(text);
  return result;
}

std::ostream& Big::print(std::ostream& out) const { return out << str(); }

}  // namespace assay::verify
