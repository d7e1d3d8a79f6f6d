#include "operations/verify/student.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "base/client/exchange.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/uuid.hpp"

namespace bb::verify {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::size_t words_shown = 300;
constexpr std::chrono::milliseconds longest_answer{120'000};  // a language model may take its time
constexpr std::chrono::seconds longest_letter{10};
constexpr const char* boundary = "brainbytes-verify";

class Visit {
public:
    explicit Visit(const Student& student) : student_(student) {}

    client::Reply ask(const std::string& method, const std::string& target, const std::string& body = {},
                      const std::string& type = "application/json", bool signed_in = true) const {
        client::Outgoing request(method, target.starts_with("http") ? target : student_.url + target);
        if (signed_in) request.headers.emplace_back("Cookie", student_.cookie);
        if (!body.empty()) request.headers.emplace_back("Content-Type", type);
        request.body = body;
        request.deadlines.whole = longest_answer;
        auto reply = client::exchange(std::move(request));
        if (reply.failure && reply.status == 0)
            throw std::runtime_error(fmt::format("{} {}: {}", method, target, reply.detail));
        return reply;
    }

    static const client::Reply& expect(const client::Reply& reply, int status, const std::string& what) {
        if (reply.status == status && !reply.failure) return reply;
        throw std::runtime_error(
            fmt::format("{} is answered with {}: {}", what, reply.status, reply.body.substr(0, words_shown)));
    }

    static std::string id_of(const client::Reply& reply) {
        const auto parsed = parse_json(reply.body);
        if (!parsed) throw std::runtime_error("The answer is no JSON.");
        return std::string(parsed->at("id").as_string());
    }

    std::string made(const std::string& target, const std::string& json) const {
        return id_of(expect(ask("POST", target, json), 201, "POST " + target));
    }

    void gone(const std::string& target) const { expect(ask("DELETE", target), 204, "deleting " + target); }

    /// The ways in that the server offers: {github, passkeys}.
    boost::json::object session() const {
        const auto reply = ask("GET", "/api/session");
        const auto parsed = parse_json(expect(reply, 200, "GET /api/session").body);
        if (!parsed || !parsed->is_object() || !parsed->at("user").is_object())
            throw std::runtime_error("The session of the student is not known there.");
        return parsed->get_object();
    }

    std::string by_mail() const {
        const auto before = letters();
        const auto asked = ask("POST", "/api/auth/email", fmt::format(R"({{"email":"{}"}})", student_.email),
                               "application/json", false);
        const auto parsed = parse_json(expect(asked, 202, "POST /api/auth/email").body);
        const auto delivery = std::string(parsed.value().at("delivery").as_string());
        if (delivery != "outbox")
            throw NotHere("a letter with a code is on its way by the mail server; see the probe \"e-mail\"");
        const auto code = new_code(before);
        const auto entered = ask("POST", "/api/auth/code",
                                 fmt::format(R"({{"email":"{}","code":"{}"}})", student_.email, code),
                                 "application/json", false);
        expect(entered, 204, "POST /api/auth/code");
        return "a code from the outbox opened a session";
    }

    std::string by_github() const {
        if (!session().at("signIn").at("github").as_bool()) throw NotHere("not configured");
        const auto away = ask("GET", "/api/auth/github", {}, {}, false);
        expect(away, 303, "GET /api/auth/github");
        const std::string where(away.header("location"));
        if (where.find("client_id=") == std::string::npos) throw std::runtime_error("It leads to " + where);
        const auto there = ask("GET", where, {}, {}, false);
        if (there.status == 404 || there.status >= 500)
            throw std::runtime_error(fmt::format("GitHub answers with {}", there.status));
        return fmt::format("GitHub answers with {} to our application", there.status);
    }

    std::string by_passkey() const {
        const auto reply = ask("POST", "/api/auth/passkey/options", {}, {}, false);
        if (reply.status == 404) throw NotHere("passkeys need https and the public name, or localhost");
        const auto parsed = parse_json(expect(reply, 200, "POST /api/auth/passkey/options").body);
        if (!parsed->at("challenge").is_string()) throw std::runtime_error("There is no challenge.");
        return "a challenge for " + std::string(parsed->at("rpId").as_string());
    }

    std::string materials() {
        material_ = made("/api/materials", R"({"title":"Smoke test"})");
        const auto entry = made("/api/materials/" + material_ + "/entries",
                                R"({"title":"Cells","content":"The nucleus keeps the plan of the cell."})");
        const auto found = ask("GET", "/api/search?q=nucleus&in=materials");
        if (expect(found, 200, "GET /api/search").body.find(entry) == std::string::npos &&
            found.body.find("nucleus") == std::string::npos)
            throw std::runtime_error("What was entered is not found by the search.");
        return "an entry was made, and is found";
    }

    std::string upload() const {
        const std::string text = "Mitochondria give the cell its energy.\n";
        const auto body = fmt::format(
            "--{0}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"smoke-test.txt\"\r\n"
            "Content-Type: text/plain\r\n\r\n{1}\r\n--{0}--\r\n",
            boundary, text);
        const auto target = "/api/materials/" + material_ + "/files";
        const auto reply =
            ask("POST", target, body, std::string("multipart/form-data; boundary=") + boundary);
        static const std::regex id("\"id\":\"([0-9a-f-]{36})\"");
        std::smatch found;
        if (!std::regex_search(expect(reply, 201, "POST " + target).body, found, id))
            throw std::runtime_error("The answer names no file.");
        const auto back = ask("GET", target + "/" + found[1].str() + "/content");
        if (expect(back, 200, "the download").body != text)
            throw std::runtime_error("What comes back is not what was sent.");
        return fmt::format("{} bytes went there and came back", text.size());
    }

    std::string chat() const {
        const auto thread =
            made("/api/threads", fmt::format(R"({{"title":"Smoke test","materialIds":["{}"]}})", material_));
        const auto question = fmt::format(
            R"({{"id":"{}","message":{{"id":"{}","role":"user","parts":[{{"type":"text","text":"What keeps the plan of the cell?"}}]}}}})",
            thread, Uuid::make().text());
        const auto reply = ask("POST", "/api/chat", question);
        const bool whole = expect(reply, 200, "POST /api/chat").body.find("[DONE]") != std::string::npos;
        const auto deltas = count(reply.body, "\"text-delta\"");
        gone("/api/threads/" + thread);
        if (!whole || deltas == 0) throw std::runtime_error("A question is not answered to its end.");
        return fmt::format("a question was answered in {} pieces", deltas);
    }

    std::string completion() const {
        const auto reply = ask("POST", "/api/completion",
                               R"({"action":"simplify","text":"The nucleus keeps the plan of the cell."})");
        if (expect(reply, 200, "POST /api/completion").body.find("[DONE]") == std::string::npos)
            throw std::runtime_error("It does not come to its end.");
        return fmt::format("came in {} pieces", count(reply.body, "\"text-delta\""));
    }

    void leave() const {
        if (!material_.empty()) gone("/api/materials/" + material_);
    }

private:
    static std::size_t count(const std::string& text, std::string_view what) {
        std::size_t number = 0;
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++number;
        return number;
    }

    std::set<fs::path> letters() const {
        std::set<fs::path> found;
        if (fs::is_directory(student_.outbox))
            for (const auto& file : fs::directory_iterator(student_.outbox))
                if (file.path().extension() == ".eml") found.insert(file.path());
        return found;
    }

    /// The code in the letter to the student that was not there before.
    std::string new_code(const std::set<fs::path>& before) const {
        static const std::regex alone("\\n[ \\t]+([0-9]{6})[ \\t]*\\r?\\n");
        for (const auto deadline = steady_clock::now() + longest_letter; steady_clock::now() < deadline;) {
            for (const auto& letter : letters()) {
                if (before.contains(letter)) continue;
                std::ifstream in(letter, std::ios::binary);
                std::stringstream bytes;
                bytes << in.rdbuf();
                const auto text = bytes.str();
                std::smatch found;
                if (text.find("To: " + student_.email) != std::string::npos &&
                    std::regex_search(text, found, alone))
                    return found[1];
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        throw std::runtime_error("no letter with a code came into " + student_.outbox.string());
    }

    const Student& student_;
    std::string material_;
};

}  // namespace

void look_as_student(Report& report, const Student& student) {
    Visit visit(student);
    report.look("sign-in: session",
                [&] { return "as " + std::string(visit.session().at("user").at("email").as_string()); });
    report.look("sign-in: e-mail code", [&] { return visit.by_mail(); });
    report.look("sign-in: GitHub", [&] { return visit.by_github(); });
    report.look("sign-in: passkey", [&] { return visit.by_passkey(); });
    if (report.look("materials", [&] { return visit.materials(); })) {
        report.look("upload", [&] { return visit.upload(); });
        report.look("chat", [&] { return visit.chat(); });
    }
    report.look("completion", [&] { return visit.completion(); });
    report.look("deletion", [&] {
        visit.leave();
        return std::string("what was made is gone");
    });
}

std::string send_letter(const std::string& url, const std::string& cookie) {
    const Student administrator{.url = url, .cookie = cookie, .email = {}, .outbox = {}};
    const auto reply = Visit(administrator).ask("POST", "/api/admin/mail-test", "{}");
    const auto parsed = parse_json(Visit::expect(reply, 200, "POST /api/admin/mail-test").body);
    if (!parsed.value().at("delivered").as_bool())
        throw std::runtime_error(std::string(parsed->at("detail").as_string()));
    return fmt::format("{} took a letter", parsed->at("delivery").as_string().c_str());
}

}  // namespace bb::verify
