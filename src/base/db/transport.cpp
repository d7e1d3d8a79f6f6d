#include "base/db/transport.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/db/resolve.hpp"

namespace bb::db {
namespace {

constexpr const char* authorities = "/etc/ssl/certs/ca-certificates.crt";
// The first counts what was sent and not taken (in ms), the others (in s) a silence in which nothing was
// sent.
constexpr std::pair<std::string_view, std::string_view> bounds_of_silence[] = {
    {"tcp_user_timeout", "30000"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
};

std::string value_of(const ConnectionSettings& settings, std::string_view keyword) {
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&](const auto& pair) { return pair.first == keyword; });
    return found == settings.end() ? std::string() : found->second;
}

/// What libpq takes where the connection says nothing.
std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// A folder of unix sockets, or this machine.
bool is_here(std::string_view host) {
    if (host.empty() || host[0] == '/' || host[0] == '@' || host == "localhost") return true;
    boost::system::error_code failed;
    const auto address = boost::asio::ip::make_address(std::string(host), failed);
    return !failed && address.is_loopback();
}

bool is_elsewhere(const ConnectionSettings& settings) {
    std::string hosts = value_of(settings, "host");
    if (hosts.empty()) hosts = value_of(settings, "hostaddr");
    if (hosts.empty()) hosts = environment("PGHOST");
    std::string_view rest = hosts;
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        if (!is_here(rest.substr(0, comma))) return true;
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return false;
}

/// Adds a setting that is not there yet.
void append(std::string& conninfo, std::string_view name, std::string_view value) {
    const bool url = conninfo.find("://") != std::string::npos;
    conninfo += !url ? ' ' : conninfo.find('?') == std::string::npos ? '?' : '&';
    conninfo.append(name).append("=").append(value);
}

std::string wanted_mode(const ConnectionSettings& settings) {
    const auto said = value_of(settings, "sslmode");
    return said.empty() ? environment("PGSSLMODE") : said;
}

}  // namespace

std::string with_verified_tls(std::string conninfo) {
    const auto settings = settings_of(conninfo);
    if (!is_elsewhere(settings) || !wanted_mode(settings).empty()) return conninfo;
    append(conninfo, "sslmode", "verify-full");
    if (value_of(settings, "sslrootcert").empty() && environment("PGSSLROOTCERT").empty())
        append(conninfo, "sslrootcert", authorities);
    return conninfo;
}

std::string with_bounded_silence(std::string conninfo) {
    const auto settings = settings_of(conninfo);
    if (!is_elsewhere(settings)) return conninfo;
    for (const auto& [name, value] : bounds_of_silence)
        if (value_of(settings, name).empty()) append(conninfo, name, value);
    return conninfo;
}

std::string transport_warning(const std::string& conninfo) {
    const auto settings = settings_of(conninfo);
    const auto mode = wanted_mode(settings);
    if (!is_elsewhere(settings) || mode.empty() || mode == "verify-full") return {};
    return "The database is on another machine and sslmode=" + mode +
           " does not check who answers: leave sslmode out, or set it to verify-full.";
}

}  // namespace bb::db
