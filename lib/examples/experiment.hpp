#pragma once
// What the example programs have in common: results in a file, whole or not at all, and what goes
// wrong said by the name of the program.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace assay::examples {

using Json = nlohmann::ordered_json;

/// JSON has no NaN and no infinities: they are strings.
inline Json number(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}
inline Json numbers(const std::vector<double>& all) {
  Json list = Json::array();
  for (const double x : all) list.push_back(number(x));
  return list;
}

/// To a file beside it first, then renamed. Throws std::runtime_error or filesystem_error.
inline void write(const std::filesystem::path& file, const Json& json) {
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  std::filesystem::path part = file;
  part += "." + std::to_string(::getpid()) + ".part";
  std::ofstream out(part, std::ios::binary);
  out << json.dump(1) << '\n';
  out.close();
  if (!out) {
    std::filesystem::remove(part);
    throw std::runtime_error(file.string() + ": cannot be written");
  }
  std::filesystem::rename(part, file);
}

/// Runs what the arguments ask for. 2 for wrong usage and for errors.
inline int parse_and_run(CLI::App& app, int argc, char** argv, const std::function<int()>& run) {
  try {
    app.parse(argc, argv);
    return run();
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), e.what());
    return 2;
  }
}

}  // namespace assay::examples
