#include "operations/verify/visit.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <sstream>
#include <stdexcept>

#include "base/client/exchange.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/uuid.hpp"

namespace bb::verify {
namespace {

constexpr std::size_t words_shown = 300;
constexpr std::string_view data_mark = "data: ";
// A language model may take its time.
constexpr std::chrono::milliseconds longest_visit{120'000};

const client::Reply& must(const client::Reply& reply, int status, const std::string& what) {
    if (reply.status == status && !reply.failure) return reply;
    throw std::runtime_error(
        fmt::format("{} is answered with {}: {}", what, reply.status, reply.body.substr(0, words_shown)));
}

}  // namespace

std::size_t pieces_of(const std::string& stream) {
    std::size_t pieces = 0;
    bool ended = false;
    std::istringstream lines(stream);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(data_mark)) continue;
        const auto event = std::string_view(line).substr(data_mark.size());
        ended = ended || event.starts_with("[DONE]");
        const auto parsed = parse_json(event);
        if (!parsed || !parsed->is_object()) continue;
        const auto& part = parsed->get_object();
        const auto type = text_member(part, "type");
        if (type == "error")
            throw std::runtime_error("The answer is an error: " + text_member(part, "errorText"));
        if (type == "text-delta" && !text_member(part, "delta").empty()) ++pieces;
    }
    if (!ended) throw std::runtime_error("The answer does not come to its end.");
    if (pieces == 0) throw std::runtime_error("The answer says nothing.");
    return pieces;
}

client::Reply Visit::ask(const std::string& method, const std::string& target, const std::string& body,
                         const std::string& type, bool signed_in) const {
    to_.watch();
    client::Outgoing request(method, target.starts_with("http") ? target : to_.url + target);
    if (signed_in && !to_.cookie.empty()) request.headers.emplace_back("Cookie", to_.cookie);
    if (!body.empty()) request.headers.emplace_back("Content-Type", type);
    request.body = body;
    request.deadlines.whole = longest_visit;
    auto reply = client::exchange(std::move(request), to_.ca_file);
    if (reply.failure && reply.status == 0)
        throw std::runtime_error(fmt::format("{} {}: {}", method, target, reply.detail));
    return reply;
}

client::Reply Visit::expect(int status, const std::string& method, const std::string& target,
                            const std::string& json) const {
    return must(ask(method, target, json), status, method + " " + target);
}

std::string Visit::made(const std::string& target, const std::string& json) const {
    const auto answer = parse_json(expect(201, "POST", target, json).body);
    return std::string(answer.value().at("id").as_string());
}

std::string Visit::person() const {
    const auto parsed = parse_json(expect(200, "GET", "/api/session").body);
    const auto* user = parsed && parsed->is_object() ? parsed->get_object().if_contains("user") : nullptr;
    if (!user || !user->is_object())
        throw std::runtime_error("The session of the student is not known there.");
    return std::string(user->at("email").as_string());
}

void Visit::bring_material() {
    material_ = made("/api/materials", R"({"title":"Smoke test"})");
    made("/api/materials/" + material_ + "/entries",
         R"({"title":"Cells","content":"The nucleus keeps the plan of the cell."})");
}

std::size_t Visit::ask_tutor() {
    thread_ =
        made("/api/threads", fmt::format(R"({{"title":"Smoke test","materialIds":["{}"]}})", material_));
    JsonWriter json;
    json.object().field("id", thread_).key("message").object();
    json.field("id", Uuid::make()).field("role", "user").key("parts").array().object();
    json.field("type", "text").field("text", "What keeps the plan of the cell?");
    return pieces_of(expect(200, "POST", "/api/chat", json.end().end().end().end().take()).body);
}

void Visit::leave() {
    if (!thread_.empty()) expect(204, "DELETE", "/api/threads/" + thread_);
    thread_.clear();
    if (!material_.empty()) expect(204, "DELETE", "/api/materials/" + material_);
    material_.clear();
}

void Visit::sign_out() const {
    expect(204, "POST", "/api/auth/sign-out");
}

}  // namespace bb::verify
