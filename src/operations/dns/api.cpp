#include "operations/dns/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <thread>

#include "base/client/address.hpp"
#include "base/client/exchange.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/number.hpp"

namespace bb::dns {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds longest_call{10};
constexpr std::chrono::seconds longest_pause{30};
constexpr std::size_t most_bytes = 16 << 20;
constexpr std::size_t most_words = 400;
constexpr int most_pages = 100;
// "Invalid request headers": what a token of the wrong form is answered with, as status 400.
constexpr std::int64_t bad_headers = 6003;

bool is_plain_elsewhere(const std::string& url) {
    return !url.starts_with("https://") && !client::is_loopback(client::host_of(url));
}

/// Whether sending it again could help and can do no harm.
bool may_repeat(const client::Reply& reply, bool writes) {
    if (reply.failure) return !writes && *reply.failure != client::Failure::invalid;
    return reply.status == 429 || (!writes && reply.status >= 500);
}

const json::value* member(const json::value& of, std::string_view name) {
    return of.is_object() ? of.get_object().if_contains(name) : nullptr;
}

std::int64_t number_in(const json::value& of, std::string_view name, std::int64_t otherwise) {
    const auto* value = member(of, name);
    return value && value->is_int64() ? value->get_int64() : otherwise;
}

void collect(const json::value* errors, std::string& words) {
    if (!errors || !errors->is_array()) return;
    for (const auto& one : errors->get_array()) {
        const auto* message = member(one, "message");
        if (!message || !message->is_string() || words.size() > most_words) continue;
        words += fmt::format("{}{} ({})", words.empty() ? "" : ", ", std::string_view(message->get_string()),
                             number_in(one, "code", 0));
        collect(member(one, "error_chain"), words);
    }
}

bool has_code(const json::value& envelope, std::int64_t code) {
    const auto* errors = member(envelope, "errors");
    if (!errors || !errors->is_array()) return false;
    const auto& all = errors->get_array();
    return std::any_of(all.begin(), all.end(),
                       [code](const auto& one) { return number_in(one, "code", 0) == code; });
}

}  // namespace

Result<void> check(const Access& access) {
    if (access.token.empty())
        return Error(ErrorCode::invalid_input,
                     "CLOUDFLARE_API_TOKEN is not set: make a token with the permissions Zone.Zone read and "
                     "Zone.DNS edit.");
    if (is_plain_elsewhere(access.url))
        return Error(ErrorCode::invalid_input,
                     "CLOUDFLARE_API_URL must be https: the token would be readable on the way.");
    return {};
}

std::chrono::seconds asked_pause(const client::Reply& reply) {
    const auto asked = parse_number(reply.header("retry-after")).value_or(1);
    return std::chrono::seconds(std::clamp<std::int64_t>(asked, 1, 3600));
}

Result<json::value> Api::call(const std::string& method, const std::string& path,
                              const std::string& json) const {
    const bool writes = method != "GET";
    for (int attempt = 1;; ++attempt) {
        client::Outgoing request(method, access_.url + path);
        request.headers.emplace_back("Authorization", "Bearer " + access_.token);
        request.headers.emplace_back("Accept", "application/json");
        if (!json.empty()) request.headers.emplace_back("Content-Type", "application/json");
        request.body = json;
        request.deadlines.whole = longest_call;
        request.max_bytes = most_bytes;
        const auto reply = client::exchange(std::move(request), access_.ca_file);
        const auto pause = asked_pause(reply);
        if (!may_repeat(reply, writes) || attempt >= access_.attempts || pause > longest_pause)
            return read(method + " " + path.substr(0, path.find('?')), writes, reply);
        std::this_thread::sleep_for(pause);
    }
}

Result<std::vector<json::value>> Api::list(const std::string& path, const std::string& query,
                                           int per_page) const {
    std::vector<json::value> all;
    for (int page = 1; page <= most_pages; ++page) {
        const auto target =
            fmt::format("{}?page={}&per_page={}{}{}", path, page, per_page, query.empty() ? "" : "&", query);
        const auto answer = call("GET", target);
        if (!answer) return answer.error();
        const auto* result = member(*answer, "result");
        if (!result || !result->is_array())
            return Error(ErrorCode::malformed,
                         fmt::format("Cloudflare's API answered GET {} without a list.", path));
        for (const auto& one : result->get_array()) all.push_back(one);
        const auto* about = member(*answer, "result_info");
        const auto here = static_cast<std::int64_t>(result->get_array().size());
        const auto pages =
            number_in(about ? *about : json::value(), "total_pages", here < per_page ? page : page + 1);
        if (page >= pages || here == 0) return all;
    }
    return Error(ErrorCode::too_large,
                 fmt::format("GET {} has more than {} pages: name a zone or a record.", path, most_pages));
}

Result<json::value> Api::read(const std::string& what, bool writes, const client::Reply& reply) const {
    if (reply.failure) return no_reply(writes, reply);
    if (reply.status == 429)
        return Error(ErrorCode::rate_limited,
                     fmt::format("Cloudflare takes no more requests for {} seconds (429): try again then.",
                                 asked_pause(reply).count()),
                     {}, static_cast<int>(asked_pause(reply).count()));
    const auto envelope = parse_json(reply.body);
    const auto* success = envelope ? member(*envelope, "success") : nullptr;
    const auto words = envelope ? words_in(*envelope) : std::string();
    // A gateway in front answers with a page.
    if (reply.status >= 500 || reply.status == 401 || reply.status == 403 ||
        (envelope && has_code(*envelope, bad_headers)))
        return refusal(what, reply.status == 400 ? 401 : reply.status, words);
    if (!success || !success->is_bool())
        return Error(
            ErrorCode::malformed,
            fmt::format("Cloudflare's API answered {} (status {}) with something else than its JSON: "
                        "is CLOUDFLARE_API_URL right?",
                        what, reply.status));
    if (success->get_bool() && reply.status < 300) return *envelope;
    return refusal(what, reply.status, words);
}

Error Api::no_reply(bool writes, const client::Reply& reply) const {
    using client::Failure;
    std::string why = "Cloudflare's API (CLOUDFLARE_API_URL) cannot be reached: " + reply.detail + ".";
    if (*reply.failure == Failure::slow)
        why = fmt::format("Cloudflare's API did not answer within {} seconds.", longest_call.count());
    if (*reply.failure == Failure::too_large) why = "Cloudflare's API answered with more than 16 MiB.";
    const bool arrived = *reply.failure != Failure::connect;
    if (writes && arrived)
        why += " Whether the change was made is not known: look with \"brainbytes dns list\".";
    return Error(ErrorCode::unavailable, printable(std::move(why)), {}, arrived ? 0 : 1);
}

Error Api::refusal(const std::string& what, int status, const std::string& words) const {
    const auto said = words.empty() ? std::string() : ": " + words;
    if (status == 401 || status == 403)
        return Error(status == 401 ? ErrorCode::unauthenticated : ErrorCode::forbidden,
                     fmt::format("Cloudflare refuses {} with the token in CLOUDFLARE_API_TOKEN ({}{}). It "
                                 "must be valid, with the permissions Zone.Zone read and Zone.DNS edit for "
                                 "this zone.",
                                 what, status, said));
    if (status >= 500)
        return Error(
            ErrorCode::unavailable,
            fmt::format("Cloudflare's API has a fault of its own ({}, status {}{}).", what, status, said));
    return Error(ErrorCode::invalid_input,
                 fmt::format("Cloudflare refuses {} (status {}{}).", what, status, said));
}

std::string Api::words_in(const json::value& envelope) const {
    std::string words;
    collect(member(envelope, "errors"), words);
    return printable(std::move(words)).substr(0, most_words);
}

/// Somebody else's words on our terminal: no controls, and never the token.
std::string Api::printable(std::string text) const {
    constexpr std::string_view dots = "...";
    for (auto at = text.find(access_.token); at != std::string::npos;
         at = text.find(access_.token, at + dots.size()))
        text.replace(at, access_.token.size(), dots);
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    return text;
}

}  // namespace bb::dns
