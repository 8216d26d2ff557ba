// assay: whether a backward is right, to the last bit.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "build_info.hpp"
#include "commands.hpp"
#include "files.hpp"
#include "reports/report.hpp"
#include "shard.hpp"

namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 verified, 1 a check failed, 2 wrong usage, 3 inconclusive or incomplete.";

bool is_command(const CLI::App& app, std::string_view name) {
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(all.begin(), all.end(),
                     [&](const CLI::App* c) { return c->get_name() == name; });
}

void add_plugins(CLI::App* command, std::vector<std::string>& plugins) {
  command->add_option("--plugin", plugins, "Shared library of operations (ASSAY_OPERATIONS)")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace assay;
  CLI::App app("Tells whether hand-written backwards are right, to the last bit.");
  app.footer(exit_codes);
  app.set_version_flag("--version", fmt::format("assay {}", verify::build_info().version));
  app.require_subcommand(1);

  program::ListOptions list;
  CLI::App* list_command = app.add_subcommand("list", "Names of all that can be verified");
  list_command->add_flag("--json", list.json, "As JSON");
  list_command
      ->add_option("--results", list.results, "The results.jsonl to take measured errors from")
      ->capture_default_str();
  add_plugins(list_command, list.plugins);

  program::VerifyOptions verify;
  CLI::App* verify_command =
      app.add_subcommand("verify", "Checks operations, claims and golden values");
  verify_command->add_option("PATTERN", verify.patterns,
                             "Names, or globs over whole names; without any: everything");
  verify_command->add_option("--scalar", verify.scalars, "Only checks in this scalar")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verify_command->add_option("--cases", verify.cases, "Random cases of each check")
      ->capture_default_str();
  verify_command->add_option("--seed", verify.seed, "Seed of the campaign")->capture_default_str();
  verify_command->add_option("--jobs", verify.jobs, "Processes; 0: one for each processor")
      ->capture_default_str();
  verify_command
      ->add_option("--shard", verify.shard,
                   "Only part i of n of the cases, i from 0; or whose variables say it, if those "
                   "of several launchers are set: " +
                       program::launchers())
      ->type_name("i/n");
  verify_command
      ->add_option("--timeout", verify.timeout, "Seconds until a case has failed; 0: never")
      ->capture_default_str();
  verify_command->add_option("--out", verify.out, "Folder for results.jsonl and failures")
      ->type_name("DIR")
      ->capture_default_str();
  verify_command->add_flag(
      "--exhaustive", verify.exhaustive,
      "Instead: every one of the 2^32 floats, for elementwise operations of one input. Minutes for "
      "each; a run that was stopped goes on where it was. Writes DIR/exhaustive.jsonl");
  add_plugins(verify_command, verify.plugins);
  verify_command->footer(exit_codes);

  program::FaultsOptions faults;
  CLI::App* faults_command = app.add_subcommand(
      "faults", "Plants every class of fault in every operation, and says which check catches it");
  faults_command->add_option("PATTERN", faults.patterns,
                             "Names of operations, or globs over whole names; without any: all");
  faults_command->add_option("--class", faults.classes, "Only faults of this class, 1 to 27")
      ->type_name("N")
      ->allow_extra_args(false);
  faults_command->add_option("--scalar", faults.scalars, "Only in float, or only in double")
      ->type_name("NAME")
      ->allow_extra_args(false);
  faults_command->add_option("--cases", faults.cases, "Random cases of each check, at most")
      ->capture_default_str();
  faults_command->add_option("--seed", faults.seed, "Seed of the campaign")->capture_default_str();
  faults_command->add_option("--jobs", faults.jobs, "Processes; 0: one for each processor")
      ->capture_default_str();
  faults_command
      ->add_option("--timeout", faults.timeout, "Seconds until a fault has survived; 0: never")
      ->capture_default_str();
  faults_command->add_flag("--details", faults.details, "A line for each fault");
  faults_command->add_flag("--sensitivity", faults.sensitivity,
                           "Instead: the smallest relative error that is found in each operation");
  faults_command
      ->add_option("--within", faults.sensitivity_cases, "Cases of each check for --sensitivity")
      ->capture_default_str();
  faults_command->add_flag("--json", faults.json, "As JSON");
  faults_command->add_option("--out", faults.out, "Folder for faults.jsonl, or sensitivity.jsonl")
      ->type_name("DIR")
      ->capture_default_str();
  add_plugins(faults_command, faults.plugins);
  faults_command->footer(
      "Exit codes: 0 all caught, 1 a fault survived, 2 wrong usage, 3 nothing was planted.");

  program::MergeOptions merge;
  CLI::App* merge_command = app.add_subcommand("merge", "Joins the results of all shards");
  merge_command->add_option("SHARD", merge.shards, "results-I-of-N.jsonl, in any order")
      ->required();
  merge_command->add_option("--out", merge.out, "Folder for results.jsonl and failures")
      ->type_name("DIR")
      ->capture_default_str();
  merge_command->footer(exit_codes);

  program::CompareOptions compare;
  CLI::App* compare_command =
      app.add_subcommand("compare", "Says what is worse in NEW than it was in OLD");
  compare_command->add_option("OLD", compare.before, "results.jsonl")->required();
  compare_command->add_option("NEW", compare.after, "results.jsonl")->required();
  compare_command
      ->add_option("--threshold", compare.threshold,
                   "What a worst error may grow by, in the check's unit")
      ->capture_default_str();
  compare_command->add_flag("--json", compare.json, "As JSON");
  compare_command->footer(
      "Exit codes: 0 nothing is worse, 1 something is, 2 wrong usage, 3 a file is incomplete.");

  program::ReplayOptions replay;
  CLI::App* replay_command = app.add_subcommand("replay", "Runs one failing case again");
  replay_command->add_option("FILE", replay.file, "A file from DIR/failures")->required();
  add_plugins(replay_command, replay.plugins);

  program::ReportOptions report;
  CLI::App* report_command =
      app.add_subcommand("report", "Writes index.html, summary.md, junit.xml and accuracy.csv");
  report_command->add_option("RESULTS", report.results, "results.jsonl, one or more")->required();
  report_command->add_option("--coverage", report.coverage, "Line coverage")
      ->type_name("lcov.info");
  report_command
      ->add_option("--baseline", report.baseline, "Results of another time, to say what changed")
      ->type_name("OLD.jsonl");
  report_command
      ->add_option("--threshold", report.threshold,
                   "What a worst error may have grown by, in the check's unit")
      ->capture_default_str();
  report_command->add_option("--out", report.out, "Folder for the report")
      ->type_name("DIR")
      ->capture_default_str();

  // CLI11 would only say that a subcommand is required.
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (!command.empty() && command[0] != '-' && !is_command(app, command)) {
    fmt::print(stderr,
               "assay: '{}' is not a command; there are list, verify, faults, merge, compare, "
               "replay and report\n",
               command);
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }

  try {
    if (*list_command) return program::list(list);
    if (*verify_command) return program::verify_all(verify);
    if (*faults_command) return program::plant_faults(faults);
    if (*merge_command) return program::merge_shards(merge);
    if (*compare_command) return program::compare(compare);
    if (*replay_command) return program::replay_case(replay);
    return program::report(report);
  } catch (const verify::UsageError& e) {
    fmt::print(stderr, "assay: {}\n", e.what());
    return 2;
  } catch (const report::InputError& e) {
    fmt::print(stderr, "assay: {}\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    fmt::print(stderr, "assay: {}\n", e.what());
    return 3;  // nothing was proven
  }
}
