// The section of the experiments.

#include <fmt/format.h>

#include <algorithm>

#include "html.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

Data named(const NamedTexts& values) {
  Data all = list();
  for (const auto& [name, value] : values) {
    Data entry;
    entry.set("name", name);
    entry.set("value", value);
    all.push_back(entry);
  }
  return all;
}

/// Who is who by colour; one alone needs no key.
template <class Series>
Data key(const std::vector<Series>& series) {
  Data all = list();
  for (std::size_t i = 0; series.size() > 1 && i < series.size(); ++i) {
    Data entry;
    entry.set("colour", fmt::format("s{}", i % 10));
    entry.set("name", series[i].name);
    if constexpr (requires { series[i].dashed; }) {
      entry.set("dashed", series[i].dashed);
    } else {
      entry.set("dashed", false);
    }
    all.push_back(entry);
  }
  return all;
}

Data strip(const Images& all, std::size_t first, std::size_t count, const std::string& name,
           const std::string& title) {
  const Picture p = picture(all, first, count);
  const std::uint64_t scale = std::clamp<std::uint64_t>(640 / p.width, 1, 8);
  Data data;
  data.set("name", maybe(name));
  data.set("alt", fmt::format("{}{}{}: {}", title, name.empty() ? "" : ", ", name,
                              plural(count, "image")));
  data.set("source", data_uri(p.png));
  data.set("width", std::to_string(p.width * scale));
  data.set("height", std::to_string(p.height * scale));
  return data;
}

Data strips(const Images& all, const std::string& title) {
  Data data = list();
  if (all.rows.empty()) {
    if (!all.images.empty()) data.push_back(strip(all, 0, all.images.size(), "", title));
    return data;
  }
  for (std::size_t row = 0; row < all.rows.size(); ++row) {
    const std::size_t first = row * all.columns;
    data.push_back(strip(all, first, std::min<std::size_t>(all.columns, all.images.size() - first),
                         all.rows[row], title));
  }
  return data;
}

Data plot_data(const ExperimentPlot& plot) {
  Data data;
  data.set("title", plot.title);
  data.set("about", maybe(plot.about));
  data.set("svg", false);
  data.set("key", list());
  data.set("strips", list());
  if (const auto* curve = std::get_if<Curve>(&plot.content)) {
    data.set("svg", curve_svg(*curve, plot.title, plot.about));
    data.set("key", key(curve->series));
  } else if (const auto* scatter = std::get_if<Scatter>(&plot.content)) {
    data.set("svg", scatter_svg(*scatter, plot.title, plot.about));
    data.set("key", key(scatter->series));
  } else if (const auto* images = std::get_if<Images>(&plot.content)) {
    data.set("strips", strips(*images, plot.title));
  }
  return data;
}

}  // namespace

void fill_experiments(Data& page, const Experiments& experiments) {
  Data all = list(), unreadable = list();
  for (const Experiment& e : experiments.all) {
    Data data, plots = list();
    for (const ExperimentPlot& plot : e.plots) plots.push_back(plot_data(plot));
    data.set("anchor", "experiment-" + slug(e.file));
    data.set("name", e.name);
    data.set("about", e.about);
    data.set("options", named(e.options));
    data.set("figures", named(e.figures));
    data.set("plots", plots);
    all.push_back(data);
  }
  for (const std::string& why : experiments.unreadable) unreadable.push_back(why);
  page.set("experiments", all);
  page.set("unreadable_experiments", unreadable);
  page.set("no_experiments", experiments.all.empty() && experiments.unreadable.empty());
}

}  // namespace assay::report
