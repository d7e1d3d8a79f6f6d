#include "operations/verify/student.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "base/core/json_reader.hpp"

namespace bb::verify {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds longest_letter{10};
constexpr const char* boundary = "brainbytes-verify";

std::set<fs::path> letters_in(const fs::path& outbox) {
    std::set<fs::path> found;
    if (fs::is_directory(outbox))
        for (const auto& file : fs::directory_iterator(outbox))
            if (file.path().extension() == ".eml") found.insert(file.path());
    return found;
}

/// The code in the letter to the student that was not there before.
std::string new_code(const fs::path& outbox, const std::set<fs::path>& before) {
    static const std::regex alone("\n[ \t]+([0-9]{6})[ \t]*\r?\n");
    const auto to = fmt::format("To: {}", student_email);
    for (const auto deadline = steady_clock::now() + longest_letter; steady_clock::now() < deadline;) {
        for (const auto& letter : letters_in(outbox)) {
            if (before.contains(letter)) continue;
            std::ifstream in(letter, std::ios::binary);
            std::stringstream bytes;
            bytes << in.rdbuf();
            const auto text = bytes.str();
            std::smatch found;
            if (text.find(to) != std::string::npos && std::regex_search(text, found, alone)) return found[1];
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    throw std::runtime_error("no letter with a code came into " + outbox.string());
}

client::Reply signed_out(const Visit& visit, const char* method, const std::string& target,
                         const std::string& json = {}) {
    auto reply = visit.ask(method, target, json, "application/json", false);
    // A school's own visitors count too: that says nothing of the program.
    if (reply.status == 429) throw NotHere("asked too often just now");
    return reply;
}

void must(const client::Reply& reply, int status, const char* what) {
    if (reply.status != status)
        throw std::runtime_error(fmt::format("{} is answered with {}", what, reply.status));
}

/// Nobody reads the letters of a mail server for us: no more is known than that codes are looked at.
std::string by_mail_server(const Visit& visit) {
    const auto guess = fmt::format(R"({{"email":"{}","code":"000000"}})", student_email);
    must(signed_out(visit, "POST", "/api/auth/code", guess), 401, "a code that nobody was sent");
    return "a code that nobody was sent is refused; a right one cannot be read where letters go by a mail "
           "server, "
           "see \"sign-in: mail server\"";
}

std::string by_mail(const Visit::To& to, const fs::path& outbox) {
    const Visit visit(to);
    if (outbox.empty()) return by_mail_server(visit);
    const auto before = letters_in(outbox);
    const auto ask = fmt::format(R"({{"email":"{}"}})", student_email);
    must(signed_out(visit, "POST", "/api/auth/email", ask), 202, "POST /api/auth/email");
    const auto enter =
        fmt::format(R"({{"email":"{}","code":"{}"}})", student_email, new_code(outbox, before));
    const auto entered = signed_out(visit, "POST", "/api/auth/code", enter);
    must(entered, 204, "POST /api/auth/code");
    const std::string cookie(entered.header("set-cookie"));
    auto as_student = to;
    as_student.cookie = cookie.substr(0, cookie.find(';'));
    const Visit inside(as_student);
    inside.person();
    inside.sign_out();
    return "a code from the outbox opened a session";
}

std::string by_github(const Visit& visit) {
    const auto session = parse_json(visit.expect(200, "GET", "/api/session").body);
    if (!session.value().at("signIn").at("github").as_bool()) throw NotHere("not configured");
    const auto away = signed_out(visit, "GET", "/api/auth/github");
    must(away, 303, "GET /api/auth/github");
    const std::string where(away.header("location"));
    if (where.find("client_id=") == std::string::npos) throw std::runtime_error("It leads to " + where);
    const auto there = signed_out(visit, "GET", where);
    if (there.status == 404 || there.status >= 500)
        throw std::runtime_error(fmt::format("GitHub answers with {}", there.status));
    return fmt::format("GitHub answers with {} to our application", there.status);
}

std::string by_passkey(const Visit& visit) {
    const auto reply = signed_out(visit, "POST", "/api/auth/passkey/options");
    if (reply.status == 404) throw NotHere("passkeys need https and the public name, or localhost");
    must(reply, 200, "POST /api/auth/passkey/options");
    const auto parsed = parse_json(reply.body);
    if (!parsed || !parsed->at("challenge").is_string()) throw std::runtime_error("There is no challenge.");
    return "a challenge for " + std::string(parsed->at("rpId").as_string());
}

std::string materials(Visit& visit) {
    visit.bring_material();
    const auto found = visit.expect(200, "GET", "/api/search?q=nucleus&in=materials");
    if (found.body.find(visit.material()) == std::string::npos)
        throw std::runtime_error("What was entered is not found by the search.");
    return "an entry was made, and is found";
}

std::string upload(const Visit& visit) {
    const std::string text = "Mitochondria give the cell its energy.\n";
    const auto body = fmt::format(
        "--{0}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"smoke-test.txt\"\r\n"
        "Content-Type: text/plain\r\n\r\n{1}\r\n--{0}--\r\n",
        boundary, text);
    const auto target = "/api/materials/" + visit.material() + "/files";
    const auto reply =
        visit.ask("POST", target, body, std::string("multipart/form-data; boundary=") + boundary);
    must(reply, 201, "an upload");
    static const std::regex id("\"id\":\"([0-9a-f-]{36})\"");
    std::smatch found;
    if (!std::regex_search(reply.body, found, id)) throw std::runtime_error("The answer names no file.");
    if (visit.expect(200, "GET", target + "/" + found[1].str() + "/content").body != text)
        throw std::runtime_error("What comes back is not what was sent.");
    return fmt::format("{} bytes went there and came back", text.size());
}

/// A summary: the one text that is made without a model, too.
std::string completion(const Visit& visit) {
    const auto reply = visit.expect(
        200, "POST", "/api/completion",
        R"({"action":"summarise","text":"The nucleus keeps the plan of the cell. It lies in the middle."})");
    const auto pieces = pieces_of(reply.body);
    const bool extractive = reply.body.find(R"("mode":"extractive")") != std::string::npos;
    return fmt::format("a summary came in {} pieces{}", pieces,
                       extractive ? ", of the text's own sentences: no model is configured" : "");
}

}  // namespace

void look_as_student(Report& report, const Visit::To& to, const fs::path& outbox) {
    Visit visit(to);
    report.look("sign-in: session", [&] { return "as " + visit.person(); });
    report.look("sign-in: e-mail code", [&] { return by_mail(to, outbox); });
    report.look("sign-in: GitHub", [&] { return by_github(visit); });
    report.look("sign-in: passkey", [&] { return by_passkey(visit); });
    if (report.look("materials", [&] { return materials(visit); })) {
        report.look("upload", [&] { return upload(visit); });
        report.look("chat",
                    [&] { return fmt::format("a question was answered in {} pieces", visit.ask_tutor()); });
    }
    report.look("completion", [&] { return completion(visit); });
    report.look("deletion", [&] {
        visit.leave();
        visit.sign_out();
        return std::string("what was made is gone, and the session has ended");
    });
}

std::string send_letter(const Visit::To& to) {
    const Visit visit(to);
    const auto parsed = parse_json(visit.expect(200, "POST", "/api/admin/mail-test", "{}").body);
    visit.sign_out();
    if (!parsed.value().at("delivered").as_bool())
        throw std::runtime_error(std::string(parsed->at("detail").as_string()));
    return fmt::format("{} took a letter", parsed->at("delivery").as_string().c_str());
}

}  // namespace bb::verify
