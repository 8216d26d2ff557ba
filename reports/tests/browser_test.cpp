// The page in the browser that Debian has: what a person would see, and what only a browser
// notices.

#include "browser.hpp"

#include <fmt/format.h>

#include "campaigns.hpp"

#ifndef ASSAY_SCREENSHOTS
#error "where the screenshots go is said by the build"
#endif

namespace assay::report {
namespace {

class InABrowser : public Report {
 protected:
  void SetUp() override {
    Report::SetUp();
    if (Browser::installed().empty()) {
      GTEST_SKIP() << "chromium is not installed; `scripts/setup browser` installs it";
    }
    browser = std::make_unique<Browser>(folder);
  }
  void TearDown() override {
    browser.reset();
    Report::TearDown();
  }

  void show(const std::vector<Json>& campaign) const {
    page_of(lines(campaign));
    browser->open(out() / "index.html");
  }
  std::string text(const std::string& expression) const {
    return browser->evaluate(expression).get<std::string>();
  }
  int number(const std::string& expression) const {
    return browser->evaluate(expression).get<int>();
  }
  void expect_quiet() const {
    for (const std::string& complaint : browser->complaints()) ADD_FAILURE() << complaint;
    for (const std::string& request : browser->requests()) ADD_FAILURE() << "asks for " << request;
  }
  /// Types into the filter as a person does, by what the script hears.
  int rows_for(const std::string& words, const std::string& verdict = "") const {
    return number(
        fmt::format("(() => {{ const t = document.getElementById('filter-text'), v = "
                    "document.getElementById('filter-verdict'); t.value = '{}'; v.value = '{}';"
                    "t.dispatchEvent(new Event('input')); v.dispatchEvent(new Event('change'));"
                    "return [...document.querySelectorAll('#matrix tbody tr')].filter(r => "
                    "r.offsetHeight > 0).length; }})()",
                    words, verdict));
  }
  /// The first operation after a click on the heading of a column.
  std::string first_after_click(const std::string& table, int column) const {
    return text(fmt::format(
        "(() => {{ document.querySelector('#{} [data-col=\"{}\"] button').click(); return "
        "document.querySelector('#{} tbody tr').dataset.op; }})()",
        table, column, table));
  }
  /// At both widths, light and dark: nothing runs out of the page, and there is a picture.
  void look(const std::string& name) const {
    for (const int width : {390, 1400}) {
      for (const bool dark : {false, true}) {
        browser->resize(width, width < 500 ? 844 : 900, dark);
        EXPECT_LE(number("document.documentElement.scrollWidth"), width) << name << " at " << width;
        browser->photograph(
            fmt::format("{}/{}-{}-{}.png", ASSAY_SCREENSHOTS, name, width, dark ? "dark" : "light"),
            true, 12000);
      }
    }
  }

  std::unique_ptr<Browser> browser;
};

TEST_F(InABrowser, GoodRunIsQuietAndSaysVerified) {
  show(good_campaign());
  EXPECT_EQ(text("document.querySelector('h1').textContent.trim()"), "Verified");
  EXPECT_EQ(number("document.querySelectorAll('.failure').length"), 0);
  browser->evaluate("document.getElementById('open-all').click()");
  browser->evaluate("new Promise(done => setTimeout(done, 100))");
  look("good");
  expect_quiet();
}

TEST_F(InABrowser, FailingRunShowsItsFailureFirst) {
  show(failing_campaign());
  EXPECT_EQ(text("document.querySelector('h1').textContent.trim()"), "Failed");
  EXPECT_EQ(text("document.querySelector('main > section').id"), "failures");
  const std::string first = text("document.querySelector('.failure').innerText");
  EXPECT_TRUE(has(first, "my_tanh/double/derivative")) << first;
  EXPECT_TRUE(has(first, "9.0e+15 ulp") && has(first, "1 - y^2 cancels")) << first;
  EXPECT_TRUE(has(first, "assay replay")) << first;
  EXPECT_EQ(number("document.querySelectorAll('.failure').length"), 3);
  look("failing");
  expect_quiet();
}

TEST_F(InABrowser, FilterAndSortWork) {
  show(failing_campaign());
  EXPECT_EQ(rows_for(""), 4);
  EXPECT_EQ(rows_for("sig"), 1);
  EXPECT_EQ(number("[...document.querySelectorAll('details.operation')].filter(d => d.offsetHeight "
                   "> 0).length"),
            1);
  EXPECT_EQ(rows_for("", "wrong"), 2);
  EXPECT_TRUE(has(text("document.getElementById('filter-count').textContent"), "2 of 4"));
  EXPECT_EQ(rows_for("no such"), 0);
  EXPECT_EQ(rows_for(""), 4);
  EXPECT_EQ(first_after_click("matrix", 0), "matmul");
  EXPECT_EQ(first_after_click("matrix", 0), "sigmoid");
  EXPECT_EQ(first_after_click("accuracy-table", 5), "my_tanh");
  EXPECT_EQ(text("document.querySelector('#accuracy-table [data-col=\"5\"]').getAttribute("
                 "'aria-sort')"),
            "descending");
  EXPECT_EQ(first_after_click("accuracy-table", 5), "relu");
  EXPECT_EQ(first_after_click("matrix", 1), "my_tanh");  // the check that is wrong there
  expect_quiet();
}

TEST_F(InABrowser, EveryPlotIsDrawnAndAnswersThePointerAndTheKeys) {
  show(good_campaign());
  EXPECT_EQ(number("document.querySelectorAll('figure.errors svg').length"), 0);
  browser->evaluate("document.getElementById('open-all').click()");
  browser->evaluate("new Promise(done => setTimeout(done, 100))");
  EXPECT_EQ(number("document.querySelectorAll('figure.errors').length"), 2);
  EXPECT_EQ(text("[...document.querySelectorAll('figure.errors')].map(f => "
                 "(f.querySelector('.marks').getAttribute('d').match(/M/g) || []).length).join()"),
            "60,60");
  EXPECT_EQ(number("[...document.querySelectorAll('figure svg path')].filter(p => "
                   "/NaN|Infinity|undefined/.test(p.getAttribute('d'))).length"),
            0);
  EXPECT_EQ(number("document.querySelectorAll('figure.histogram .bars[d]').length"), 4);
  EXPECT_EQ(text("document.querySelector('figure.histogram .bars').getAttribute('d').match(/M/g)"
                 ".length + ' bars'"),
            "6 bars");
  EXPECT_EQ(text("document.querySelector('figure.steps .curve.bound').getAttribute('d').match("
                 "/L/g).length + ' lines'"),
            "27 lines");
  EXPECT_EQ(number("document.querySelectorAll('.part figure').length"),
            number("document.querySelectorAll('.part figure svg').length"));
  EXPECT_GT(number("document.querySelectorAll('math').length"), 4);
  browser->evaluate("document.querySelector('figure.errors svg').focus()");
  browser->press("ArrowLeft");
  const std::string left = text("document.querySelector('.said').textContent");
  EXPECT_TRUE(has(left, " ulp at x = ") && has(left, "(0x1.")) << left;
  browser->press("ArrowRight");
  const std::string worst = text("document.querySelector('.said').textContent");
  EXPECT_TRUE(has(worst, "2.4 ulp at x = 0.") && has(worst, "p-4)")) << worst;
  browser->evaluate(
      "(() => { const s = document.querySelector('figure.errors svg'), b = "
      "s.getBoundingClientRect(); s.dispatchEvent(new PointerEvent('pointermove', {clientX: "
      "b.left, "
      "clientY: b.top})); })()");
  EXPECT_TRUE(has(text("document.querySelector('.said').textContent"), "x = -"));
  expect_quiet();
}

TEST_F(InABrowser, LinkToAnOperationOpensItsPart) {
  show(good_campaign());
  browser->resize(390, 844, false);
  EXPECT_EQ(number("document.querySelectorAll('details.operation[open]').length"), 0);
  browser->evaluate("document.querySelector('#matrix a[href=\"#op-sigmoid\"]').focus()");
  browser->press("Enter");
  browser->evaluate("new Promise(done => setTimeout(done, 200))");
  EXPECT_EQ(text("document.querySelector('details.operation[open]').dataset.op"), "sigmoid");
  EXPECT_EQ(text("document.activeElement.tagName"), "SUMMARY");
  EXPECT_TRUE(browser->evaluate("document.activeElement.getBoundingClientRect().top < innerHeight")
                  .get<bool>());
  expect_quiet();
}

TEST_F(InABrowser, EverythingThatActsHasANameForScreenReaders) {
  show(failing_campaign());
  browser->evaluate("document.getElementById('open-all').click()");
  browser->evaluate("new Promise(done => setTimeout(done, 100))");
  EXPECT_EQ(text("[...document.querySelectorAll('a, button, summary, select, input')].filter(e => "
                 "!(e.textContent || '').trim() && !e.getAttribute('aria-label') && !(e.labels && "
                 "e.labels.length)).map(e => e.outerHTML).join()"),
            "");
  EXPECT_EQ(
      text("[...document.querySelectorAll('svg')].filter(s => s.getAttribute('aria-hidden') "
           "!== 'true' && !s.getAttribute('aria-label') && !s.querySelector('title')).map(s => "
           "s.outerHTML).join()"),
      "");
  EXPECT_EQ(
      text("(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return "
           "ids.filter((id, i) => ids.indexOf(id) !== i).join(); })()"),
      "");
  // Headings go down one level at a time.
  EXPECT_TRUE(browser
                  ->evaluate("(() => { let last = 0; return [...document.querySelectorAll('h1, h2, "
                             "h3')].every(h => { const level = Number(h.tagName[1]), fits = level "
                             "<= last + 1; last = level; return fits; }); })()")
                  .get<bool>());
  EXPECT_EQ(text("document.documentElement.lang"), "en");
}

}  // namespace
}  // namespace assay::report
