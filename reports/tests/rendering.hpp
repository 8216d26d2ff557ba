#pragma once
// Results lines to vary, and a folder to render them in.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../read.hpp"
#include "../report.hpp"

namespace assay::report {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

inline Json run_line() {
  return {{"type", "run"},         {"schema", 1},      {"assay", "1.0"},
          {"commit", "abc123"},    {"dirty", false},   {"compiler", "g++ 12.2"},
          {"flags", "-O2"},        {"processor", "x"}, {"libraries", {{"Eigen", "3.4.0"}}},
          {"seed", "42"},          {"cases", 500},     {"patterns", {"*"}},
          {"scalars", {"double"}}, {"shard", "0/1"},   {"command", "assay verify --seed 42"}};
}

inline Json check_line(const std::string& subject = "sigmoid",
                       const std::string& check = "derivative") {
  const Json derivative = {{"ulp", 2.5},         {"envelope", nullptr}, {"case", 17},
                           {"x", {"0x1.2cp+5"}}, {"got", "0x1p-3"},     {"reference", "0.125"}};
  return {{"type", "check"},
          {"id", subject + "/double/" + check},
          {"kind", "operation"},
          {"subject", subject},
          {"scalar", "double"},
          {"check", check},
          {"about", "the backward against duals"},
          {"blind", "a wrong forward"},
          {"verdict", "correct"},
          {"reason", ""},
          {"cases", 500},
          {"elements", 3000},
          {"counts", {{"tail", 77}}},
          {"claimed", {{"derivative", 4}, {"value", 4}, {"units", "ulp"}}},
          {"worst", {{"value", nullptr}, {"derivative", derivative}, {"product", nullptr}}},
          {"failures", Json::array()},
          {"plot", {{-1.0, 0.5, "-0x1p+0", 0}, {37.5, 2.5, "0x1.2cp+5", 1}}}};
}

inline Json failure(const std::string& message) {
  return {{"operation", "sigmoid"},
          {"scalar", "double"},
          {"check", "derivative"},
          {"case", 17},
          {"shrinks", 9},
          {"inputs", {{{"rows", 1}, {"cols", 1}, {"values", {"0x1.2cp+5"}}}}},
          {"upstream", {{"rows", 1}, {"cols", 1}, {"values", {"0x1p+0"}}}},
          {"input", 0},
          {"row", 0},
          {"col", 0},
          {"got", "0x0p+0"},
          {"reference", "5.2e-17"},
          {"bound", "1e-47"},
          {"ulp", 9e15},
          {"claimed", 4},
          {"units", "ulp"},
          {"message", message},
          {"replay", "failures/sigmoid-double-17.json"}};
}

inline Json fault_line(const std::string& status) {
  return {{"type", "fault"},
          {"operation", "sigmoid"},
          {"scalar", "double"},
          {"fault", "sign"},
          {"about", "the sign is flipped"},
          {"status", status},
          {"by", status == "caught" ? "derivative" : ""},
          {"after", 1},
          {"manifested", 3},
          {"ulp", "inf"},
          {"shrunk", "x [1]"}};
}

inline Json sensitivity_line(const std::string& operation = "sigmoid") {
  return {{"type", "sensitivity"}, {"operation", operation}, {"scalar", "double"},
          {"found", 1e-14},        {"usual", 1.5e-3},        {"cases", 40}};
}

inline Json end_line(int checks = 1, const std::string& verdict = "verified") {
  return {{"type", "end"},     {"verdict", verdict}, {"exit", verdict == "verified" ? 0 : 1},
          {"checks", checks},  {"correct", checks},  {"wrong", 0},
          {"inconclusive", 0}, {"skipped", 0},       {"cases", 500},
          {"elements", 3000},  {"faults", 0},        {"caught", 0}};
}

inline std::string lines(const std::vector<Json>& all) {
  std::string text;
  for (const Json& line : all) text += line.dump() + "\n";
  return text;
}

inline std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Report : public testing::Test {
 protected:
  void SetUp() override {
    std::string form = (fs::temp_directory_path() / "assay-report-XXXXXX").string();
    ASSERT_NE(::mkdtemp(form.data()), nullptr);
    folder = form;
  }
  void TearDown() override { fs::remove_all(folder); }

  fs::path put(const std::string& text, const std::string& name = "results.jsonl") const {
    std::ofstream(folder / name, std::ios::binary) << text;
    return folder / name;
  }
  fs::path out() const { return folder / "out"; }

  /// The message of the refusal, "" if there is none.
  static std::string refusal(const Options& options) {
    try {
      render(options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  std::string refusal_of(const std::string& text) const {
    return refusal({{put(text)}, {}, out()});
  }
  /// Every part is in the message, and so is the file.
  void expect_refused(const std::string& text, const std::vector<std::string>& parts) const {
    const std::string message = refusal_of(text);
    EXPECT_NE(message.find("results.jsonl"), std::string::npos) << "message: " << message;
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos) << part << "\nmessage: " << message;
    }
    EXPECT_FALSE(fs::exists(out()));
  }
  std::string page_of(const std::string& text) const {
    render({{put(text)}, {}, out()});
    return slurp(out() / "index.html");
  }
  std::string refused_lcov(const std::string& text) const {
    return refusal(
        {{put(lines({run_line(), check_line(), end_line()}))}, put(text, "c.info"), out()});
  }

  fs::path folder;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace assay::report
