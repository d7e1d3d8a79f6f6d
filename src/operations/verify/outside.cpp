#include "operations/verify/outside.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "base/client/exchange.hpp"
#include "base/core/json_reader.hpp"
#include "operations/verify/observatory.hpp"

namespace bb::verify {
namespace {

constexpr int longest_handshake = 10;     // seconds
constexpr int handshake_looked_for = 20;  // milliseconds

client::Reply get(const Outside& outside, const std::string& target, const char* accept = nullptr) {
    const auto url = outside.url + target;
    client::Outgoing request("GET", url);
    if (accept) request.headers.emplace_back("Accept", accept);
    if (!outside.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + outside.token);
    request.max_bytes = 16 << 20;
    auto reply = client::exchange(std::move(request), outside.ca_file);
    if (reply.status == 0) throw std::runtime_error(fmt::format("{}: {}", url, reply.detail));
    return reply;
}

/// The answer of /api/health with these fields, all of them texts.
boost::json::object health_of(const Outside& outside, std::initializer_list<const char*> fields,
                              const char* accept = nullptr) {
    const auto url = outside.url + "/api/health";
    const auto reply = get(outside, "/api/health", accept);
    if (reply.status != 200)
        throw std::runtime_error(fmt::format("{} is answered with {}", url, reply.status));
    const auto parsed = parse_json(reply.body);
    if (!parsed || !parsed->is_object()) throw std::runtime_error(url + " is answered without JSON");
    for (const auto* field : fields)
        if (const auto* value = parsed->get_object().if_contains(field); !value || !value->is_string())
            throw std::runtime_error(fmt::format("{} is not answered as by BrainBytes: no {}", url, field));
    return parsed->get_object();
}

std::string health(const Outside& outside) {
    const auto told = health_of(outside, {"status", "version"});
    const auto text = [&](const char* name) {
        return std::string(told.at(name).as_string());
    };
    std::string services;
    const auto* listed = told.if_contains("services");
    if (!listed || !listed->is_object()) throw std::runtime_error("it names no services");
    for (const auto& [name, state] : listed->get_object())
        services += fmt::format("{}{} {}", services.empty() ? "" : ", ", std::string(name),
                                state.is_string() ? std::string(state.get_string()) : "unknown");
    if (text("status") != "healthy") throw std::runtime_error(text("status") + ": " + services);
    return fmt::format("{}, version {}: {}", text("status"), text("version"), services);
}

std::string version(const Outside& outside) {
    const auto told = health_of(outside, {"version", "releaseId"}, "application/health+json");
    const auto commit = std::string(told.at("releaseId").as_string());
    const auto served = std::string(told.at("version").as_string()) + "-" + commit;
    if (!outside.release.empty() && served != outside.release)
        throw std::runtime_error(fmt::format("{} is served, and {} was deployed", served, outside.release));
    return served;
}

/// One header that an answer must have.
struct Wanted {
    const char* name;
    std::function<bool(std::string_view)> fits;
};

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::vector<Wanted> wanted_headers(bool https) {
    std::vector<Wanted> wanted = {
        {"x-frame-options",
         [](auto v) {
             return v == "DENY";
         }},
        {"x-content-type-options",
         [](auto v) {
             return v == "nosniff";
         }},
        {"referrer-policy",
         [](auto v) {
             return v == "strict-origin-when-cross-origin" || v == "no-referrer";
         }},
        {"content-security-policy",
         [](auto v) {
             return has(v, "default-src 'none'") && !has(v, "'unsafe-");
         }},
        {"cross-origin-opener-policy",
         [](auto v) {
             return v == "same-origin";
         }},
        {"cross-origin-resource-policy",
         [](auto v) {
             return v == "same-origin";
         }},
        {"permissions-policy",
         [](auto v) {
             return !v.empty();
         }},
    };
    if (https)
        wanted.push_back({"strict-transport-security", [](auto v) {
                              return has(v, "max-age=");
                          }});
    return wanted;
}

std::string headers(const Outside& outside) {
    const bool https = outside.url.starts_with("https");
    const auto wanted = wanted_headers(https);
    std::string missing;
    std::set<std::string> costs;
    HeaderScore lowest{std::numeric_limits<int>::max(), {}};
    for (const auto* target : {"/sign-in", "/api/session"}) {
        const auto reply = get(outside, target);
        for (const auto& one : wanted)
            if (!one.fits(reply.header(one.name)))
                missing += fmt::format("{}{} of {}", missing.empty() ? "" : ", ", one.name, target);
        const auto score = score_of(reply, https);
        costs.insert(score.costs.begin(), score.costs.end());
        if (score.points < lowest.points) lowest = score;
    }
    auto told = fmt::format("{} of 100+ ({}) by Mozilla's scheme", lowest.points, lowest.grade());
    if (!costs.empty()) told += fmt::format("; what costs points: {}", fmt::join(costs, ", "));
    if (!missing.empty()) told += "; missing or weak: " + missing;
    if (lowest.points < good_score) throw std::runtime_error(fmt::format("{}; wanted: {}", told, good_score));
    if (!missing.empty()) throw std::runtime_error(told);
    return fmt::format("{}: {} headers of a page and of an answer{}", told, wanted.size(),
                       https ? "" : "; HSTS and cookies are not scored without TLS");
}

struct Authority {
    std::string host;  ///< without the brackets of an IPv6 address
    std::string port;  ///< empty: that of the scheme
};

Authority authority_of(const std::string& url) {
    auto text = url.substr(url.find("://") + 3);
    text = text.substr(0, text.find('/'));
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        return {text.substr(1, end - 1), end + 2 < text.size() ? text.substr(end + 2) : std::string()};
    }
    const auto colon = text.find(':');
    return {text.substr(0, colon), colon == std::string::npos ? std::string() : text.substr(colon + 1)};
}

std::string names(const std::string& url) {
    const auto host = authority_of(url).host;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int fault = ::getaddrinfo(host.c_str(), nullptr, &hints, &found))
        throw std::runtime_error(fmt::format("{}: {}", host, ::gai_strerror(fault)));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    std::set<std::string> addresses;
    for (const auto* one = found; one; one = one->ai_next) {
        char text[NI_MAXHOST];
        if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
            addresses.insert(text);
    }
    return fmt::format("{} is {}", host, fmt::join(addresses, ", "));
}

[[noreturn]] void tls_fault(const std::string& url, SSL* ssl) {
    const long why = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
    char text[256] = "no connection";
    if (const auto code = ERR_get_error()) ERR_error_string_n(code, text, sizeof text);
    throw std::runtime_error(
        fmt::format("{}: {}", url, why != X509_V_OK ? X509_verify_cert_error_string(why) : text));
}

}  // namespace

int certificate_days(const Outside& outside) {
    const auto& url = outside.url;
    const auto [host, port] = authority_of(url);
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                    SSL_CTX_free);
    SSL_CTX_set_default_verify_paths(context.get());
    if (!outside.ca_file.empty())
        SSL_CTX_load_verify_locations(context.get(), outside.ca_file.c_str(), nullptr);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new_ssl_connect(context.get()), BIO_free_all);
    SSL* ssl = nullptr;
    BIO_get_ssl(bio.get(), &ssl);
    SSL_set_tlsext_host_name(ssl, host.c_str());
    SSL_set1_host(ssl, host.c_str());
    const bool numeric = host.find(':') != std::string::npos;
    const auto address = fmt::format(fmt::runtime(numeric ? "[{}]:{}" : "{}:{}"), host,
                                     port.empty() ? std::string("443") : port);
    BIO_set_conn_hostname(bio.get(), address.c_str());
    if (BIO_do_connect_retry(bio.get(), longest_handshake, handshake_looked_for) != 1) tls_fault(url, ssl);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl), X509_free);
    int days = 0, seconds = 0;
    if (!certificate || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) != 1)
        tls_fault(url, ssl);
    return days;
}

std::string metrics_at(const Outside& local) {
    const auto reply = get(local, "/api/metrics");
    if (reply.status != 200)
        throw std::runtime_error(fmt::format("/api/metrics is answered with {}", reply.status));
    const auto lines = std::count(reply.body.begin(), reply.body.end(), '\n');
    if (reply.body.find("brainbytes_build_info") == std::string::npos)
        throw std::runtime_error("brainbytes_build_info is missing");
    return fmt::format("{} lines", lines);
}

bool look_from_outside(Report& report, const Outside& outside) {
    const auto& url = outside.url;
    bool there = report.look("DNS", [&] { return names(url); });
    report.look("TLS", [&]() -> std::string {
        if (!url.starts_with("https://")) throw NotHere("this address is without TLS");
        if (!std::exchange(there, false)) throw NotHere("the name leads nowhere");
        const int days = certificate_days(outside);
        there = true;
        const auto left = fmt::format("the certificate has {} days left", days);
        if (days < least_certificate_days) throw std::runtime_error(left);
        return left;
    });
    const auto look = [&](const char* name, std::string (*work)(const Outside&)) {
        report.look(name, [&] {
            if (!there) throw NotHere("it cannot be asked there: see DNS and TLS");
            return work(outside);
        });
    };
    look("health", health);
    look("version", version);
    look("headers", headers);
    return there;
}

}  // namespace bb::verify
