#include "../experiments.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "rendering.hpp"

namespace assay::report {
namespace {

Json curve() {
  return {{"kind", "curve"},
          {"title", "Loss <b>"},
          {"x", {{"label", "step"}, {"values", {1, 10, 100}}, {"logarithmic", true}}},
          {"y", {{"label", "nats"}}},
          {"series",
           {{{"name", "tied"}, {"values", {3, "nan", 1}}},
            {{"name", "untied"}, {"values", {3, 2, 1}}, {"low", {2, 1, 0}}, {"high", {4, 3, 2}}}}}};
}
Json scatter() {
  return {{"kind", "scatter"},
          {"title", "Plane"},
          {"x", {{"label", "z1"}}},
          {"y", {{"label", "z2"}}},
          {"series",
           {{{"name", "seven"}, {"x", {1, 2, 3}}, {"y", {4, 5, 6}}},
            {{"name", "eight"}, {"x", Json::array()}, {"y", Json::array()}}}}};
}
Json images() {
  return {{"kind", "images"},
          {"title", "Digits"},
          {"width", 2},
          {"height", 1},
          {"columns", 2},
          {"images", {"00ff", "8001", "0a0b"}},
          {"rows", {"original", "reconstruction"}}};
}
Json experiment() {
  return {{"schema", 1},
          {"name", "digits & more"},
          {"about", "A network"},
          {"options", {{"hidden", 64}, {"seed", "1"}}},
          {"figures", {{"accuracy", 0.99441234}}},
          {"epochs", {{"loss", {3, 2}}, {"test_loss", {4, 3}}, {"accuracy", {0.5, 0.75}}}},
          {"plots", {curve(), scatter(), images()}},
          {"later", "is ignored"}};
}

class ExperimentFiles : public Report {
 protected:
  void SetUp() override {
    Report::SetUp();
    fs::create_directories(folder / "experiments");
  }

  fs::path put(const std::string& text, const std::string& name = "one.json") const {
    const fs::path file = folder / "experiments" / name;
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  std::string refusal(const Json& json) const {
    try {
      read_experiment(put(json.dump()));
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  }
  void expect_refused(const Json& json, const std::vector<std::string>& parts) const {
    const std::string message = refusal(json);
    EXPECT_NE(message.find("one.json"), std::string::npos) << message;
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
    }
  }
  /// The page of a campaign of no checks beside the experiments put.
  std::string page() const {
    render({{Report::put(lines({run_line()}))}, {}, folder});
    return slurp(folder / "index.html");
  }
};

TEST_F(ExperimentFiles, AreReadWhole) {
  const Experiment e = read_experiment(put(experiment().dump()));
  EXPECT_EQ(e.name, "digits & more");
  EXPECT_EQ(e.options, (NamedTexts{{"hidden", "64"}, {"seed", "1"}}));
  EXPECT_EQ(e.figures, (NamedTexts{{"accuracy", "0.994412"}}));
  ASSERT_EQ(e.plots.size(), 5U);
  const Curve& c = std::get<Curve>(e.plots[0].content);
  EXPECT_TRUE(c.x.logarithmic);
  EXPECT_FALSE(c.y.logarithmic);
  EXPECT_EQ(c.at, (std::vector<double>{1, 10, 100}));
  EXPECT_TRUE(std::isnan(c.series.at(0).values.at(1)));
  EXPECT_EQ(c.series.at(1).high, (std::vector<double>{4, 3, 2}));
  EXPECT_EQ(std::get<Scatter>(e.plots[1].content).series.at(0).y, (std::vector<double>{4, 5, 6}));
  const Images& i = std::get<Images>(e.plots[2].content);
  EXPECT_EQ(i.images.at(1), (std::vector<std::uint8_t>{0x80, 1}));
  EXPECT_EQ(i.rows, (std::vector<std::string>{"original", "reconstruction"}));
}

TEST_F(ExperimentFiles, SeriesOfEpochsThatEndInOneWordShareAPlot) {
  const Experiment e = read_experiment(put(experiment().dump()));
  const Curve& loss = std::get<Curve>(e.plots[3].content);
  ASSERT_EQ(loss.series.size(), 2U);
  EXPECT_EQ(loss.series[1].name, "test_loss");
  EXPECT_EQ(loss.at, (std::vector<double>{1, 2}));
  EXPECT_EQ(std::get<Curve>(e.plots[4].content).series.size(), 1U);
}

TEST_F(ExperimentFiles, ThatAreNotAsTheyShouldBeAreRefusedByField) {
  const auto with = [](const char* plot_key, const Json& value, std::size_t plot) {
    Json json = experiment();
    json["plots"][plot][plot_key] = value;
    return json;
  };
  Json newer = experiment();
  newer["schema"] = 2;
  expect_refused(newer, {"schema 2", "reads schema 1"});
  expect_refused(with("kind", "pie", 0), {"plots[0]", "`pie`", "`curve`"});
  expect_refused(with("images", {"00ff", "80", "0a0b"}, 2),
                 {"plots[2]", "[1]", "2 characters", "4"});
  expect_refused(with("images", {"00ff", "80zz", "0a0b"}, 2), {"[1]", "`zz`"});
  expect_refused(with("rows", {"one"}, 2), {"1 names for 2 rows"});
  expect_refused(with("width", 0, 2), {"`width`", "from 1 to 4096"});
  expect_refused(with("palette", "rainbow", 2), {"`rainbow`", "`grey`"});
  Json json = experiment();
  json["plots"][0]["series"][1]["values"] = {1, 2};
  expect_refused(json, {"series[1]", "`values`", "2 numbers where 3"});
  json = experiment();
  json["plots"][0]["series"][1].erase("high");
  expect_refused(json, {"`high`", "missing"});
  json = experiment();
  json["plots"][1]["series"][0]["y"] = {1, "many", 2};
  expect_refused(json, {"`y`", "element 1", "neither a number"});
  json = experiment();
  json["epochs"]["test_loss"] = {1};
  expect_refused(json, {"`test_loss`", "1 numbers where 2"});
  json = experiment();
  json.erase("figures");
  expect_refused(json, {"`figures`", "missing"});
  json = experiment();
  json["figures"]["accuracy"] = nullptr;
  expect_refused(json, {"`figures`", "`accuracy`"});
}

TEST_F(ExperimentFiles, ADamagedOneIsNamedOnThePageAndTheOthersAreShown) {
  put(experiment().dump(), "good.json");
  put(experiment().dump().substr(0, 100), "cut.json");
  put("", "empty.json");
  put("not read", "notes.txt");
  const Experiments found = read_experiments(folder / "experiments");
  ASSERT_EQ(found.all.size(), 1U);
  ASSERT_EQ(found.unreadable.size(), 2U);
  EXPECT_NE(found.unreadable[0].find("cut.json: not JSON"), std::string::npos);
  const std::string html = page();
  EXPECT_NE(html.find("cut.json: not JSON"), std::string::npos);
  EXPECT_NE(html.find("digits &amp; more"), std::string::npos);
  EXPECT_NE(html.find("Loss &lt;b&gt;"), std::string::npos);
  EXPECT_EQ(html.find("Loss <b>"), std::string::npos);
  EXPECT_NE(html.find("alt=\"Digits, reconstruction: 1 image\""), std::string::npos);
  EXPECT_NE(html.find("data:image/png;base64,iVBORw0KGgo"), std::string::npos);
}

TEST_F(ExperimentFiles, ThatAreNotThereLeaveAHintOnThePage) {
  fs::remove_all(folder / "experiments");
  EXPECT_TRUE(read_experiments(folder / "experiments").all.empty());
  EXPECT_NE(page().find("./scripts/experiment"), std::string::npos);
}

TEST_F(ExperimentFiles, WhatALogarithmCannotShowBreaksTheLine) {
  Curve c{{"step", false}, {"loss", true}, {1, 2, 3, 4, 5}, {}};
  c.series.push_back({"a", {1, 0, 10, NAN, 100}, {}, {}, false});
  const std::string svg = curve_svg(c, "t", "");
  const std::size_t from = svg.find("class=\"curve s0\" d=\"");
  ASSERT_NE(from, std::string::npos);
  const std::string path = svg.substr(from, svg.find("/path", from) - from);
  EXPECT_EQ(std::count(path.begin(), path.end(), 'M'), 3) << path;
  EXPECT_EQ(path.find('L'), std::string::npos) << path;
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST_F(ExperimentFiles, PlotsOfNothingAndOfOnePointAreDrawn) {
  for (const bool logarithmic : {false, true}) {
    Curve c{{"x", logarithmic}, {"y", logarithmic}, {}, {}};
    EXPECT_EQ(curve_svg(c, "t", "").find("nan"), std::string::npos);
    c.at = {5};
    c.series.push_back({"a", {7}, {}, {}, false});
    EXPECT_EQ(curve_svg(c, "t", "").find("nan"), std::string::npos);
    c.series.push_back({"b", {0}, {}, {}, false});
    EXPECT_EQ(curve_svg(c, "t", "").find("inf"), std::string::npos);
  }
  EXPECT_EQ(scatter_svg({}, "t", "").find("nan"), std::string::npos);
}

TEST_F(ExperimentFiles, OfManyPointsTheExtremesAreDrawn) {
  Curve c{{"x", false}, {"y", false}, {}, {}};
  c.series.push_back({"a", {}, {}, {}, false});
  for (int i = 0; i < 5000; ++i) {
    c.at.push_back(i);
    c.series[0].values.push_back(i == 3001 ? 100 : i % 2);
  }
  const std::string svg = curve_svg(c, "t", "");
  EXPECT_LT(svg.size(), 10000U);
  EXPECT_NE(svg.find(" 21.1"), std::string::npos) << "the peak, 5 % below the upper edge";
}

/// Grey, or red, green and blue, and opacity of each pixel, line by line.
std::vector<std::string> decoded(const Picture& p, std::size_t bytes) {
  const std::size_t at = p.png.find("IDAT") + 4;
  const std::size_t line = bytes * p.width + 1;
  std::string raw(line * p.height, '?');
  uLongf size = raw.size();
  EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(raw.data()), &size,
                         reinterpret_cast<const Bytef*>(p.png.data() + at), p.png.size() - at),
            Z_OK);
  EXPECT_EQ(size, raw.size());
  std::vector<std::string> pixels;
  for (std::uint64_t y = 0; y < p.height; ++y) {
    EXPECT_EQ(raw[y * line], '\0');
    for (std::uint64_t x = 0; x < p.width; ++x)
      pixels.push_back(raw.substr(y * line + 1 + bytes * x, bytes));
  }
  return pixels;
}

TEST_F(ExperimentFiles, ImagesStandSideBySideInThePicture) {
  Images all;
  all.width = 2, all.height = 1, all.columns = 2;
  all.images = {{0, 255}, {128, 1}, {10, 11}};
  const Picture p = picture(all, 0, 3);
  EXPECT_EQ(p.width, 5U);
  EXPECT_EQ(p.height, 3U);
  const std::vector<std::string> pixels = decoded(p, 2);
  const auto grey = [](char level) { return std::string{level, '\xff'}; };
  const std::string gap(2, '\0');
  const std::vector<std::string> expected{grey(0),  grey('\xff'), gap, grey('\x80'), grey(1),
                                          gap,      gap,          gap, gap,          gap,
                                          grey(10), grey(11),     gap, gap,          gap};
  EXPECT_EQ(pixels, expected);
  all.diverging = true;
  EXPECT_EQ(decoded(picture(all, 0, 1), 4),
            (std::vector<std::string>{{33, 102, '\xac', '\xff'}, {'\xb2', 24, 43, '\xff'}}));
}

TEST_F(ExperimentFiles, Base64IsPadded) {
  EXPECT_EQ(data_uri("Man"), "data:image/png;base64,TWFu");
  EXPECT_EQ(data_uri("Ma"), "data:image/png;base64,TWE=");
  EXPECT_EQ(data_uri("M"), "data:image/png;base64,TQ==");
}

}  // namespace
}  // namespace assay::report
