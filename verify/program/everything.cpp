#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "assay/verify.hpp"
#include "catalogue/catalogue.hpp"
#include "catalogue/operations.hpp"
#include "commands.hpp"
#include "files.hpp"

namespace assay::program {

using namespace verify;

namespace {

/// It is a part of a check's id, of patterns and of the names of files.
void require_name(const std::string& name, const std::string& file) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
  if (!name.empty() && std::all_of(name.begin(), name.end(), fits)) return;
  throw UsageError(fmt::format(
      "--plugin {}: '{}' is no name for an operation; use letters, digits, _ and -", file, name));
}

}  // namespace

std::vector<Operation> load_plugin(const std::string& file) {
  // A bare name would be searched for in the system's folders.
  const std::string path = file.find('/') == std::string::npos ? "./" + file : file;
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw UsageError(fmt::format("--plugin {}: {}", file, dlerror()));
  const auto version = reinterpret_cast<int (*)()>(dlsym(library, "assay_plugin_version"));
  const auto operations = reinterpret_cast<void (*)(std::vector<Operation>&)>(
      dlsym(library, "assay_plugin_operations"));
  if (!version || !operations) {
    throw UsageError(
        fmt::format("--plugin {}: it holds no ASSAY_OPERATIONS(...) in one of its sources", file));
  }
  if (version() != verify::detail::plugin_version) {
    throw UsageError(fmt::format("--plugin {}: built for plugin version {}, this program has {}",
                                 file, version(), verify::detail::plugin_version));
  }
  std::vector<Operation> all;
  try {
    operations(all);
  } catch (const std::exception& e) {
    throw UsageError(fmt::format("--plugin {}: its operations cannot be made: {}", file, e.what()));
  } catch (...) {
    throw UsageError(fmt::format("--plugin {}: its operations cannot be made: it throws", file));
  }
  if (all.empty()) throw UsageError(fmt::format("--plugin {}: it has no operations", file));
  for (const Operation& op : all) require_name(op.name, file);
  return all;
}

Everything everything(const Plan& plan, const std::vector<std::string>& plugins) {
  Everything e;
  std::set<std::string> names;
  const auto add = [&](const std::shared_ptr<const Operation>& op) {
    if (!names.insert(op->name).second) {
      throw UsageError(fmt::format("there are two operations named '{}'", op->name));
    }
    e.operations.push_back(op);
    for (Check& c : checks_of(op, plan)) e.checks.push_back(std::move(c));
  };
  const std::uint64_t lifts = std::max<std::uint64_t>(1, plan.cases / 10);
  const std::uint64_t sample = std::max<std::uint64_t>(4, plan.cases / 50);
  for (const Entry& entry : library()) {
    add(entry.op);
    for (Check& c : worst_checks(entry.op, plan)) e.checks.push_back(std::move(c));
    for (const Format& f : plan.formats) {
      e.checks.push_back(lift_check(entry, f, lifts));
      e.checks.push_back(non_finite_check(entry, f));
    }
    e.checks.push_back(boost_check(entry, sample));
    e.checks.push_back(second_order_check(entry, sample));
  }
  for (const std::string& file : plugins) {
    for (Operation& op : load_plugin(file)) add(std::make_shared<const Operation>(std::move(op)));
  }
  const auto append = [&](std::vector<Check> some) {
    std::move(some.begin(), some.end(), std::back_inserter(e.checks));
  };
  append(claim_checks(plan));
  append(golden_checks());
  append(model_checks());
  return e;
}

}  // namespace assay::program
