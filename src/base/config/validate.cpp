#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/config/config.hpp"
#include "base/config/places.hpp"
#include "base/config/rates.hpp"
#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::config {
namespace {

using Fault = std::optional<std::string>;

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(at);
        parts.push_back(utf8::trim(text.substr(0, end)));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

struct Url {
    std::string_view scheme, user, host, port, rest;
};

/// Cuts scheme://user@host:port/rest apart; nullopt when it has no scheme or no host.
std::optional<Url> parse_url(std::string_view text) {
    Url url;
    const auto scheme = text.find("://");
    if (scheme == std::string_view::npos || scheme == 0) return std::nullopt;
    url.scheme = text.substr(0, scheme);
    text.remove_prefix(scheme + 3);
    const auto slash = text.find_first_of("/?#");
    auto authority = text.substr(0, slash);
    if (slash != std::string_view::npos) url.rest = text.substr(slash);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        url.user = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    const auto colon = authority.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
    url.host = authority.substr(0, has_port ? colon : std::string_view::npos);
    if (has_port) url.port = authority.substr(colon + 1);
    if (text.find_first_of(" \t\"<>") != std::string_view::npos) return std::nullopt;
    return url;
}

bool bad_port(std::string_view port) {
    const auto number = parse_number(port);
    return !number || *number < 1 || *number > 65535;
}

Fault url_fault(std::string_view text, std::initializer_list<std::string_view> schemes) {
    const auto url = parse_url(text);
    const auto wanted =
        fmt::format("must be an address that starts with {}://", fmt::join(schemes, ":// or "));
    if (!url || std::find(schemes.begin(), schemes.end(), url->scheme) == schemes.end()) return wanted;
    if (url->host.empty()) return "names no host";
    if (!url->port.empty() && bad_port(url->port)) return fmt::format("has no valid port: {}", url->port);
    return std::nullopt;
}

Fault database_fault(std::string_view text) {
    if (text.find("://") == std::string_view::npos && text.find('=') != std::string_view::npos)
        return std::nullopt;
    const auto url = parse_url(text);  // libpq checks the rest when it connects
    if (url && (url->scheme == "postgresql" || url->scheme == "postgres")) return std::nullopt;
    return "must be an address that starts with postgresql://";
}

Fault origin_fault(std::string_view text) {
    if (auto fault = url_fault(text, {"https", "http"})) return fault;
    const auto url = parse_url(text);
    if (!url->user.empty()) return "must not hold a user name";
    if (!url->rest.empty()) return "must end after the host and port, without a path";
    return std::nullopt;
}

Fault address_fault(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return "must be an address and a port";
    const auto port = parse_number(text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return "has no valid port";
    std::string host(text.substr(0, colon));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    in6_addr six;
    in_addr four;
    if (host.empty() || host == "*" || host == "localhost" || inet_pton(AF_INET, host.c_str(), &four) == 1 ||
        inet_pton(AF_INET6, host.c_str(), &six) == 1)
        return std::nullopt;
    return "must start with the IP address to listen on (nothing or *: all)";
}

Fault networks_fault(std::string_view text) {
    for (const auto part : split(text, ',')) {
        const auto slash = part.find('/');
        const std::string host(part.substr(0, slash));
        in6_addr six;
        in_addr four;
        const bool is_four = inet_pton(AF_INET, host.c_str(), &four) == 1;
        const bool is_six = inet_pton(AF_INET6, host.c_str(), &six) == 1;
        const auto bits =
            slash == std::string_view::npos ? 0 : parse_number(part.substr(slash + 1)).value_or(-1);
        if ((!is_four && !is_six) || bits < 0 || bits > (is_four ? 32 : 128))
            return fmt::format("must be IP addresses or networks separated by commas, not \"{}\"", part);
    }
    return std::nullopt;
}

Fault mailbox_fault(std::string_view text) {
    std::string_view address = text;
    if (const auto open = text.rfind('<'); open != std::string_view::npos && text.back() == '>')
        address = text.substr(open + 1, text.size() - open - 2);
    const auto at = address.find('@');
    const bool good = at != std::string_view::npos && at > 0 && at + 1 < address.size() &&
                      address.find_first_of(" <>,;\"\r\n") == std::string_view::npos &&
                      address.find('@', at + 1) == std::string_view::npos;
    if (!good) return "must be a mail address, with or without a name";
    return std::nullopt;
}

Fault number_fault(std::string_view text, std::string_view bounds) {
    const auto dots = bounds.find("..");
    const auto number = parse_number(text);
    if (!number || *number < *parse_number(bounds.substr(0, dots)) ||
        *number > *parse_number(bounds.substr(dots + 2)))
        return fmt::format("must be a whole number from {} to {}", bounds.substr(0, dots),
                           bounds.substr(dots + 2));
    return std::nullopt;
}

Fault choice_fault(std::string_view text, std::string_view choices) {
    const auto known = split(choices, '|');
    if (std::find(known.begin(), known.end(), text) != known.end()) return std::nullopt;
    return fmt::format("must be one of {}", fmt::join(known, ", "));
}

Fault quotas_fault(std::string_view text, std::string_view names) {
    const auto known = split(names, '|');
    for (const auto part : split(text, ',')) {
        const auto equals = std::min(part.find('='), part.size());
        const auto name = part.substr(0, equals);
        if (std::find(known.begin(), known.end(), name) == known.end())
            return fmt::format("knows no quota \"{}\", only {}", name, fmt::join(known, ", "));
        const auto number = parse_number(part.substr(std::min(equals + 1, part.size())));
        if (!number || *number < 0 || *number > 1'000'000'000'000)
            return fmt::format("must be {}= and a number from 0 to 1000000000000", name);
    }
    return std::nullopt;
}

Fault rates_fault(std::string_view text, std::string_view names) {
    const auto rates = parse_rates(text);
    if (!rates) return rates.error().detail;
    const auto known = split(names, '|');
    for (const auto& [name, rate] : *rates)
        if (std::find(known.begin(), known.end(), name) == known.end())
            return fmt::format("knows no limit \"{}\", only {}", name, fmt::join(known, ", "));
    return std::nullopt;
}

Fault places_fault(std::string_view text) {
    const auto places = parse_places(text);
    return places ? Fault() : Fault(places.error().detail);
}

Fault bucket_fault(std::string_view text) {
    const auto bucket = parse_bucket(text);
    return bucket ? Fault() : Fault(bucket.error().detail);
}

Fault secret_fault(std::string_view text) {
    if (text.find_first_of(" \t") != std::string_view::npos) return "must not hold spaces";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> fault_of(const Option& option, std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (!utf8::valid(text) || utf8::has_controls(text) ||
        text.find_first_of("\r\n") != std::string_view::npos)
        return "must be one line of text";
    switch (option.kind) {
        case Kind::text:
        case Kind::folder:
            return std::nullopt;
        case Kind::places:
            return places_fault(text);
        case Kind::bucket:
            return bucket_fault(text);
        case Kind::secret:
            return secret_fault(text);
        case Kind::url:
            return url_fault(text, {"https", "http"});
        case Kind::database:
            return database_fault(text);
        case Kind::mail_server:
            return url_fault(text, {"smtps", "smtp"});
        case Kind::mailbox:
            return mailbox_fault(text);
        case Kind::origin:
            return origin_fault(text);
        case Kind::address:
            return address_fault(text);
        case Kind::number:
            return number_fault(text, option.choices);
        case Kind::choice:
            return choice_fault(text, option.choices);
        case Kind::networks:
            return networks_fault(text);
        case Kind::quotas:
            return quotas_fault(text, option.choices);
        case Kind::rates:
            return rates_fault(text, option.choices);
    }
    return std::nullopt;
}

std::string masked(const Option& option, std::string_view text) {
    constexpr std::string_view dots = "••••••••";
    if (text.empty()) return {};
    if (option.kind == Kind::secret) return std::string(dots);
    const bool has_password =
        option.kind == Kind::database || option.kind == Kind::mail_server || option.kind == Kind::url;
    if (!has_password) return std::string(text);
    const auto url = parse_url(text);
    if (!url) {  // a keyword string, e.g. host=... password=...
        const auto password = text.find("password");
        return password == std::string_view::npos
                   ? std::string(text)
                   : fmt::format("{}password={}", text.substr(0, password), dots);
    }
    const auto password = url->user.find(':');
    std::string rest(url->rest);
    if (rest.find("password=") != std::string::npos) rest = fmt::format("/{}", dots);
    const auto port = url->port.empty() ? std::string() : fmt::format(":{}", url->port);
    if (url->user.empty()) return fmt::format("{}://{}{}{}", url->scheme, url->host, port, rest);
    if (password == std::string_view::npos)
        return fmt::format("{}://{}@{}{}{}", url->scheme, url->user, url->host, port, rest);
    return fmt::format("{}://{}:{}@{}{}{}", url->scheme, url->user.substr(0, password), dots, url->host, port,
                       rest);
}

}  // namespace bb::config
