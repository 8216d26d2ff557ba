#include "replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "files.hpp"
#include "json.hpp"

namespace assay::verify {

namespace {

template <class Read>
auto load(const std::filesystem::path& file, const Read& read) {
  const std::string text = read_file(file);
  try {
    const Json j = Json::parse(text);
    if (!j.is_object() || j.value("assay", "") != "failing case") {
      throw std::runtime_error("it is not a failing case of assay");
    }
    if (j.at("schema") != 1) throw std::runtime_error("it is of a newer schema than 1");
    return read(j);
  } catch (const std::exception& e) {
    throw UsageError(fmt::format("{}: {}", file.string(), e.what()));
  }
}

}  // namespace

std::filesystem::path save_failure(const Failure& f, const std::filesystem::path& out,
                                   std::uint64_t campaign_cases) {
  const std::filesystem::path file = out / f.replay;
  make_writable(file.parent_path());
  Json j{{"assay", "failing case"}, {"schema", 1}};
  if (campaign_cases > 0) j["campaign_cases"] = campaign_cases;
  j.update(to_json(f));
  write_file(file, j.dump(1) + "\n");
  return file;
}

Failure load_failure(const std::filesystem::path& file) { return load(file, failure_from_json); }

std::uint64_t load_campaign_cases(const std::filesystem::path& file) {
  return load(file, [](const Json& j) { return j.value("campaign_cases", std::uint64_t{0}); });
}

namespace {

struct Replayed {
  const Format* format = nullptr;
  Examine examine = nullptr;
  Case stored;
};

Replayed prepare(const Operation& op, const Failure& stored) {
  Replayed r;
  for (const Format* candidate : {&float_format, &double_format}) {
    if (candidate->name == stored.scalar) r.format = candidate;
  }
  const bool wide = stored.scalar == "high" || stored.scalar == "rational";
  if (!r.format && wide) r.format = &double_format;
  r.examine = examination(stored.check);
  if (!r.format || !r.examine) {
    throw UsageError(fmt::format("{}<{}>: the check '{}' has no cases to replay", stored.operation,
                                 stored.scalar, stored.check));
  }
  r.stored = case_from_failure(stored);
  try {
    const Shape out = op.in_double->shape(shapes_of(r.stored.inputs));
    if (r.stored.inputs.size() != op.arity() || out != shape_of(r.stored.upstream)) {
      throw ShapeError("the upstream does not have the output's shape");
    }
  } catch (const ShapeError& e) {
    throw UsageError(fmt::format("{}: the stored case does not fit: {}", op.name, e.what()));
  }
  return r;
}

}  // namespace

void require_replayable(const Operation& op, const Failure& stored) { prepare(op, stored); }

std::optional<Failure> replay(const Operation& op, const Failure& stored) {
  const Replayed r = prepare(op, stored);
  const auto problem = r.examine({op, *r.format, r.stored, stored.at_case, stored.seed, nullptr});
  if (!problem || problem->inconclusive) return std::nullopt;
  Failure now = to_failure(op, *r.format, stored.check, r.stored, stored.at_case, stored.seed,
                           stored.shrinks, *problem);
  now.scalar = stored.scalar;
  now.replay = stored.replay;
  return now;
}

std::string replay_command(const std::filesystem::path& file) {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::string command;
  for (std::string argument; std::getline(in, argument, '\0');) {
    command += " " + argument;
  }
  return fmt::format("ASSAY_REPLAY={}{}", file.string(), command);
}

}  // namespace assay::verify
