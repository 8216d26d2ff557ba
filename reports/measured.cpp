#include "measured.hpp"

#include <fmt/format.h>

#include "read.hpp"
#include "record.hpp"

namespace assay::report {
namespace {

/// One object in a file of its own.
Json object_in(const std::filesystem::path& path, const Where& where) {
  const std::string content = read_file(path);
  std::string_view text = content;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return parse_object(text, where);
}

void require_schema(const Record& r) {
  const std::uint64_t schema = r.count("schema");
  if (schema != 1) r.wrong("schema", fmt::format("is {}; this program reads schema 1", schema));
}

std::string other_commit(const std::string& measured, const std::string& commit) {
  if (commit.empty()) return "the commit of these results is not known";
  if (measured == commit) return "";
  return fmt::format("measured on commit {}, these results are of {}",
                     measured.empty() ? "(not known)" : measured, commit);
}

Mutant read_mutant(const Record& r) {
  Mutant m;
  m.file = r.text("file");
  m.line = r.count("line");
  m.original = r.text("original");
  m.mutant = r.text("mutant");
  m.status = r.text("status");
  if (m.status != "survived" && m.status != "equivalent") {
    r.wrong("status", "is `" + m.status + "`; `survived` or `equivalent` is expected");
  }
  m.why = r.text_or("why", "");
  return m;
}

Mutation mutation_of(const Record& r) {
  Mutation m;
  m.commit = r.text("commit");
  m.command = r.text("command");
  m.seconds = r.figure("seconds");
  for (const Record& file : r.objects("files")) {
    const std::array<std::uint64_t, 3> counts{file.count("killed"), file.count("survived"),
                                              file.count("equivalent")};
    m.killed += counts[0];
    m.survived += counts[1];
    m.equivalent += counts[2];
    m.files.emplace_back(file.text("file"), counts);
  }
  for (const Record& mutant : r.objects("mutants")) m.mutants.push_back(read_mutant(mutant));
  if (m.mutants.size() != m.survived + m.equivalent) {
    r.wrong("mutants", fmt::format("has {}, but the files count {} that were not killed",
                                   m.mutants.size(), m.survived + m.equivalent));
  }
  return m;
}

Benchmark read_benchmark(const Record& r) {
  Benchmark b;
  b.name = r.text("name");
  b.unit = r.text("unit");
  for (const Record& time : r.objects("times")) {
    b.times.emplace_back(time.text("contender"), time.figure("time"));
  }
  return b;
}

Benchmarks benchmarks_of(const Record& r) {
  Benchmarks b;
  b.commit = r.text("commit");
  b.command = r.text("command");
  b.processor = r.text("processor");
  b.ours = r.text("ours");
  for (const Record& benchmark : r.objects("benchmarks"))
    b.all.push_back(read_benchmark(benchmark));
  return b;
}

template <class M, class Read>
Measurement<M> read_measurement(const std::filesystem::path& path, const char* name,
                                const std::string& commit, const Read& read) {
  std::error_code absent;
  if (!std::filesystem::exists(path, absent)) return {};
  const Where where{path.string(), 0};
  const Json json = object_in(path, where);
  const Record r(json, where, name);
  require_schema(r);
  M m = read(r);
  std::string why_not = other_commit(m.commit, commit);
  if (!why_not.empty()) return {std::nullopt, std::move(why_not)};
  return {std::move(m), ""};
}

}  // namespace

std::string commit_of(const Run& run) {
  return run.commit.empty() ? "" : run.commit + (run.dirty ? "-dirty" : "");
}

Measurement<Mutation> read_mutation(const std::filesystem::path& path, const std::string& commit) {
  return read_measurement<Mutation>(path, "mutation", commit, mutation_of);
}

Measurement<Benchmarks> read_benchmarks(const std::filesystem::path& path,
                                        const std::string& commit) {
  return read_measurement<Benchmarks>(path, "benchmarks", commit, benchmarks_of);
}

std::string coverage_of_another_commit(const std::filesystem::path& lcov,
                                       const std::string& commit) {
  const auto beside = lcov.parent_path() / "commit";
  std::error_code absent;
  if (!std::filesystem::exists(beside, absent)) return "";
  std::string measured = read_file(beside);
  while (!measured.empty() && (measured.back() == '\n' || measured.back() == ' ')) {
    measured.pop_back();
  }
  return other_commit(measured, commit);
}

}  // namespace assay::report
