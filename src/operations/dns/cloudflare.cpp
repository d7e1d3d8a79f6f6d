#include "operations/dns/cloudflare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/core/json_writer.hpp"

namespace bb::dns {
namespace {

namespace json = boost::json;

constexpr int zones_a_page = 50;  // the most that it gives
constexpr int records_a_page = 100;
constexpr std::int64_t automatic_seconds = 300;

/// Ids become part of addresses.
bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

std::string text_in(const json::value& of, std::string_view name) {
    const auto* value = of.is_object() ? of.get_object().if_contains(name) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

Error strange(std::string_view what) {
    return Error(ErrorCode::malformed,
                 fmt::format("Cloudflare's API answered with a {} that is none.", what));
}

std::string body_of(const Record& record) {
    JsonWriter body;
    body.object()
        .field("type", record.type)
        .field("name", record.name)
        .field("content", record.content)
        .field("ttl", record.ttl)
        .field("proxied", record.proxied);
    return body.end().take();
}

}  // namespace

bool Record::says_as(const Record& other) const {
    return name == other.name && type == other.type && content == other.content && ttl == other.ttl &&
           proxied == other.proxied;
}

bool Record::is_address() const {
    return type == "A" || type == "AAAA" || type == "CNAME";
}

std::int64_t Record::held_for() const {
    return ttl == automatic_ttl ? automatic_seconds : ttl;
}

std::string Record::words() const {
    const auto time = ttl == automatic_ttl ? std::string("automatic") : fmt::format("{}", ttl);
    return fmt::format("{} {}, TTL {}{}", type, content, time, proxied ? ", proxied" : "");
}

std::string Record::json() const {
    JsonWriter out;
    out.object()
        .field("id", id)
        .field("name", name)
        .field("type", type)
        .field("content", content)
        .field("ttl", ttl)
        .field("proxied", proxied);
    return out.end().take();
}

Result<Record> read_record(const json::value& value) {
    Record record{text_in(value, "id"), text_in(value, "name"), text_in(value, "type"),
                  text_in(value, "content")};
    const auto* ttl = value.is_object() ? value.get_object().if_contains("ttl") : nullptr;
    const auto* proxied = value.is_object() ? value.get_object().if_contains("proxied") : nullptr;
    if (!(record.id.empty() || is_id(record.id)) || record.name.empty() || record.type.empty() || !ttl ||
        !ttl->is_int64())
        return strange("record");
    record.ttl = ttl->get_int64();
    record.proxied = proxied && proxied->is_bool() && proxied->get_bool();
    return record;
}

Result<std::vector<Zone>> Cloudflare::find_zones(const std::string& name) const {
    auto query = name.empty() ? std::string() : "name=" + name;
    const auto& account = api_.access().account;
    if (!account.empty() && !is_id(account))
        return Error(ErrorCode::invalid_input, "CLOUDFLARE_DEFAULT_ACCOUNT_ID is no id of an account.");
    if (!account.empty()) query += (query.empty() ? "account.id=" : "&account.id=") + account;
    const auto found = api_.list("/zones", query, zones_a_page);
    if (!found) return found.error();
    std::vector<Zone> zones;
    for (const auto& one : *found) {
        Zone zone{text_in(one, "id"), text_in(one, "name")};
        if (!is_id(zone.id) || zone.name.empty()) return strange("zone");
        if (name.empty() || zone.name == name) zones.push_back(std::move(zone));
    }
    return zones;
}

Result<std::vector<Zone>> Cloudflare::zones() const {
    return find_zones({});
}

Result<Zone> Cloudflare::zone_named(const std::string& name) const {
    const auto found = find_zones(name);
    if (!found) return found.error();
    if (found->size() == 1) return found->front();
    if (found->empty())
        return Error(ErrorCode::not_found,
                     fmt::format("There is no zone {} that this token reaches. Is the domain at Cloudflare, "
                                 "and the token for it?",
                                 name));
    return Error(
        ErrorCode::conflict,
        fmt::format("Several accounts have a zone {}: set CLOUDFLARE_DEFAULT_ACCOUNT_ID to say which.",
                    name));
}

Result<Zone> Cloudflare::zone_of(const std::string& name) const {
    auto rest = name;
    while (true) {
        const auto dot = rest.find('.');
        if (dot == std::string::npos) break;
        if (!rest.starts_with("*.")) {
            auto zone = zone_named(rest);
            if (zone || zone.error().code != ErrorCode::not_found) return zone;
        }
        rest.erase(0, dot + 1);
    }
    return Error(ErrorCode::not_found, fmt::format("None of the zones that this token reaches holds {}. Is "
                                                   "the domain at Cloudflare, and the token for it?",
                                                   name));
}

Result<std::vector<Record>> Cloudflare::records(const Zone& zone, const std::string& name) const {
    const auto found = api_.list("/zones/" + zone.id + "/dns_records",
                                 name.empty() ? std::string() : "name=" + name, records_a_page);
    if (!found) return found.error();
    std::vector<Record> records;
    for (const auto& one : *found) {
        auto record = read_record(one);
        if (!record) return record.error();
        if (record->id.empty()) return strange("record");
        if (name.empty() || record->name == name) records.push_back(std::move(*record));
    }
    return records;
}

Result<Record> Cloudflare::write(const std::string& method, const std::string& path,
                                 const Record& record) const {
    const auto answer = api_.call(method, path, body_of(record));
    if (!answer) return answer.error();
    const auto* result = answer->get_object().if_contains("result");
    if (!result) return strange("record");
    auto written = read_record(*result);
    if (written && written->id.empty()) return strange("record");
    return written;
}

Result<Record> Cloudflare::create(const Zone& zone, const Record& record) const {
    return write("POST", "/zones/" + zone.id + "/dns_records", record);
}

Result<Record> Cloudflare::change(const Zone& zone, const Record& record) const {
    return write("PATCH", "/zones/" + zone.id + "/dns_records/" + record.id, record);
}

Result<void> Cloudflare::remove(const Zone& zone, const Record& record) const {
    const auto answer = api_.call("DELETE", "/zones/" + zone.id + "/dns_records/" + record.id);
    if (!answer) return answer.error();
    return {};
}

}  // namespace bb::dns
