#pragma once

#include <nlohmann/json.hpp>

#include <array>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include "support/scratch_folder.hpp"

/// A headless Chromium at the other end of a pipe (its DevTools protocol, over file descriptors 3 and 4).
namespace programs {

/// What opening a page came to.
struct Visit {
  std::vector<std::string> requests{};  ///< all but the page itself and what lies in it (data:)
  std::vector<std::string> errors{};    ///< of the console, of scripts and of the network
  nlohmann::json answer{};              ///< of the question asked of the page
};

class Browser {
 public:
  explicit Browser(const std::string& program) {
    std::array<int, 2> to{}, from{};
    if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe can be made");
    const std::string profile = "--user-data-dir=" + (profile_ / "profile").string();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      // Copied upwards first: 3 and 4 may be among the ends themselves.
      const int in = ::fcntl(to[0], F_DUPFD, 10), out = ::fcntl(from[1], F_DUPFD, 10);
      ::dup2(in, 3);
      ::dup2(out, 4);
      ::close(in);
      ::close(out);
      const int nowhere = ::open("/dev/null", O_RDWR);
      for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
      ::execl(program.c_str(), program.c_str(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
              "--disable-background-networking", "--disable-dev-shm-usage", "--remote-debugging-pipe", profile.c_str(),
              "about:blank", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    in_ = to[1];
    out_ = from[0];
    const auto target = call("Target.createTarget", {{"url", "about:blank"}}).at("targetId");
    session_ = call("Target.attachToTarget", {{"targetId", target}, {"flatten", true}}).at("sessionId");
    for (const char* domain : {"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"}) call(domain);
  }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;
  ~Browser() {
    ::close(in_);  // at the end of its pipe the browser ends
    ::close(out_);
    for (int tenth = 0; tenth < 50; ++tenth) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return;
      ::usleep(100000);
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  /// Opens a file in a window of that width, waits until all is loaded, and evaluates a JavaScript expression in it.
  Visit open(const std::filesystem::path& file, int width, const std::string& question) {
    call("Emulation.setDeviceMetricsOverride",
         {{"width", width}, {"height", 900}, {"deviceScaleFactor", 1}, {"mobile", false}});
    events_.clear();
    const std::string url = "file://" + file.string();
    call("Page.navigate", {{"url", url}});
    const auto loaded = [&] {
      for (const nlohmann::json& event : events_)
        if (event.at("method") == "Page.loadEventFired") return true;
      return false;
    };
    while (!loaded()) events_.push_back(receive());
    Visit visit;
    visit.answer = evaluate(question);
    for (const nlohmann::json& event : events_) {
      const std::string method = event.at("method");
      const nlohmann::json& p = event.at("params");
      if (method == "Network.requestWillBeSent") {
        const std::string requested = p.at("request").at("url");
        if (requested != url && !requested.starts_with("data:")) visit.requests.push_back(requested);
      } else if (method == "Log.entryAdded") {
        visit.errors.push_back(p.at("entry").at("text"));
      } else if (method == "Runtime.exceptionThrown" || method == "Runtime.consoleAPICalled") {
        visit.errors.push_back(p.dump());
      }
    }
    return visit;
  }

  /// Presses a key in the page that is open.
  void press(const std::string& key, int code) {
    for (const char* type : {"rawKeyDown", "keyUp"})
      call("Input.dispatchKeyEvent", {{"type", type}, {"key", key}, {"code", key}, {"windowsVirtualKeyCode", code}});
  }

  nlohmann::json evaluate(const std::string& expression) {
    const auto result =
        call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
    if (result.contains("exceptionDetails")) throw std::runtime_error(result.dump());
    return result.at("result").value("value", nlohmann::json());
  }

 private:
  nlohmann::json call(const std::string& method, const nlohmann::json& parameters = nlohmann::json::object()) {
    nlohmann::json message{{"id", ++last_id_}, {"method", method}, {"params", parameters}};
    if (!session_.empty()) message["sessionId"] = session_;
    const std::string text = message.dump() + '\0';
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t count = ::write(in_, text.data() + sent, text.size() - sent);
      if (count <= 0) throw std::runtime_error("the browser takes no more commands");
      sent += static_cast<std::size_t>(count);
    }
    while (true) {
      nlohmann::json answer = receive();
      if (answer.contains("method"))
        events_.push_back(std::move(answer));
      else if (answer.value("id", 0) == last_id_) {
        if (answer.contains("error")) throw std::runtime_error(method + ": " + answer.at("error").dump());
        return answer.at("result");
      }
    }
  }

  /// The next message. A browser that says nothing for two minutes hangs.
  nlohmann::json receive() {
    while (true) {
      const std::size_t end = buffer_.find('\0');
      if (end != std::string::npos) {
        auto message = nlohmann::json::parse(buffer_.substr(0, end));
        buffer_.erase(0, end + 1);
        return message;
      }
      pollfd waiting{.fd = out_, .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 120000) <= 0) throw std::runtime_error("the browser does not answer");
      std::array<char, 65536> block{};
      const ssize_t count = ::read(out_, block.data(), block.size());
      if (count <= 0) throw std::runtime_error("the browser has ended");
      buffer_.append(block.data(), static_cast<std::size_t>(count));
    }
  }

  ScratchFolder profile_;
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int last_id_ = 0;
  std::string session_;
  std::string buffer_;
  std::vector<nlohmann::json> events_;
};

}  // namespace programs
