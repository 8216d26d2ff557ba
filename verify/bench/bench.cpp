#include "bench.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <exception>
#include <iostream>
#include <map>

namespace assay::bench {
namespace {

/// Google Benchmark's console output, and the medians kept.
class Ratios : public benchmark::ConsoleReporter {
 public:
  explicit Ratios(const std::vector<Timed>& contenders)
      : ConsoleReporter(OO_Tabular), contenders_(contenders) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& r : runs) {
      const bool median = r.run_type == Run::RT_Aggregate && r.aggregate_name == "median";
      if (median || r.repetitions == 1)
        medians_[r.run_name.function_name] = r.GetAdjustedRealTime();
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void Finalize() override {
    fmt::print("\n{:<26}{:<22}{:>12}{:>9}\n", "workload", "contender", "median us", "ratio");
    std::string workload;
    double first = 0;
    for (const Timed& t : contenders_) {
      const auto found = medians_.find(t.workload + "/" + t.name);
      if (found == medians_.end()) continue;
      const bool starts = t.workload != workload;
      workload = t.workload;
      if (starts) first = found->second;
      fmt::print("{:<26}{:<22}{:>12.2f}{:>9.2f}\n", starts ? workload : "", t.name, found->second,
                 found->second / first);
    }
  }

 private:
  const std::vector<Timed>& contenders_;
  std::map<std::string, double> medians_;
};

}  // namespace

int run(int argc, char** argv, const std::vector<Timed>& contenders) {
  std::vector<std::string> defaults{"--benchmark_enable_random_interleaving=true",
                                    "--benchmark_repetitions=9", "--benchmark_min_time=0.1",
                                    "--benchmark_report_aggregates_only=true"};
  std::vector<char*> arguments{argv[0]};
  for (std::string& d : defaults) arguments.push_back(d.data());
  arguments.insert(arguments.end(), argv + 1, argv + argc);  // what the user gives comes last
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  for (const Timed& t : contenders) {
    const auto body = [&t](benchmark::State& state) {
      for (auto _ : state) {
        if (t.own_clock) {
          state.SetIterationTime(t.own_clock());
        } else {
          t.step();
        }
      }
    };
    auto* b = benchmark::RegisterBenchmark((t.workload + "/" + t.name).c_str(), body)
                  ->Unit(benchmark::kMicrosecond);
    if (t.own_clock) b->UseManualTime();
  }
  Ratios reporter(contenders);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return 0;
}

int guarded(const char* program, int (*compare)(int, char**), int argc, char** argv) {
  try {
    return compare(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << program << ": " << e.what() << '\n';
    return 1;
  }
}

}  // namespace assay::bench
