#include "operations/watch/doctor/network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>

#include <memory>
#include <set>

#include "base/client/address.hpp"
#include "base/client/exchange.hpp"
#include "base/config/public_url.hpp"
#include "operations/watch/doctor/certificate.hpp"

namespace bb::watch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_handshake{2000};

client::Reply get(const std::string& url, const std::string& ca_file, const std::string& connect_to = {}) {
    client::Outgoing request("GET", url);
    request.connect_to = connect_to;
    request.deadlines = {milliseconds(1500), milliseconds(0), milliseconds(0), milliseconds(2500), {}};
    return client::exchange(std::move(request), ca_file);
}

/// The server of this machine, whatever name leads to it.
struct Local {
    std::string url;
    std::string connect_to;
    std::string ca_file;
};

Local local_of(const config::Config& config) {
    const auto [address, port] = reached_at(config.text("BRAINBYTES_LISTEN"));
    const auto host = address.find(':') == std::string::npos ? address : "[" + address + "]";
    if (!config.is_set("BRAINBYTES_TLS_CERT")) return {fmt::format("http://{}:{}", host, port), {}, {}};
    // Its certificate is of the public name, and vouches for itself here.
    return {fmt::format("https://{}:{}", client::host_of(config::public_url(config)), port), address,
            config.text("BRAINBYTES_TLS_CERT")};
}

std::set<std::string> addresses_of(const std::string& host, std::string& fault) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found)) {
        fault = ::gai_strerror(code);
        return {};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    std::set<std::string> addresses;
    for (const auto* one = found; one; one = one->ai_next) {
        char text[NI_MAXHOST];
        if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
            addresses.insert(text);
    }
    return addresses;
}

const char* renew_words =
    "Renew it where it comes from (certbot renew, or the proxy in front); the server takes up a new "
    "file by itself.";

}  // namespace

std::pair<std::string, std::string> reached_at(const std::string& listen) {
    const auto colon = listen.rfind(':');
    auto host = listen.substr(0, colon);
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    if (host.empty() || host == "*" || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    return {host, colon == std::string::npos ? std::string() : listen.substr(colon + 1)};
}

std::vector<std::string> weak_headers(const client::Reply& reply, bool https) {
    std::vector<std::string> weak;
    const auto policy = reply.header("content-security-policy");
    const auto has = [](std::string_view text, std::string_view part) {
        return text.find(part) != std::string_view::npos;
    };
    if (policy.empty() || has(policy, "'unsafe-")) weak.emplace_back("Content-Security-Policy");
    if (reply.header("x-frame-options") != "DENY" && !has(policy, "frame-ancestors 'none'"))
        weak.emplace_back("X-Frame-Options");
    if (reply.header("x-content-type-options") != "nosniff") weak.emplace_back("X-Content-Type-Options");
    const auto referrer = reply.header("referrer-policy");
    if (referrer.empty() || referrer == "unsafe-url") weak.emplace_back("Referrer-Policy");
    if (https && !has(reply.header("strict-transport-security"), "max-age="))
        weak.emplace_back("Strict-Transport-Security");
    return weak;
}

void look_at_name(Findings& findings, const Subject& subject) {
    const char* name = "public name";
    const auto& config = subject.config;
    const auto url = config::public_url(config);
    const auto host = client::host_of(url);
    const bool production = config.text("BRAINBYTES_STAGE") == "production";
    std::string fault;
    const auto addresses = addresses_of(host, fault);
    if (addresses.empty())
        return findings.fail(
            name, fmt::format("{} leads nowhere: {}", host, fault),
            fmt::format("Give {} an address at your DNS provider, or correct BRAINBYTES_URL; "
                        "look with: getent hosts {}",
                        host, host));
    if (production && client::is_loopback(host))
        return findings.warn(name, fmt::format("{}: from other machines nobody reaches it", url),
                             "Set BRAINBYTES_URL to what people type, such as https://tutor.school.example, "
                             "then " +
                                 service_command("restart") + ".");
    if (production && !url.starts_with("https://"))
        return findings.warn(name, fmt::format("{} is spoken without TLS: others can read along", url),
                             "Put a proxy with a certificate in front or set BRAINBYTES_TLS_CERT, and make "
                             "BRAINBYTES_URL begin with https://.");
    findings.ok(name, fmt::format("{} is {}", host, fmt::join(addresses, ", ")));
}

void look_at_certificate_file(Findings& findings, const Subject& subject) {
    const char* name = "certificate file";
    const auto& config = subject.config;
    const auto& file = config.text("BRAINBYTES_TLS_CERT");
    if (file.empty())
        return findings.ok(name, "none configured: TLS is spoken in front of the server, if at all");
    const auto host = tls_host_of(config::public_url(config), config.text("SSL_CERT_FILE"));
    judge(findings, name, certificate_in(file, host), host, renew_words);
    const auto& key = config.text("BRAINBYTES_TLS_KEY");
    if (!belongs_to(key, file))
        findings.fail("certificate key", fmt::format("{} is not the key of {}", key, file),
                      "Name the key that was made with this certificate in BRAINBYTES_TLS_KEY.");
}

void look_at_served_certificate(Findings& findings, const Subject& subject) {
    const char* name = "certificate served";
    const auto url = config::public_url(subject.config);
    if (!url.starts_with("https://")) return findings.ok(name, fmt::format("none: {} is without TLS", url));
    const auto host = tls_host_of(url, subject.config.text("SSL_CERT_FILE"));
    judge(findings, name, certificate_served(host, longest_handshake), host, renew_words);
}

void look_at_server(Findings& findings, const Subject& subject) {
    const char* name = "server";
    const auto local = local_of(subject.config);
    const auto reply = get(local.url + "/readyz", local.ca_file, local.connect_to);
    const auto& listen = subject.config.text("BRAINBYTES_LISTEN");
    const int process = subject.home.server_process;
    const auto held = process > 0 ? fmt::format(" (process {})", process) : std::string();
    if (reply.status == 0 && !local.ca_file.empty() && reply.detail.find("ertificate") != std::string::npos)
        return findings.fail(
            name,
            fmt::format("it answers on {}{}, and its certificate is not good: {}", listen, held,
                        reply.detail),
            "Mend what is said of the certificate; new files are taken up without a restart.");
    if (reply.status == 200) return findings.ok(name, fmt::format("ready on {}{}", listen, held));
    if (reply.status == 503)
        return findings.fail(
            name, fmt::format("it runs on {}{} and is not ready: {}", listen, held, reply.body),
            "See what fails of the database here, and the server's log: journalctl -u brainbytes "
            "-n 50");
    if (reply.status > 0)
        return findings.fail(
            name, fmt::format("what answers on {} is not BrainBytes: status {}", listen, reply.status),
            fmt::format("See who listens there: ss -ltnp 'sport = :{}'", reached_at(listen).second));
    if (process > 0)
        return findings.fail(
            name, fmt::format("process {} runs and does not answer on {}: {}", process, listen, reply.detail),
            fmt::format("Read its log (journalctl -u brainbytes -n 50), then {}.",
                        service_command("restart")));
    findings.fail(name, fmt::format("it does not run: {}: {}", listen, reply.detail),
                  fmt::format("Start it: {}", service_command("start")));
}

void look_at_headers(Findings& findings, const Subject& subject) {
    const char* name = "headers";
    const auto url = config::public_url(subject.config);
    const auto local = local_of(subject.config);
    // Without a public name there is nothing in front of the server.
    const bool is_public = subject.config.is_set("BRAINBYTES_URL");
    const auto reply = is_public ? get(url + "/sign-in", subject.config.text("SSL_CERT_FILE"))
                                 : get(local.url + "/sign-in", local.ca_file, local.connect_to);
    const auto& asked = is_public ? url : local.url;
    if (reply.status == 0)
        return findings.skip(name, fmt::format("{} does not answer: {}", asked, reply.detail),
                             "First mend what is said of server, public name and certificate.");
    const auto weak = weak_headers(reply, asked.starts_with("https://"));
    if (weak.empty()) return findings.ok(name, fmt::format("as they should be at {}", asked));
    findings.fail(
        name, fmt::format("missing or weak at {}: {}", asked, fmt::join(weak, ", ")),
        fmt::format("Something in front of the server takes them away: compare \"curl -sI {}/sign-in\" "
                    "with \"curl -sI {}/sign-in\", and let the proxy pass them on.",
                    local.url, asked));
}

}  // namespace bb::watch
