#include "operations/deploy/smoke_test.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>

#include "base/client/exchange.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/uuid.hpp"

namespace bb::deploy {
namespace {

// ".invalid" has no mail (RFC 2606): nobody can sign in as this one from outside.
constexpr const char* visitor = "smoke-test@brainbytes.invalid";
constexpr std::size_t words_shown = 300;
// A language model may take its time.
constexpr std::chrono::milliseconds longest_answer{120'000};

/// The visit of one student.
class Visit {
public:
    explicit Visit(const SmokeTest& test) : test_(test) {}

    std::string run() {
        const auto started = std::chrono::steady_clock::now();
        expect(200, "GET", "/readyz");
        sign_in();
        expect(200, "GET", "/api/session");
        expect(200, "GET", "/");
        const auto material = made("/api/materials", R"({"title":"Smoke test"})");
        made("/api/materials/" + material + "/entries",
             R"({"title":"Cells","content":"The nucleus keeps the plan of the cell."})");
        ask(material);
        expect(204, "DELETE", "/api/materials/" + material);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
        return fmt::format("readiness, page, sign-in, material and a question in {:.1f} s", took.count());
    }

private:
    std::string command(std::vector<std::string> words) const {
        return test_.around.output_of(test_.program, std::move(words), test_.watch);
    }

    void sign_in() {
        try {
            command({"user", "create", visitor});
        } catch (const std::runtime_error&) {
            // Of an earlier test.
        }
        const auto session = parse_json(command({"user", "session", visitor, "--json"}));
        cookie_ = std::string(session.value().at("cookie").as_string());
    }

    std::string expect(int status, const std::string& method, const std::string& target,
                       const std::string& json = {}) const {
        test_.watch();
        client::Outgoing request(method, "http://" + test_.address + target);
        if (!cookie_.empty()) request.headers.emplace_back("Cookie", cookie_);
        if (!json.empty()) request.headers.emplace_back("Content-Type", "application/json");
        request.body = json;
        request.deadlines.whole = longest_answer;
        const auto reply = client::exchange(std::move(request));
        if (reply.failure) throw std::runtime_error(fmt::format("{} {}: {}", method, target, reply.detail));
        if (reply.status != status)
            throw std::runtime_error(fmt::format("{} {} is answered with {}: {}", method, target,
                                                 reply.status, reply.body.substr(0, words_shown)));
        return reply.body;
    }

    std::string made(const std::string& target, const std::string& json) const {
        const auto answer = parse_json(expect(201, "POST", target, json));
        return std::string(answer.value().at("id").as_string());
    }

    void ask(const std::string& material) const {
        const auto thread =
            made("/api/threads", fmt::format(R"({{"title":"Smoke test","materialIds":["{}"]}})", material));
        JsonWriter json;
        json.object().field("id", thread).key("message").object();
        json.field("id", Uuid::make()).field("role", "user").key("parts").array().object();
        json.field("type", "text").field("text", "What keeps the plan of the cell?");
        const auto answer = expect(200, "POST", "/api/chat", json.end().end().end().end().take());
        if (answer.find("[DONE]") == std::string::npos)
            throw std::runtime_error("A question is not answered to its end.");
        expect(204, "DELETE", "/api/threads/" + thread);
    }

    const SmokeTest& test_;
    std::string cookie_;
};

}  // namespace

std::string SmokeTest::run() const {
    return Visit(*this).run();
}

}  // namespace bb::deploy
