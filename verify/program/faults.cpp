#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <thread>

#include "campaign_of.hpp"
#include "catalogue/entry_faults.hpp"
#include "fault_matrix.hpp"
#include "fault_tasks.hpp"
#include "files.hpp"
#include "terminal.hpp"

namespace assay::program {

using namespace verify;

namespace {

using Operations = std::vector<std::shared_ptr<const Operation>>;

bool matches(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

/// The library's, the specimens and those of plugins, as far as a pattern names them; all without.
Operations operations_of(const FaultsOptions& o) {
  Operations all;
  for (const Entry& e : library()) all.push_back(e.op);
  for (const auto& s : specimens()) all.push_back(s);
  for (const std::string& file : o.plugins) {
    for (Operation& op : load_plugin(file)) {
      all.push_back(std::make_shared<const Operation>(std::move(op)));
    }
  }
  for (const std::string& p : o.patterns) {
    const bool any =
        std::any_of(all.begin(), all.end(), [&](const auto& op) { return matches(p, op->name); });
    if (!any) {
      throw UsageError(fmt::format("'{}' matches no operation; `assay list` names them all", p));
    }
  }
  std::erase_if(all, [&](const auto& op) {
    return !o.patterns.empty() &&
           std::none_of(o.patterns.begin(), o.patterns.end(),
                        [&](const std::string& p) { return matches(p, op->name); });
  });
  return all;
}

std::vector<Format> formats_of(const FaultsOptions& o) {
  std::vector<Format> formats;
  for (const std::string& s : o.scalars) {
    if (s != float_format.name && s != double_format.name) {
      throw UsageError(fmt::format("--scalar {}: faults are planted in float and double", s));
    }
  }
  for (const Format& f : {float_format, double_format}) {
    const bool in = o.scalars.empty() ||
                    std::find(o.scalars.begin(), o.scalars.end(), f.name) != o.scalars.end();
    if (in) formats.push_back(f);
  }
  return formats;
}

void require_usable(const FaultsOptions& o) {
  if (o.cases == 0) throw UsageError("--cases 0: nothing would be checked; give at least 1");
  if (o.jobs > 1024) throw UsageError(fmt::format("--jobs {}: at most 1024", o.jobs));
  for (std::uint64_t n : o.classes) {
    if (n < 1 || n > fault_classes.size()) {
      throw UsageError(
          fmt::format("--class {}: there are classes 1 to {}", n, fault_classes.size()));
    }
  }
}

Campaign campaign_of(const FaultsOptions& o) {
  Campaign c;
  c.seed = o.seed;
  c.cases = c.fault_cases = o.cases;
  c.fault_shrink_tries = 120;
  c.timeout = o.timeout;
  c.jobs = o.jobs == 0 ? std::max(1U, std::thread::hardware_concurrency()) : o.jobs;
  for (const auto& op : operations_of(o)) {
    for (const Format& f : formats_of(o)) {
      if (o.sensitivity) c.sensitivities.push_back({op, f, o.sensitivity_cases});
      for (FaultTask& t : all_faults(op, f)) {
        const bool wanted = o.classes.empty() || std::find(o.classes.begin(), o.classes.end(),
                                                           t.fault.number) != o.classes.end();
        if (wanted && !o.sensitivity) c.faults.push_back(std::move(t));
      }
    }
  }
  return c;
}

std::string command(const FaultsOptions& o) {
  std::string text = fmt::format("assay faults --seed {} --cases {}", o.seed, o.cases);
  for (std::uint64_t n : o.classes) text += fmt::format(" --class {}", n);
  if (o.sensitivity) text += fmt::format(" --sensitivity --within {}", o.sensitivity_cases);
  for (const std::string& s : o.scalars) text += " --scalar " + shell_word(s);
  for (const std::string& s : o.plugins) text += " --plugin " + shell_word(s);
  for (const std::string& s : o.patterns) text += " " + shell_word(s);
  return text;
}

void write(const FaultsOptions& o, const CampaignResult& r, const FaultMatrix& m, int exit) {
  Json first = provenance({.patterns = o.patterns,
                           .scalars = o.scalars,
                           .plugins = o.plugins,
                           .cases = o.cases,
                           .seed = o.seed,
                           .shard = "0/1"});
  first["command"] = command(o);
  std::string lines = first.dump() + "\n";
  for (const FaultResult& f : r.faults) lines += to_json(f).dump() + "\n";
  for (const SensitivityResult& s : r.sensitivities) lines += to_json(s).dump() + "\n";
  const Json end{{"type", "end"},
                 {"verdict", exit == 0   ? "verified"
                             : exit == 1 ? "failed"
                                         : "incomplete"},
                 {"exit", exit},
                 {"checks", 0},
                 {"correct", 0},
                 {"wrong", 0},
                 {"inconclusive", 0},
                 {"skipped", 0},
                 {"cases", 0},
                 {"elements", 0},
                 {"faults", m.planted()},
                 {"caught", m.caught()}};
  write_file(o.out / (o.sensitivity ? "sensitivity.jsonl" : "faults.jsonl"),
             lines + end.dump() + "\n");
}

}  // namespace

int plant_faults(const FaultsOptions& o) {
  require_usable(o);
  const Campaign c = campaign_of(o);
  make_writable(o.out);
  ProgressLine progress;
  const CampaignResult r = run(c, std::ref(progress));
  progress.finish();

  const FaultMatrix matrix(r.faults);
  // Over everything each class must have been planted somewhere.
  const bool whole = o.patterns.empty() && o.classes.empty() && o.scalars.empty();
  int exit = matrix.exit(whole);
  if (o.sensitivity) exit = r.sensitivities.size() == c.sensitivities.size() ? 0 : 3;
  write(o, r, matrix, exit);
  if (o.sensitivity) {
    print_sensitivities(r.sensitivities, o.json);
  } else if (o.json) {
    fmt::print("{}\n", matrix.as_json().dump(1));
  } else {
    matrix.print(whole, o.details);
  }
  return exit;
}

}  // namespace assay::program
