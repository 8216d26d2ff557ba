#include "replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "files.hpp"
#include "json.hpp"

namespace assay::verify {

std::filesystem::path save_failure(const Failure& f, const std::filesystem::path& out) {
  const std::filesystem::path file = out / f.replay;
  make_writable(file.parent_path());
  Json j{{"assay", "failing case"}, {"schema", 1}};
  j.update(to_json(f));
  write_file(file, j.dump(1) + "\n");
  return file;
}

Failure load_failure(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  try {
    const Json j = Json::parse(text);
    if (!j.is_object() || j.value("assay", "") != "failing case") {
      throw std::runtime_error("it is not a failing case of assay");
    }
    if (j.at("schema") != 1) throw std::runtime_error("it is of a newer schema than 1");
    return failure_from_json(j);
  } catch (const std::exception& e) {
    throw UsageError(fmt::format("{}: {}", file.string(), e.what()));
  }
}

std::optional<Failure> replay(const Operation& op, const Failure& stored) {
  const Format* f = nullptr;
  for (const Format* candidate : {&float_format, &double_format}) {
    if (candidate->name == stored.scalar) f = candidate;
  }
  const bool wide = stored.scalar == "high" || stored.scalar == "rational";
  if (!f && wide) f = &double_format;
  // A kink is a point like any other once it is known.
  const Examine examine = examination(stored.check == "kinks" ? "derivative" : stored.check);
  if (!f || !examine) {
    throw UsageError(fmt::format("{}<{}>: the check '{}' has no cases to replay", stored.operation,
                                 stored.scalar, stored.check));
  }
  const Case c = case_from_failure(stored);
  try {
    const Shape out = op.in_double->shape(shapes_of(c.inputs));
    if (c.inputs.size() != op.arity() || out != shape_of(c.upstream)) {
      throw ShapeError("the upstream does not have the output's shape");
    }
  } catch (const ShapeError& e) {
    throw UsageError(fmt::format("{}: the stored case does not fit: {}", op.name, e.what()));
  }
  const auto problem = examine({op, *f, c, stored.at_case, stored.seed, nullptr});
  if (!problem || problem->inconclusive) return std::nullopt;
  Failure now =
      to_failure(op, *f, stored.check, c, stored.at_case, stored.seed, stored.shrinks, *problem);
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
