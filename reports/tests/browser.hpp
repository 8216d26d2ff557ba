#pragma once
// Chromium without a window, driven through its debugging pipe: pages are loaded, asked and
// photographed, and what they complain of or ask for is kept.

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace assay::report {

class Browser {
 public:
  using Json = nlohmann::ordered_json;

  /// Where Debian's chromium is, or "".
  static std::string installed();

  /// Starts it with an empty profile in `folder`. Throws std::runtime_error, here and below, if it
  /// does not answer within half a minute.
  explicit Browser(const std::filesystem::path& folder);
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;
  ~Browser();

  /// The part of the page that is seen, in pixels of CSS; below 500 as a phone.
  void resize(int width, int height, bool dark);
  /// Waits until it is loaded. What was complained of and asked for before is forgotten.
  void open(const std::filesystem::path& page);
  /// The value of an expression of JavaScript. Throws if it throws.
  Json evaluate(const std::string& expression);
  void press(const std::string& key);
  /// A PNG; `whole`: of the page down to `most` pixels, not only of what is seen.
  void photograph(const std::filesystem::path& file, bool whole, int most = 4000);

  const std::vector<std::string>& complaints();  ///< errors and warnings of the console, exceptions
  const std::vector<std::string>& requests();    ///< addresses but the page itself and data:

 private:
  Json call(const std::string& method, const Json& parameters, bool of_page = true);
  Json receive();
  void note(const Json& event);
  void start(const std::filesystem::path& folder);

  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
  int next_ = 0;
  std::string buffer_, session_, page_;
  bool there_ = false, loaded_ = false;
  std::vector<std::string> complaints_, requests_;
};

}  // namespace assay::report
