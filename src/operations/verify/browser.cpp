#include "operations/verify/browser.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/client/exchange.hpp"
#include "base/client/web_socket.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/program.hpp"
#include "base/core/uuid.hpp"

namespace bb::verify {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds longest_start{20};
constexpr std::chrono::seconds longest_answer{20};
constexpr int tries = 100;
constexpr int narrow = 320, tall = 640;

std::string chromium_path() {
    for (const auto* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"})
        if (fs::exists(path)) return path;
    throw NotHere("no chromium is installed here");
}

/// A browser with a profile of its own, until the end of this object.
class Browser {
public:
    explicit Browser(bool any_certificate)
        : profile_(fs::temp_directory_path() / ("brainbytes-browser-" + Uuid::make().text())) {
        const auto program = chromium_path();
        fs::create_directory(profile_);
        process_ = launch(
            {.command = {program, "--headless=new", "--disable-gpu", "--no-first-run", "--no-sandbox",
                         "--disable-background-networking", "--disable-component-update",
                         "--remote-debugging-port=0", "--user-data-dir=" + profile_.string(),
                         any_certificate ? "--ignore-certificate-errors" : "--disable-sync", "about:blank"},
             .folder = profile_});
    }
    ~Browser() {
        ::kill(process_, SIGTERM);
        for (int i = 0; i < tries && !poll_end(process_); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        ::kill(-process_, SIGKILL);
        std::error_code ignored;
        fs::remove_all(profile_, ignored);
    }
    Browser(const Browser&) = delete;

    /// Where it listens: the port it has written down.
    std::string port() const {
        for (const auto deadline = steady_clock::now() + longest_start; steady_clock::now() < deadline;) {
            std::ifstream in(profile_ / "DevToolsActivePort");
            std::string line;
            if (std::getline(in, line) && !line.empty()) return line;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        throw std::runtime_error("chromium does not start");
    }

private:
    fs::path profile_;
    pid_t process_ = -1;
};

/// A page of it, told what to do by the DevTools protocol.
class Page {
public:
    explicit Page(const std::string& port)
        : socket_(static_cast<unsigned short>(std::stoi(port)), target_at(port), longest_answer) {}

    boost::json::object call(const char* method, const boost::json::object& params) {
        const auto id = ++calls_;
        socket_.write(
            boost::json::serialize(boost::json::object{{"id", id}, {"method", method}, {"params", params}}));
        for (const auto deadline = steady_clock::now() + longest_answer; steady_clock::now() < deadline;) {
            auto parsed = boost::json::parse(socket_.read()).as_object();
            const auto* told = parsed.if_contains("id");
            if (!told || told->as_int64() != id) continue;
            if (const auto* fault = parsed.if_contains("error"))
                throw std::runtime_error(fmt::format("{}: {}", method, boost::json::serialize(*fault)));
            return parsed.at("result").as_object();
        }
        throw std::runtime_error(fmt::format("{}: chromium does not answer", method));
    }

    std::string evaluate(const std::string& expression) {
        const auto told = call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}});
        const auto* value = told.at("result").as_object().if_contains("value");
        return value ? boost::json::serialize(*value) : "undefined";
    }

    void open(const std::string& url) {
        call("Emulation.setDeviceMetricsOverride",
             {{"width", narrow}, {"height", tall}, {"deviceScaleFactor", 2}, {"mobile", true}});
        call("Page.navigate", {{"url", url}});
        for (int i = 0; i < tries; ++i) {
            if (evaluate("document.readyState === 'complete' && !!document.querySelector('main, form')") ==
                "true")
                return;
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        throw std::runtime_error("the page shows nothing");
    }

    std::string background(const char* scheme) {
        call("Emulation.setEmulatedMedia",
             {{"features", boost::json::array{
                               boost::json::object{{"name", "prefers-color-scheme"}, {"value", scheme}}}}});
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        return evaluate("getComputedStyle(document.body).backgroundColor");
    }

private:
    static std::string target_at(const std::string& port) {
        const auto listed =
            client::exchange(client::Outgoing("GET", "http://127.0.0.1:" + port + "/json/list"));
        const auto parsed = parse_json(listed.body);
        if (!parsed || !parsed->is_array() || parsed->get_array().empty())
            throw std::runtime_error("chromium shows no page");
        const auto address = std::string(parsed->get_array().at(0).at("webSocketDebuggerUrl").as_string());
        return address.substr(address.find("/devtools"));
    }

    client::WebSocket socket_;
    std::int64_t calls_ = 0;
};

}  // namespace

void look_with_browser(Report& report, const std::string& url, bool any_certificate) {
    std::unique_ptr<Browser> browser;
    std::unique_ptr<Page> page;
    const bool shown = report.look("phone layout", [&] {
        browser = std::make_unique<Browser>(any_certificate);
        page = std::make_unique<Page>(browser->port());
        page->open(url + "/sign-in");
        const auto width = page->evaluate("document.documentElement.scrollWidth");
        if (std::stoi(width) > narrow)
            throw std::runtime_error(fmt::format("the page is {} pixels wide on {}", width, narrow));
        return fmt::format("fits {} pixels", narrow);
    });
    report.look("theme", [&] {
        if (!shown) throw NotHere("there is no page to look at");
        const auto light = page->background("light");
        const auto dark = page->background("dark");
        if (light == dark) throw std::runtime_error("light and dark are both " + light);
        return fmt::format("light {}, dark {}", light, dark);
    });
}

}  // namespace bb::verify
