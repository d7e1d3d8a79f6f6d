#include "base/db/resolve.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "base/db/error.hpp"
#include "base/net/timer.hpp"

namespace bb::db {
namespace {

namespace ip = boost::asio::ip;
constexpr std::size_t most_addresses = 8;  // of one name

std::string value_of(const ConnectionSettings& settings, std::string_view keyword) {
    for (const auto& [key, value] : settings)
        if (key == keyword) return value;
    return {};
}

void set_value(ConnectionSettings& settings, std::string_view keyword, std::string value) {
    for (auto& [key, old] : settings)
        if (key == keyword) return void(old = std::move(value));
    settings.emplace_back(keyword, std::move(value));
}

/// "a,b,,c" as libpq reads it; nothing at all is one empty value.
std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    for (std::size_t from = 0;;) {
        const auto comma = list.find(',', from);
        parts.push_back(list.substr(from, comma - from));
        if (comma == std::string::npos) return parts;
        from = comma + 1;
    }
}

std::string join(const std::vector<std::string>& parts) {
    std::string list;
    for (std::size_t i = 0; i < parts.size(); ++i) list += (i > 0 ? "," : "") + parts[i];
    return list;
}

bool is_name(const std::string& host) {
    if (host.empty() || host[0] == '/' || host[0] == '@') return false;
    boost::system::error_code failed;
    ip::make_address(host, failed);
    return bool(failed);
}

/// One question to the system, which may answer after nobody waits any more.
struct Lookup {
    explicit Lookup(Executor executor) : resolver(executor), answered(executor) {}
    ip::basic_resolver<ip::tcp, Executor> resolver;
    net::Timer answered;
    bool finished = false;
    boost::system::error_code failed;
    std::vector<std::string> addresses;
};

/// Empty when the name is unknown. The system is asked on a thread that Asio keeps for it.
Task<std::vector<std::string>> look_up(Executor executor, std::string name, std::string& reason,
                                       std::chrono::steady_clock::time_point deadline) {
    auto lookup = std::make_shared<Lookup>(executor);
    lookup->answered.expires_at(deadline);
    const auto flags = ip::resolver_base::flags();
    lookup->resolver.async_resolve(name, "", flags, [lookup](boost::system::error_code failed, auto found) {
        lookup->finished = true;
        lookup->failed = failed;
        for (const auto& entry : found)
            if (lookup->addresses.size() < most_addresses)
                lookup->addresses.push_back(entry.endpoint().address().to_string());
        lookup->answered.cancel();
    });
    co_await lookup->answered.async_wait(use_task_tuple);
    if (!lookup->finished) {
        lookup->resolver.cancel();
        throw Unavailable("looking up the database's host " + name + " takes too long");
    }
    if (lookup->failed) reason = lookup->failed.message();
    co_return lookup->addresses;
}

}  // namespace

ConnectionSettings settings_of(const std::string& conninfo) {
    char* complaint = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(conninfo.c_str(), &complaint), &PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> words(complaint, &PQfreemem);
    if (!options) throw Unavailable(complaint ? complaint : "out of memory");
    ConnectionSettings settings;
    for (const auto* option = options.get(); option->keyword; ++option)
        if (option->val) settings.emplace_back(option->keyword, option->val);
    return settings;
}

std::vector<std::string> names_in(const ConnectionSettings& settings) {
    std::vector<std::string> names;
    if (!value_of(settings, "hostaddr").empty()) return names;
    for (auto& host : split(value_of(settings, "host")))
        if (is_name(host) && std::find(names.begin(), names.end(), host) == names.end())
            names.push_back(std::move(host));
    return names;
}

ConnectionSettings with_addresses(ConnectionSettings settings,
                                  const std::map<std::string, std::vector<std::string>>& known) {
    const auto hosts = split(value_of(settings, "host"));
    const auto ports = split(value_of(settings, "port"));
    if (ports.size() != 1 && ports.size() != hosts.size()) return settings;  // libpq says what is wrong
    std::vector<std::string> new_hosts, new_addresses, new_ports;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        const auto found = known.find(hosts[i]);
        const std::vector<std::string> as_it_is{""};
        for (const auto& address : found == known.end() ? as_it_is : found->second) {
            new_hosts.push_back(hosts[i]);
            new_addresses.push_back(address);
            new_ports.push_back(ports.size() == 1 ? ports[0] : ports[i]);
        }
    }
    set_value(settings, "host", join(new_hosts));
    set_value(settings, "hostaddr", join(new_addresses));
    if (ports.size() > 1 || !ports[0].empty()) set_value(settings, "port", join(new_ports));
    return settings;
}

Task<ConnectionSettings> resolve(Executor executor, std::string conninfo,
                                 std::chrono::steady_clock::time_point deadline) {
    auto settings = settings_of(conninfo);
    const auto names = names_in(settings);
    if (names.empty()) co_return settings;
    std::map<std::string, std::vector<std::string>> known;
    std::string reason;
    bool any = false;
    for (const auto& name : names) {
        auto addresses = co_await look_up(executor, name, reason, deadline);
        any = any || !addresses.empty();
        known.emplace(name, std::move(addresses));
    }
    const bool others = names.size() < split(value_of(settings, "host")).size();
    if (!any && !others)
        throw Unavailable("the database's host " + names.front() + " is not found: " + reason);
    co_return with_addresses(std::move(settings), known);
}

}  // namespace bb::db
