#include "operations/dns/change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/core/file_lock.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/new_file.hpp"
#include "base/core/time.hpp"

namespace bb::dns {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t least_ttl = 60;
constexpr std::int64_t longest_ttl = 86'400;

Error several(const std::string& name, const std::vector<Record>& records, std::string_view advice) {
    std::string list;
    for (const auto& one : records) list += fmt::format("\n  {} ({})", one.words(), one.id);
    return Error(ErrorCode::conflict, fmt::format("{} has these records:{}\n{}", name, list, advice));
}

/// A TTL that is there already may be another: some plans allow shorter ones.
std::optional<Error> fault_of(const Record& record, const Wish& wish) {
    if (!wish.ttl || *wish.ttl == automatic_ttl) return {};
    if (record.proxied)
        return Error(ErrorCode::invalid_input,
                     "The TTL of a proxied record is always automatic: leave --ttl out.");
    if (*wish.ttl >= least_ttl && *wish.ttl <= longest_ttl) return {};
    return Error(
        ErrorCode::invalid_input,
        fmt::format("The TTL must be 1 (automatic) or from {} to {} seconds.", least_ttl, longest_ttl));
}

std::vector<Record> addresses_among(std::vector<Record> records) {
    std::erase_if(records, [](const Record& one) { return !one.is_address(); });
    return records;
}

std::string json_of(const std::optional<Record>& record) {
    return record ? record->json() : "null";
}

/// Refuses when the record is not as `change` found it.
Result<Change> confirmed(const Cloudflare& cloudflare, Change change) {
    const auto found = cloudflare.records(change.zone, change.record().name);
    if (!found) return found.error();
    const auto records = addresses_among(*found);
    const auto is_it = [&change](const Record& one) {
        return change.before->id.empty() ? one.says_as(*change.before) : one == *change.before;
    };
    const auto same_type = [&change](const Record& one) {
        return one.type == change.record().type || one.type == "CNAME" || change.record().type == "CNAME";
    };
    const auto at = change.before ? std::find_if(records.begin(), records.end(), is_it)
                                  : std::find_if(records.begin(), records.end(), same_type);
    if (change.before ? at == records.end() : at != records.end())
        return several(change.record().name, records,
                       "It was changed meanwhile by somebody else: nothing was done.");
    if (change.before) change.before = *at;
    if (change.before && change.after) change.after->id = at->id;
    return change;
}

Result<Change> write(const Cloudflare& cloudflare, Change change) {
    if (!change.after) {
        const auto removed = cloudflare.remove(change.zone, *change.before);
        if (!removed) return removed.error();
        return change;
    }
    const auto written = change.before ? cloudflare.change(change.zone, *change.after)
                                       : cloudflare.create(change.zone, *change.after);
    if (!written) return written.error();
    change.after = *written;
    return change;
}

std::optional<FileLock> lock_in(const fs::path& data) {
    fs::create_directories(data);
    return FileLock::try_take(data / "dns-change.lock", FileLock::Kind::exclusive);
}

Error busy() {
    return Error(ErrorCode::conflict, "Another command is changing a record: try again in a moment.");
}

std::optional<Record> record_in(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value) return {};
    auto record = read_record(*value);
    return record ? std::optional(*record) : std::nullopt;
}

}  // namespace

std::string Change::json() const {
    JsonWriter out;
    out.object().field("zone", zone.name).field("zoneId", zone.id);
    out.key("before").raw(json_of(before)).key("after").raw(json_of(after));
    return out.end().take();
}

Result<Change> plan_change(const Zone& zone, const std::vector<Record>& records, const Wish& wish) {
    std::vector<Record> same, others;
    for (const auto& one : addresses_among(records))
        (one.type == wish.target.type ? same : others).push_back(one);
    if (same.size() > 1)
        return several(wish.name, same, "Which one is meant is not clear: leave one at Cloudflare.");
    const bool alias =
        std::any_of(others.begin(), others.end(), [](const Record& one) { return one.type == "CNAME"; });
    if (!others.empty() && (alias || wish.target.type == "CNAME"))
        return several(wish.name, others,
                       fmt::format("A {} cannot stand beside them, and the type of a record is not changed "
                                   "here: remove them at Cloudflare first.",
                                   wish.target.type));
    if (!others.empty() && !wish.type_said)
        return several(wish.name, others,
                       fmt::format("Add --type {} to leave them as they are: some visitors will follow them.",
                                   wish.target.type));
    Change change{zone, {}, Record{{}, wish.name, wish.target.type, wish.target.content}};
    if (!same.empty()) {
        change.before = same.front();
        change.after = same.front();
        change.after->content = wish.target.content;
    }
    change.after->proxied = wish.proxied.value_or(change.after->proxied);
    change.after->ttl = change.after->proxied ? automatic_ttl : wish.ttl.value_or(change.after->ttl);
    if (const auto fault = fault_of(*change.after, wish)) return *fault;
    return change;
}

std::optional<std::string> LastChange::text() const {
    std::ifstream in(file());
    if (!in) return {};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

Result<Change> LastChange::read() const {
    const auto kept = text();
    if (!kept) return Error(ErrorCode::not_found, "No change was made from here that could be taken back.");
    const auto parsed = parse_json(*kept);
    const auto* object = parsed ? parsed->if_object() : nullptr;
    Change change;
    if (object) {
        const auto* id = object->if_contains("zoneId");
        const auto* name = object->if_contains("zone");
        if (id && id->is_string()) change.zone.id = id->get_string();
        if (name && name->is_string()) change.zone.name = name->get_string();
        change.before = record_in(*object, "before");
        change.after = record_in(*object, "after");
    }
    if (change.zone.id.empty() || (!change.before && !change.after))
        return Error(ErrorCode::malformed, fmt::format("{} cannot be read.", file().string()));
    return change;
}

void LastChange::store(const std::string& text) const {
    const auto beside = data_ / "dns-change.json.new";
    fs::remove(beside);
    write_new_file(beside, text, 0600);
    fs::rename(beside, file());
}

void LastChange::write(const Change& change) const {
    auto text = change.json();
    text.insert(1, fmt::format("\"at\":\"{}\",", to_rfc3339(now())));
    store(text + '\n');
}

void LastChange::put_back(const std::optional<std::string>& text) const {
    if (text) return store(*text);
    forget();
}

void LastChange::forget() const {
    fs::remove(file());
}

Result<Change> carry_out(const Cloudflare& cloudflare, const Change& change, const LastChange& last) {
    const auto lock = lock_in(last.data());
    if (!lock) return busy();
    const auto sure = confirmed(cloudflare, change);
    if (!sure) return sure.error();
    const auto former = last.text();
    last.write(*sure);
    auto done = write(cloudflare, *sure);
    if (done) {
        last.write(*done);
        return done;
    }
    // What was refused did not happen; after a timeout or a garbled answer nobody knows, and the way back
    // must stay.
    auto fault = done.error();
    const bool garbled = fault.code == ErrorCode::malformed;
    const bool unknown = garbled || (fault.code == ErrorCode::unavailable && fault.retry_after == 0);
    if (!unknown) last.put_back(former);
    if (garbled)
        fault.detail += " Whether the change was made is not known: look with \"brainbytes dns list\".";
    return fault;
}

Result<Change> undo(const Cloudflare& cloudflare, const LastChange& last, bool dry_run) {
    const auto lock = lock_in(last.data());
    if (!lock) return busy();
    const auto made = last.read();
    if (!made) return made.error();
    auto sure = confirmed(cloudflare, made->reversed());
    if (!sure || dry_run) return sure;
    auto done = write(cloudflare, *sure);
    if (done) last.forget();
    return done;
}

}  // namespace bb::dns
