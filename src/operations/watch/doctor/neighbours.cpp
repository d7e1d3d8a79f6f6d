#include "operations/watch/doctor/neighbours.hpp"

#include <fmt/format.h>

#include "base/client/address.hpp"
#include "base/client/exchange.hpp"
#include "base/client/mail_greeting.hpp"

namespace bb::watch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_answer{2000};
constexpr milliseconds longest_greeting{1200};  // a second more for the goodbye

/// An address as it may be shown: what stands before the "@" of its host may be a password.
std::string without_password(const std::string& url) {
    const auto scheme = url.find("://");
    const auto start = scheme == std::string::npos ? 0 : scheme + 3;
    const auto at = url.substr(0, url.find('/', start)).rfind('@');
    return at == std::string::npos || at < start ? url : url.substr(0, start) + url.substr(at + 1);
}

client::Reply get(const std::string& url, const config::Config& config, const std::string& bearer) {
    client::Outgoing request("GET", url);
    request.deadlines = {milliseconds(1500), milliseconds(0), milliseconds(0), longest_answer, {}};
    request.max_bytes = 4 << 20;  // some list hundreds of models
    if (!bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + bearer);
    return client::exchange(std::move(request), config.text("SSL_CERT_FILE"));
}

/// Set where its value stands, or in the database.
std::string set_again(std::string_view name) {
    return fmt::format("set {0} again (brainbytes secret set {0}), then {1}", name,
                       service_command("restart"));
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

}  // namespace

void look_at_mail_server(Findings& findings, const Subject& subject) {
    const char* name = "mail server";
    const auto& config = subject.config;
    const auto& url = config.text("SMTP_URL");
    if (url.empty()) {
        const auto outbox =
            fmt::format("none configured: letters are written to {}/outbox", subject.home.data.string());
        if (config.text("BRAINBYTES_STAGE") != "production") return findings.ok(name, outbox);
        return findings.warn(name, outbox + ", and nobody gets a sign-in code",
                             "Set SMTP_URL, such as smtps://user:password@mail.school.example:465, then " +
                                 service_command("restart") + ".");
    }
    const auto host = client::host_of(url);
    const auto fault = client::greet_mail_server(url, config.text("SSL_CERT_FILE"), longest_greeting);
    if (fault.empty()) return findings.ok(name, fmt::format("{} takes our greeting and sign-in", host));
    findings.fail(
        name, fmt::format("{}: {}", host, fault),
        fmt::format("Ask whoever runs {} whether it is up and takes mail from this machine; else {}.", host,
                    set_again("SMTP_URL")));
}

void look_at_model(Findings& findings, const Subject& subject) {
    const char* name = "model";
    const auto& config = subject.config;
    if (!config.is_set("OPENAI_API_KEY") && !config.is_set("OPENAI_BASE_URL"))
        return findings.ok(name, "not configured: answers are quoted from the materials");
    const auto base = config.is_set("OPENAI_BASE_URL") ? without_slash(config.text("OPENAI_BASE_URL"))
                                                       : std::string("https://api.openai.com/v1");
    const auto host = client::host_of(base);
    const auto shown = without_password(base);
    const auto reply = get(base + "/models", config, config.text("OPENAI_API_KEY"));
    if (reply.status == 401 || reply.status == 403)
        return findings.fail(name, fmt::format("{} refuses the key (status {})", host, reply.status),
                             "Make a new key there, " + set_again("OPENAI_API_KEY") + ".");
    if (reply.status == 429)
        return findings.fail(
            name, fmt::format("{} says it was asked too often, or the credit is used up", host),
            "Look at the account there: raise its limit or pay. Until then answers are quoted from "
            "the materials.");
    if (reply.status == 0)
        return findings.fail(
            name, fmt::format("{} does not answer: {}", host, reply.detail),
            fmt::format("Look whether this machine reaches it: curl -sS -m 5 -o /dev/null {}/models; "
                        "else correct OPENAI_BASE_URL.",
                        shown));
    if (reply.status >= 500)
        return findings.fail(
            name, fmt::format("{} answers with status {}", host, reply.status),
            "It is their fault: look at their status page. Answers come again by themselves.");
    if (reply.status == 200 && reply.body.find('"' + config.text("OPENAI_MODEL") + '"') == std::string::npos)
        return findings.warn(
            name, fmt::format("{} takes the key, and does not list {}", host, config.text("OPENAI_MODEL")),
            fmt::format("Set OPENAI_MODEL to one that it lists: curl -sS {}/models", shown));
    findings.ok(name, reply.status == 200
                          ? fmt::format("{} takes the key and has {}", host, config.text("OPENAI_MODEL"))
                          : fmt::format("{} answers, and lists no models (status {})", host, reply.status));
}

void look_at_github(Findings& findings, const Subject& subject) {
    const char* name = "GitHub";
    const auto& config = subject.config;
    if (!config.is_set("GITHUB_CLIENT_ID"))
        return findings.ok(name, "not configured: nobody signs in with it");
    const auto url = without_slash(config.text("GITHUB_URL"));
    const auto shown = without_password(url);
    const auto reply = get(url + "/login/oauth/authorize", config, {});
    if (reply.status > 0 && reply.status < 500) return findings.ok(name, fmt::format("{} answers", shown));
    findings.fail(
        name,
        reply.status == 0 ? fmt::format("{} does not answer: {}", shown, reply.detail)
                          : fmt::format("{} answers with status {}", shown, reply.status),
        fmt::format("Look whether this machine reaches it: curl -sSI -m 5 {}; people can sign in by mail "
                    "meanwhile.",
                    shown));
}

}  // namespace bb::watch
