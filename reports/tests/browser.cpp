#include "browser.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <stdexcept>

namespace assay::report {
namespace {

constexpr auto patience = std::chrono::seconds(30);

std::string from_base64(const std::string& text) {
  static const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0, held = 0;
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string::npos) break;
    held = held << 6U | static_cast<unsigned>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xffU);
  }
  return bytes;
}

/// In the child: the pipe under the numbers that chromium expects, its own chatter to a file.
[[noreturn]] void become(const std::string& program, const std::filesystem::path& folder,
                         int commands, int answers) {
  // Above the numbers wanted, or one would close the other.
  const int in = fcntl(commands, F_DUPFD, 10), out = fcntl(answers, F_DUPFD, 10);
  dup2(in, 3);
  dup2(out, 4);
  const int log = open((folder / "chromium.log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(log, 1);
  dup2(log, 2);
  std::vector<std::string> words{program,
                                 "--headless",
                                 "--disable-gpu",
                                 "--disable-quic",
                                 "--disable-dev-shm-usage",
                                 "--no-first-run",
                                 "--disable-background-networking",
                                 "--disable-component-update",
                                 "--disable-sync",
                                 "--hide-scrollbars",
                                 "--force-color-profile=srgb",
                                 "--remote-debugging-pipe",
                                 "--user-data-dir=" + (folder / "profile").string()};
  if (geteuid() == 0) words.emplace_back("--no-sandbox");  // root has none
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  _exit(127);
}

}  // namespace

std::string Browser::installed() {
  for (const char* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return {};
}

void Browser::start(const std::filesystem::path& folder) {
  std::array<int, 2> commands{}, answers{};
  if (pipe(commands.data()) != 0 || pipe(answers.data()) != 0) {
    throw std::runtime_error("no pipe for the browser");
  }
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("no process for the browser");
  if (process_ == 0) {
    setpgid(0, 0);  // with all its helpers, so that they end with it
    become(installed(), folder, commands[0], answers[1]);
  }
  close(commands[0]);
  close(answers[1]);
  to_ = commands[1];
  from_ = answers[0];
}

Browser::Browser(const std::filesystem::path& folder) {
  signal(SIGPIPE, SIG_IGN);  // a browser that is gone is an error, not the end
  start(folder);
  try {
    const Json target = call("Target.createTarget", {{"url", "about:blank"}}, false);
    session_ = call("Target.attachToTarget",
                    {{"targetId", target.at("targetId")}, {"flatten", true}}, false)
                   .at("sessionId");
    for (const char* domain : {"Page", "Runtime", "Log", "Network"}) {
      call(std::string(domain) + ".enable", Json::object());
    }
  } catch (...) {
    kill(-process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    throw;
  }
}

Browser::~Browser() {
  close(to_);
  close(from_);
  kill(-process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

void Browser::resize(int width, int height, bool dark) {
  call("Emulation.setDeviceMetricsOverride", {{"width", width},
                                              {"height", height},
                                              {"deviceScaleFactor", width < 500 ? 2 : 1},
                                              {"mobile", width < 500}});
  call("Emulation.setEmulatedMedia",
       {{"features", {{{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}}}}});
}

void Browser::open(const std::filesystem::path& page) {
  page_ = "file://" + std::filesystem::absolute(page).string();
  complaints_.clear();
  requests_.clear();
  there_ = loaded_ = false;
  call("Page.navigate", {{"url", page_}});
  while (!loaded_) note(receive());
  evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
}

Browser::Json Browser::evaluate(const std::string& expression) {
  const Json answer = call("Runtime.evaluate", {{"expression", expression},
                                                {"returnByValue", true},
                                                {"awaitPromise", true},
                                                {"userGesture", true}});
  if (answer.contains("exceptionDetails")) {
    throw std::runtime_error(expression + ": " + answer.at("exceptionDetails").dump());
  }
  const Json& result = answer.at("result");
  return result.contains("value") ? result.at("value") : Json(nullptr);
}

void Browser::press(const std::string& key) {
  for (const char* type : {"keyDown", "keyUp"}) {
    Json event{{"type", type}, {"key", key}, {"code", key}};
    if (key == "Enter") {
      event["text"] = "\r";
      event["windowsVirtualKeyCode"] = 13;
    }
    if (key == "Tab") event["windowsVirtualKeyCode"] = 9;
    call("Input.dispatchKeyEvent", event);
  }
}

void Browser::photograph(const std::filesystem::path& file, bool whole, int most) {
  Json parameters{{"format", "png"}, {"captureBeyondViewport", whole}};
  if (whole) {
    const auto width = evaluate("innerWidth").get<int>();
    const auto height = evaluate("document.documentElement.scrollHeight").get<int>();
    parameters["clip"] = {
        {"x", 0}, {"y", 0}, {"width", width}, {"height", std::min(height, most)}, {"scale", 1}};
  }
  const std::string png =
      from_base64(call("Page.captureScreenshot", parameters).at("data").get<std::string>());
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << png;
}

const std::vector<std::string>& Browser::complaints() {
  evaluate("0");  // takes in what came before
  return complaints_;
}

const std::vector<std::string>& Browser::requests() {
  evaluate("0");
  return requests_;
}

Browser::Json Browser::call(const std::string& method, const Json& parameters, bool of_page) {
  Json command{{"id", ++next_}, {"method", method}, {"params", parameters}};
  if (of_page) command["sessionId"] = session_;
  std::string text = command.dump();
  text += '\0';
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t n = write(to_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw std::runtime_error("the browser is gone");
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  for (;;) {
    Json answer = receive();
    if (!answer.contains("id")) {
      note(answer);
    } else if (answer.at("id") == next_) {
      if (answer.contains("error")) {
        throw std::runtime_error(method + ": " + answer.at("error").dump());
      }
      return answer.at("result");
    }
  }
}

/// The next message, waited for.
Browser::Json Browser::receive() {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const std::size_t end = buffer_.find('\0');
    if (end != std::string::npos) {
      Json message = Json::parse(buffer_.substr(0, end));
      buffer_.erase(0, end + 1);
      return message;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd ready{from_, POLLIN, 0};
    const int polled = poll(&ready, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (polled < 0 && errno == EINTR) continue;
    if (polled <= 0) throw std::runtime_error("the browser does not answer");
    std::array<char, 65536> bytes;
    const ssize_t n = read(from_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw std::runtime_error("the browser is gone");
    buffer_.append(bytes.data(), static_cast<std::size_t>(n));
  }
}

void Browser::note(const Json& event) {
  const std::string method = event.value("method", "");
  const Json parameters = event.value("params", Json::object());
  if (method == "Page.frameNavigated") {
    there_ = parameters.at("frame").at("url").get<std::string>().rfind(page_, 0) == 0;
  }
  if (method == "Page.loadEventFired") loaded_ = there_;  // not that of the page before
  if (method == "Runtime.exceptionThrown") complaints_.push_back(parameters.dump());
  if (method == "Runtime.consoleAPICalled") complaints_.push_back(parameters.dump());
  if (method == "Log.entryAdded") complaints_.push_back(parameters.at("entry").dump());
  if (method != "Network.requestWillBeSent") return;
  const std::string url = parameters.at("request").at("url");
  if (url.rfind(page_, 0) != 0 && url.rfind("data:", 0) != 0 && url != "about:blank") {
    requests_.push_back(url);
  }
}

}  // namespace assay::report
