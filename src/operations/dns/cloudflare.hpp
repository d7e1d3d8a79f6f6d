#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "operations/dns/api.hpp"

namespace bb::dns {

/// A domain at Cloudflare.
struct Zone {
    std::string id;
    std::string name;
};

/// The TTL that means: Cloudflare decides (300 seconds).
inline constexpr std::int64_t automatic_ttl = 1;

struct Record {
    std::string id;
    std::string name;
    std::string type;
    std::string content;
    std::int64_t ttl = automatic_ttl;
    bool proxied = false;

    bool operator==(const Record&) const = default;
    /// The same apart from the id.
    bool says_as(const Record& other) const;
    /// Whether it says where a host is: A, AAAA or CNAME.
    bool is_address() const;
    /// Seconds for which resolvers may hold it.
    std::int64_t held_for() const;
    /// "A 203.0.113.5, TTL 60".
    std::string words() const;
    std::string json() const;
};

/// Zones and records. Errors are those of Api, and malformed for what the API must not answer.
class Cloudflare {
public:
    explicit Cloudflare(Access access) : api_(std::move(access)) {}

    Result<std::vector<Zone>> zones() const;
    /// The zone of exactly this name. Errors: not_found, conflict when several accounts have it.
    Result<Zone> zone_named(const std::string& name) const;
    /// The zone with the longest name that `name` ends with. Errors as zone_named().
    Result<Zone> zone_of(const std::string& name) const;
    /// Those of `name`; empty: all.
    Result<std::vector<Record>> records(const Zone& zone, const std::string& name = {}) const;
    /// Returns it as it now stands, as change() does.
    Result<Record> create(const Zone& zone, const Record& record) const;
    /// Comment and tags stay.
    Result<Record> change(const Zone& zone, const Record& record) const;
    Result<void> remove(const Zone& zone, const Record& record) const;

private:
    Result<std::vector<Zone>> find_zones(const std::string& name) const;
    Result<Record> write(const std::string& method, const std::string& path, const Record& record) const;

    Api api_;
};

/// Reads a record as the API writes it, and as Record::json() does. Errors: malformed.
Result<Record> read_record(const boost::json::value& value);

}  // namespace bb::dns
