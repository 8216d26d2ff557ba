#include "campaigns.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::report {
namespace {

Json error(double ulp, double x) {
  return {{"ulp", ulp},        {"envelope", 0.75},
          {"case", 17},        {"x", {fmt::format("{:a}", x)}},
          {"got", "0x1.8p-3"}, {"reference", "0.1875000000000000001"}};
}

Json check(const std::string& subject, const std::string& scalar, const std::string& name,
           double ulp) {
  Json c = check_line(subject, name);
  c["scalar"] = scalar;
  c["id"] = subject + "/" + scalar + "/" + name;
  c["worst"] = {
      {"value", error(ulp / 2, 3)}, {"derivative", error(ulp, -1.5)}, {"product", nullptr}};
  c["plot"] = nullptr;
  return c;
}

/// Errors over x in 60 strata, and how many lie in each quarter of an ulp.
Json sweep(const std::string& subject, const std::string& scalar) {
  Json c = check(subject, scalar, "sweep", 2.4), plot = Json::array();
  for (int i = 0; i < 60; ++i) {
    const double x = std::copysign(std::ldexp(1.0 + i / 64.0, (i % 30) - 15), i < 30 ? -1 : 1);
    const double ulp = i == 41 ? 2.4 : 0.02 * (i * 7 % 50);
    plot.push_back({x, ulp, fmt::format("{:a}", x), i});
  }
  c["plot"] = plot;
  c["histogram"] = {{0, 900}, {1, 700}, {2, 410}, {3, 120}, {5, 8}, {9, 1}};
  return c;
}

Json differences(const std::string& subject) {
  Json c = check(subject, "double", "differences", 1.1), curve = Json::array();
  for (int step = 4; step < 60; step += 2) {
    const double truncation = -2.0 * step, rounding = -110.0 + step;
    curve.push_back(
        {-step, std::max(truncation, rounding) - 1, std::max(truncation, rounding) + 2});
  }
  c["curve"] = curve;
  c["notes"] = {"a branch at x = 1"};
  return c;
}

Json claim() {
  Json c = check("claim-13-sampling", "double", "property", 0);
  c["kind"] = "claim";
  c["worst"] = nullptr;
  c["claimed"] = nullptr;
  c["about"] = "samples of a Gaussian are what they should be";
  c["values"] = {{{"name", "variance of coordinate 1"},
                  {"expected", "p >= 1e-08"},
                  {"got", "p = 0.402"},
                  {"ulp", nullptr},
                  {"ok", true}},
                 {{"name", "uniform noise: Kolmogorov-Smirnov"},
                  {"expected", "p < 1e-08"},
                  {"got", "p = 3.1e-99"},
                  {"ulp", nullptr},
                  {"ok", true}}};
  return c;
}

Json golden(const std::string& subject, const Json& values) {
  Json c = check(subject, "double", "replay", 0);
  c["kind"] = "golden";
  c["worst"] = nullptr;
  c["claimed"] = nullptr;
  c["origin"] = "by hand";
  c["values"] = values;
  return c;
}

Json fault(const std::string& operation, const std::string& name, int number,
           const std::string& status = "caught") {
  Json f = fault_line(status);
  f["operation"] = operation;
  f["fault"] = name;
  f["class"] = number;
  return f;
}

Json end_of(const std::vector<Json>& all, const std::string& verdict) {
  Json end = end_line(0, verdict);
  for (const char* count : {"correct", "wrong", "inconclusive", "skipped"}) end[count] = 0;
  for (const Json& line : all) {
    if (line.at("type") != "check") continue;
    end["checks"] = end.at("checks").get<int>() + 1;
    Json& count = end[line.at("verdict").get<std::string>()];
    count = count.get<int>() + 1;
  }
  return end;
}

std::vector<Json> without_end() {
  const Json tail = {{"name", "sigmoid(40) derivative 0: PyTorch's 0 is 5.5e+15 ulp off"},
                     {"expected", "4.2e-18"},
                     {"got", "4.2e-18"},
                     {"ulp", 0.11},
                     {"ok", true}};
  const Json near = {{"name", "matmul(2x2, 2x2): gradient 1 at (0, 1), PyTorch within 0.50 ulp"},
                     {"expected", "1"},
                     {"got", "1"},
                     {"ulp", 0.5},
                     {"ok", true}};
  const Json loss = {
      {"name", "loss"}, {"expected", "47/25"}, {"got", "47/25"}, {"ulp", nullptr}, {"ok", true}};
  return {run_line(),
          check("sigmoid", "float", "derivative", 1.9),
          check("sigmoid", "double", "derivative", 2.1),
          sweep("sigmoid", "float"),
          sweep("sigmoid", "double"),
          differences("sigmoid"),
          check("relu", "double", "derivative", 0),
          check("relu", "double", "kinks", 0),
          check("matmul", "float", "derivative", 0.9),
          check("matmul", "double", "derivative", 1.2),
          claim(),
          golden("mlp-two-steps", Json::array({loss})),
          golden("torch-tails", Json::array({tail, near})),
          fault("sigmoid", "sign", 6),
          fault("sigmoid", "tail", 17),
          fault("matmul", "sign", 6),
          fault("relu", "tail", 17, "not-applicable"),
          sensitivity_line("sigmoid"),
          sensitivity_line("matmul")};
}

}  // namespace

std::vector<Json> good_campaign() {
  std::vector<Json> all = without_end();
  all.push_back(end_of(all, "verified"));
  return all;
}

std::vector<Json> failing_campaign() {
  std::vector<Json> all = without_end();
  Json wrong = check("my_tanh", "double", "derivative", 9e15),
       doubtful = check("my_tanh", "float", "differences", 1);
  Json failed = failure(
      "my_tanh<double>: backward disagrees with finite differences (case 17, shrunk 9 times)\n"
      "  x [37.5]   upstream [1]\n"
      "  backward   0\n"
      "  reference  1.07e-32  +- 1e-60        (9.0e+15 ulp; claimed 4)");
  failed["operation"] = "my_tanh";
  failed["replay"] = "failures/my_tanh-double-17.json";
  failed["hint"] = "the gradient is 0 where the true one is representable: 1 - y^2 cancels";
  wrong["verdict"] = "wrong";
  wrong["failures"] = Json::array({failed});
  doubtful["verdict"] = "inconclusive";
  doubtful["reason"] = "less than half of the cases were resolved";
  all.push_back(wrong);
  all.push_back(doubtful);
  all.push_back(fault("relu", "upstream", 5, "survived"));
  all.push_back(end_of(all, "failed"));
  return all;
}

}  // namespace assay::report
