// Shared libraries that cannot be used, by the definition that they are compiled with.

#include <assay/verify.hpp>
#include <stdexcept>

using Operations = std::vector<assay::verify::Operation>;

extern "C" int assay_plugin_version() {
#ifdef ASSAY_OTHER_VERSION
  return assay::verify::detail::plugin_version + 1;
#else
  return assay::verify::detail::plugin_version;
#endif
}

extern "C" void assay_plugin_operations([[maybe_unused]] Operations& operations) {
#if defined(ASSAY_THROWS)
  throw std::runtime_error("no table of weights");
#elif defined(ASSAY_ODD_NAME)
  operations.emplace_back().name = "two words/x";
#endif
}
