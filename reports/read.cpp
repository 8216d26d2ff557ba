#include "read.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <tuple>

#include "record.hpp"
#include "report.hpp"

namespace assay::report {
namespace {

Run read_run(const Record& r) {
  Run run;
  run.assay = r.text("assay");
  run.commit = r.text("commit");
  run.dirty = r.flag("dirty");
  run.compiler = r.text("compiler");
  run.flags = r.text("flags");
  run.processor = r.text("processor");
  run.libraries = r.text_map("libraries");
  run.seed = r.text("seed");
  run.cases = r.count("cases");
  run.patterns = r.texts("patterns");
  run.scalars = r.texts("scalars");
  if (r.has("plugins")) run.plugins = r.texts("plugins");
  run.shard = r.text("shard");
  run.command = r.text("command");
  return run;
}

std::optional<Error> read_error(const Record& worst, const char* key) {
  const auto r = worst.object_or_null(key);
  if (!r) return std::nullopt;
  Error error;
  error.ulp = r->figure("ulp");
  error.envelope = r->figure_or_null("envelope");
  error.case_number = r->count("case");
  error.x = r->texts("x");
  error.got = r->text("got");
  error.reference = r->text("reference");
  return error;
}

Tensor read_tensor(const Record& r) {
  return {r.integer("rows"), r.integer("cols"), r.texts("values")};
}

Failure read_failure(const Record& r) {
  Failure f;
  f.operation = r.text("operation");
  f.scalar = r.text("scalar");
  f.check = r.text("check");
  f.case_number = r.count("case");
  f.shrinks = r.count("shrinks");
  for (const Record& input : r.objects("inputs")) f.inputs.push_back(read_tensor(input));
  if (const auto upstream = r.object_or_null("upstream")) f.upstream = read_tensor(*upstream);
  f.input = r.integer("input");
  f.row = r.integer("row");
  f.col = r.integer("col");
  f.got = r.text("got");
  f.reference = r.text("reference");
  f.bound = r.text_or_number("bound");
  f.ulp = r.figure_or_null("ulp");
  f.claimed = r.figure_or_null("claimed");
  f.units = r.text("units");
  f.message = r.text("message");
  f.replay = r.text("replay");
  f.hint = r.text_or("hint", "");
  return f;
}

std::vector<Point> read_plot(const Record& r) {
  std::vector<Point> points;
  const Json* list = r.list_or_null("plot");
  if (!list) return points;
  for (const Json& item : *list) {
    const bool shaped = item.is_array() && item.size() == 4 && item[0].is_number() &&
                        as_figure(item[1]) && item[2].is_string() && item[3].is_number_unsigned();
    if (!shaped) {
      r.wrong(fmt::format("plot[{}]", points.size()), "is not [number, ulp, string, number]");
    }
    points.push_back({item[0].get<double>(), *as_figure(item[1]), item[2].get<std::string>(),
                      item[3].get<std::uint64_t>()});
  }
  return points;
}

std::vector<Quarter> read_histogram(const Record& r) {
  std::vector<Quarter> quarters;
  if (!r.has("histogram")) return quarters;
  for (const Json& item : r.list("histogram")) {
    const bool shaped = item.is_array() && item.size() == 2 && item[0].is_number_unsigned() &&
                        item[1].is_number_unsigned();
    const bool rises = shaped && item[0].get<std::uint64_t>() <= Quarter::last &&
                       (quarters.empty() || quarters.back().quarter < item[0].get<std::uint64_t>());
    if (!rises) {
      r.wrong(
          fmt::format("histogram[{}]", quarters.size()),
          fmt::format("is not [quarter, count], the quarters rising from 0 to {}", Quarter::last));
    }
    quarters.push_back({item[0].get<std::uint64_t>(), item[1].get<std::uint64_t>()});
  }
  return quarters;
}

std::vector<Step> read_curve(const Record& r) {
  std::vector<Step> steps;
  if (!r.has("curve")) return steps;
  for (const Json& item : r.list("curve")) {
    const bool shaped = item.is_array() && item.size() == 3 && item[0].is_number() &&
                        as_real(item[1]) && as_real(item[2]);
    if (!shaped) {
      r.wrong(fmt::format("curve[{}]", steps.size()), "is not [log2 step, log2 error, log2 bound]");
    }
    steps.push_back({item[0].get<double>(), *as_real(item[1]), *as_real(item[2])});
  }
  return steps;
}

GoldenValue read_value(const Record& r) {
  return {r.text("name"), r.text("expected"), r.text("got"), r.figure_or_null("ulp"), r.flag("ok")};
}

Check read_check(const Record& r) {
  Check c;
  c.id = r.text("id");
  c.kind = r.one_of<Kind>("kind", {{"operation", Kind::operation},
                                   {"claim", Kind::claim},
                                   {"golden", Kind::golden},
                                   {"model", Kind::model}});
  c.subject = r.text("subject");
  c.scalar = r.text("scalar");
  c.check = r.text("check");
  const std::string id = fmt::format("{}/{}/{}", c.subject, c.scalar, c.check);
  if (c.id != id) r.wrong("id", fmt::format("is `{}`; subject/scalar/check is `{}`", c.id, id));
  c.about = r.text("about");
  c.blind = r.text("blind");
  c.verdict = r.one_of<Verdict>("verdict", {{"correct", Verdict::correct},
                                            {"wrong", Verdict::wrong},
                                            {"inconclusive", Verdict::inconclusive},
                                            {"skipped", Verdict::skipped}});
  c.reason = r.text("reason");
  c.cases = r.count("cases");
  c.elements = r.count("elements");
  c.counts = r.count_map("counts");
  if (const auto claimed = r.object_or_null("claimed")) {
    c.claimed = Claimed{claimed->figure_or_null("derivative"), claimed->figure_or_null("value"),
                        claimed->text("units")};
  }
  if (const auto worst = r.object_or_null("worst")) {
    c.worst = Worst{read_error(*worst, "value"), read_error(*worst, "derivative"),
                    read_error(*worst, "product")};
  }
  for (const Record& failure : r.objects("failures")) c.failures.push_back(read_failure(failure));
  c.plot = read_plot(r);
  c.histogram = read_histogram(r);
  c.curve = read_curve(r);
  if (r.has("notes")) c.notes = r.texts("notes");
  if (r.has("values")) {
    for (const Record& value : r.objects("values")) c.values.push_back(read_value(value));
  } else if (c.kind == Kind::golden && c.verdict != Verdict::skipped) {
    r.wrong("values", "is missing");
  }
  c.origin = r.text_or("origin", "");
  return c;
}

Fault read_fault(const Record& r) {
  Fault f;
  f.operation = r.text("operation");
  f.scalar = r.text("scalar");
  f.fault = r.text("fault");
  f.about = r.text("about");
  if (r.has("class")) f.number = r.count("class");
  if (f.number > Fault::classes) {
    r.wrong("class", fmt::format("is {}; there are classes 1 to {}, and 0 for none", f.number,
                                 Fault::classes));
  }
  f.status = r.one_of<Status>("status", {{"caught", Status::caught},
                                         {"survived", Status::survived},
                                         {"not-applicable", Status::not_applicable}});
  f.by = r.text("by");
  f.after = r.count("after");
  f.manifested = r.count("manifested");
  f.ulp = r.figure_or_null("ulp");
  f.shrunk = r.text("shrunk");
  return f;
}

Sensitivity read_sensitivity(const Record& r) {
  return {r.text("operation"), r.text("scalar"), r.figure("found"), r.figure("usual"),
          r.count("cases")};
}

End read_end(const Record& r) {
  End e;
  e.verdict = r.one_of<Outcome>("verdict", {{"verified", Outcome::verified},
                                            {"failed", Outcome::failed},
                                            {"inconclusive", Outcome::inconclusive},
                                            {"incomplete", Outcome::incomplete}});
  e.exit = static_cast<int>(r.integer("exit"));
  e.checks = r.count("checks");
  e.correct = r.count("correct");
  e.wrong = r.count("wrong");
  e.inconclusive = r.count("inconclusive");
  e.skipped = r.count("skipped");
  e.cases = r.count("cases");
  e.elements = r.count("elements");
  e.faults = r.count("faults");
  e.caught = r.count("caught");
  return e;
}

/// What has been seen so far, over all files.
struct Seen {
  std::map<std::string, Where> checks, faults, sensitivities;

  static void once(std::map<std::string, Where>& seen, const std::string& key, const char* what,
                   const Where& where) {
    const auto [first, inserted] = seen.emplace(key, where);
    if (inserted) return;
    refuse(where, fmt::format("the {} `{}` was already given at {}:{} (shards are joined by "
                              "`assay merge`)",
                              what, key, first->second.file, first->second.line));
  }
};

void read_first(const Json& json, const Where& where, File& file) {
  const Record r(json, where, "run");
  if (r.text_or("type", "") != "run") {
    refuse(where, "the first line is not of `type` `run`: not a results file");
  }
  const std::uint64_t schema = r.count("schema");
  if (schema != 1) {
    refuse(where, fmt::format("schema {}; this program reads schema 1", schema));
  }
  file.run = read_run(r);
}

void read_line(const Json& json, const Where& where, Campaign& all, Seen& seen) {
  File& file = all.files.back();
  const Record line(json, where, "line");
  const std::string type = line.text("type");
  if (file.end) refuse(where, fmt::format("a line of type `{}` after the `end` line", type));
  const Record r(json, where, type);
  if (type == "check") {
    Check check = read_check(r);
    check.file = all.files.size() - 1;
    Seen::once(seen.checks, check.id, "check", where);
    all.checks.push_back(std::move(check));
  } else if (type == "fault") {
    Fault fault = read_fault(r);
    fault.file = all.files.size() - 1;
    const std::string key = fmt::format("{}/{}/{}", fault.operation, fault.scalar, fault.fault);
    Seen::once(seen.faults, fmt::format("{} {}", fault.file, key), "fault", where);
    all.faults.push_back(std::move(fault));
  } else if (type == "sensitivity") {
    Sensitivity s = read_sensitivity(r);
    Seen::once(seen.sensitivities, s.operation + "/" + s.scalar, "sensitivity of", where);
    all.sensitivities.push_back(std::move(s));
  } else if (type == "end") {
    file.end = read_end(r);
  } else if (type == "run") {
    refuse(where, "a second `run` line: two files in one");
  } else {
    refuse(where, fmt::format("unknown type `{}`", type));
  }
}

/// A line that the writer did not finish: it has no newline and is not JSON.
bool is_cut(std::string_view line, bool last) {
  return last && !Json::accept(line.begin(), line.end());
}

void read_one(const std::filesystem::path& path, Campaign& all, Seen& seen) {
  const std::string content = read_file(path);
  if (content.empty()) throw InputError(path.string() + ": the file is empty");
  all.files.push_back({path, {}, {}, 0});
  Where where{path.string(), 0};
  std::string_view rest = content;
  while (!rest.empty()) {
    ++where.line;
    const std::size_t newline = rest.find('\n');
    const bool last = newline == std::string_view::npos;
    const std::string_view line = rest.substr(0, newline);
    rest = last ? std::string_view{} : rest.substr(newline + 1);
    if (is_cut(line, last)) {
      if (where.line == 1) refuse(where, "not JSON, or cut off within the first line");
      if (all.files.back().end) refuse(where, "text after the `end` line");
      all.files.back().cut = where.line;
      return;
    }
    const Json json = parse_object(line, where);
    if (where.line == 1) {
      read_first(json, where, all.files.back());
    } else {
      read_line(json, where, all, seen);
    }
  }
}

/// A campaign plants a choice of the faults, `assay faults` all: of a fault in two files the worse
/// outcome stands, of equal ones that of the file that is of faults only.
void join_faults(Campaign& all) {
  std::vector<bool> has_checks(all.files.size(), false);
  for (const Check& check : all.checks) has_checks[check.file] = true;
  const auto stands_before = [&](const Fault& a, const Fault& b) {
    if (a.status != b.status) return a.status > b.status;
    return has_checks[a.file] < has_checks[b.file];
  };
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> kept;
  std::vector<Fault> joined;
  for (Fault& fault : all.faults) {
    const auto [at, first] =
        kept.try_emplace({fault.operation, fault.scalar, fault.fault}, joined.size());
    if (first) {
      joined.push_back(std::move(fault));
    } else if (stands_before(fault, joined[at->second])) {
      joined[at->second] = std::move(fault);
    }
  }
  all.faults = std::move(joined);
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) throw InputError(path.string() + ": no such file");
  if (std::filesystem::is_directory(path, error)) {
    throw InputError(path.string() + ": is a folder, not a file");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw InputError(fmt::format("{}: cannot be read ({})", path.string(), std::strerror(errno)));
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) throw InputError(path.string() + ": reading failed");
  return content;
}

Campaign read_results(const std::vector<std::filesystem::path>& paths) {
  if (paths.empty()) throw InputError("no results file was given");
  Campaign all;
  Seen seen;
  for (const auto& path : paths) read_one(path, all, seen);
  join_faults(all);
  return all;
}

}  // namespace assay::report
