#include "experiments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "read.hpp"
#include "record.hpp"
#include "report.hpp"

namespace assay::report {
namespace {

constexpr std::uint64_t most_pixels = 1U << 24U;  // of all images of a plot

std::vector<double> read_numbers(const Record& r, const char* key) {
  std::vector<double> all;
  for (const Json& value : r.list(key)) {
    if (value.is_number()) {
      all.push_back(value.get<double>());
    } else if (value == "nan") {
      all.push_back(std::numeric_limits<double>::quiet_NaN());
    } else if (value == "inf" || value == "-inf") {
      all.push_back((value == "inf" ? 1 : -1) * std::numeric_limits<double>::infinity());
    } else {
      r.wrong(key, fmt::format("has element {} that is neither a number nor \"nan\", \"inf\" or "
                               "\"-inf\"",
                               all.size()));
    }
  }
  return all;
}

/// Numbers short, whole numbers and strings as they are.
NamedTexts read_values(const Json& json, const Record& r, const char* key) {
  static_cast<void>(r.object(key));
  NamedTexts all;
  for (const auto& [name, value] : json.at(key).items()) {
    if (value.is_string()) {
      all.emplace_back(name, value.get<std::string>());
    } else if (value.is_number_float()) {
      all.emplace_back(name, fmt::format("{:.6g}", value.get<double>()));
    } else if (value.is_number() || value.is_boolean()) {
      all.emplace_back(name, value.dump());
    } else {
      r.wrong(key, fmt::format("has `{}`, which is neither a number nor a string", name));
    }
  }
  return all;
}

PlotAxis read_axis(const Record& plot, const char* key) {
  const Record r = plot.object(key);
  return {r.text_or("label", key), r.has("logarithmic") && r.flag("logarithmic")};
}

void require_length(const Record& r, const char* key, std::size_t got, std::size_t expected) {
  if (got == expected) return;
  r.wrong(key, fmt::format("has {} numbers where {} are expected", got, expected));
}

Curve read_curve(const Record& plot) {
  Curve c{read_axis(plot, "x"), read_axis(plot, "y"), {}, {}};
  const std::vector<Record> series = plot.objects("series");
  if (plot.object("x").has("values")) {
    c.at = read_numbers(plot.object("x"), "values");
  } else if (!series.empty()) {
    for (std::size_t i = 0; i < series.front().list("values").size(); ++i) {
      c.at.push_back(static_cast<double>(i + 1));
    }
  }
  for (const Record& r : series) {
    CurveSeries s{r.text("name"), read_numbers(r, "values"), {}, {}, false};
    s.dashed = r.has("dashed") && r.flag("dashed");
    require_length(r, "values", s.values.size(), c.at.size());
    if (r.has("low") || r.has("high")) {
      s.low = read_numbers(r, "low");
      s.high = read_numbers(r, "high");
      require_length(r, "low", s.low.size(), c.at.size());
      require_length(r, "high", s.high.size(), c.at.size());
    }
    c.series.push_back(std::move(s));
  }
  return c;
}

Scatter read_scatter(const Record& plot) {
  Scatter s{read_axis(plot, "x"), read_axis(plot, "y"), {}};
  for (const Record& r : plot.objects("series")) {
    s.series.push_back({r.text("name"), read_numbers(r, "x"), read_numbers(r, "y")});
    require_length(r, "y", s.series.back().y.size(), s.series.back().x.size());
  }
  return s;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::vector<std::uint8_t> read_image(const Record& r, const std::string& hex, std::size_t index,
                                     std::uint64_t pixels) {
  if (hex.size() != 2 * pixels) {
    r.wrong("images", fmt::format("[{}] has {} characters; width times height needs {}", index,
                                  hex.size(), 2 * pixels));
  }
  std::vector<std::uint8_t> levels;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = nibble(hex[i]), low = nibble(hex[i + 1]);
    if (high < 0 || low < 0) {
      r.wrong("images", fmt::format("[{}] has `{}`, which is no pair of the digits 0-9, a-f", index,
                                    hex.substr(i, 2)));
    }
    levels.push_back(static_cast<std::uint8_t>(16 * high + low));
  }
  return levels;
}

std::uint64_t read_size(const Record& r, const char* key) {
  const std::uint64_t n = r.count(key);
  if (n == 0 || n > 4096) r.wrong(key, fmt::format("is {}; it must be from 1 to 4096", n));
  return n;
}

Images read_images(const Record& r) {
  Images all;
  all.width = read_size(r, "width");
  all.height = read_size(r, "height");
  all.columns = read_size(r, "columns");
  if (r.has("palette")) {
    all.diverging = r.one_of<bool>("palette", {{"grey", false}, {"diverging", true}});
  }
  const std::vector<std::string> images = r.texts("images");
  const std::uint64_t pixels = all.width * all.height;
  if (images.size() > most_pixels / pixels) {
    r.wrong("images", fmt::format("has {} images of {} pixels; all together may have {}",
                                  images.size(), pixels, most_pixels));
  }
  for (const std::string& hex : images) {
    all.images.push_back(read_image(r, hex, all.images.size(), pixels));
  }
  if (r.has("rows")) all.rows = r.texts("rows");
  const std::size_t rows = (all.images.size() + all.columns - 1) / all.columns;
  if (!all.rows.empty() && all.rows.size() != rows) {
    r.wrong("rows", fmt::format("has {} names for {} rows", all.rows.size(), rows));
  }
  return all;
}

ExperimentPlot read_plot(const Record& r) {
  ExperimentPlot p{r.text("title"), r.text_or("about", ""), {}};
  enum class Form { curve, scatter, images };
  switch (r.one_of<Form>(
      "kind", {{"curve", Form::curve}, {"scatter", Form::scatter}, {"images", Form::images}})) {
    case Form::curve:
      p.content = read_curve(r);
      break;
    case Form::scatter:
      p.content = read_scatter(r);
      break;
    case Form::images:
      p.content = read_images(r);
      break;
  }
  return p;
}

/// Series whose names end in the same word share a plot: loss, test_loss.
void add_epochs(const Json& epochs, const Record& r, std::vector<ExperimentPlot>& plots) {
  std::vector<std::pair<std::string, Curve>> groups;
  for (const auto& [name, values] : epochs.items()) {
    const std::string word = name.substr(name.rfind('_') + 1);
    auto at = std::find_if(groups.begin(), groups.end(),
                           [&w = word](const auto& group) { return group.first == w; });
    if (at == groups.end()) {
      at = groups.insert(groups.end(), {word, {{"epoch", false}, {word, false}, {}, {}}});
    }
    Curve& c = at->second;
    c.series.push_back({name, read_numbers(r, name.c_str()), {}, {}, false});
    const std::size_t n = c.series.back().values.size();
    if (c.series.size() == 1) {
      for (std::size_t i = 0; i < n; ++i) c.at.push_back(static_cast<double>(i + 1));
    }
    require_length(r, name.c_str(), n, c.at.size());
  }
  for (auto& [word, curve] : groups) plots.push_back({word, "by epoch", std::move(curve)});
}

}  // namespace

Experiment read_experiment(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  const Where where{path.string(), 0};
  const Json json = parse_object(content, where);
  const Record r(json, where, "experiment");
  const std::uint64_t schema = r.count("schema");
  if (schema != 1) refuse(where, fmt::format("schema {}; this program reads schema 1", schema));
  Experiment e{path.filename().string(), r.text("name"), r.text("about"), {}, {}, {}};
  e.options = read_values(json, r, "options");
  e.figures = read_values(json, r, "figures");
  if (r.has("plots")) {
    for (const Record& plot : r.objects("plots")) e.plots.push_back(read_plot(plot));
  }
  add_epochs(json.contains("epochs") ? json.at("epochs") : Json::object(), r.object("epochs"),
             e.plots);
  return e;
}

Experiments read_experiments(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".json") files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  Experiments found;
  for (const auto& file : files) {
    try {
      found.all.push_back(read_experiment(file));
    } catch (const InputError& e) {
      found.unreadable.emplace_back(e.what());
    }
  }
  return found;
}

}  // namespace assay::report
