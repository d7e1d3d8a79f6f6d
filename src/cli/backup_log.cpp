#include "cli/backup_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operations/safety/base_backup.hpp"
#include "operations/safety/wal_store.hpp"

namespace bb::cli {
namespace {

std::string why_none_of(const safety::Installation& of, db::Session& session) {
    if (auto why_not = safety::why_not_physical(of)) return std::move(*why_not);
    return safety::why_unbounded(session).value_or("");
}

}  // namespace

std::optional<double> PlaceLog::lag() const {
    if (!to) return std::nullopt;
    if (slot && system == slot->system && end >= slot->written) return 0;
    return std::max(0.0, std::chrono::duration<double>(now() - *to).count());
}

PlaceLog look_at_log(const safety::Installation& of, const safety::Destination& place) {
    PlaceLog log;
    db::Session session(of.wal_conninfo);
    log.slot = safety::find_slot(session, place);
    if (!log.slot) log.why_none = why_none_of(of, session);
    const auto windows = safety::recovery_windows(place);
    for (const auto& window : windows) {
        if (log.to && *log.to > window.to) continue;
        log.to = window.to;
        log.end = window.end;
        log.system = window.base.manifest->wal->system;
    }
    log.spans = safety::recoverable(windows);
    log.told_spans = safety::spans_of(windows);
    log.bytes = safety::wal_bytes(place);
    return log;
}

void write_log(JsonWriter& json, const PlaceLog& log) {
    json.key("whyNoLog");
    log.why_none.empty() ? json.null() : json.value(log.why_none);
    json.key("log");
    if (!log.to && !log.slot) return void(json.null());
    json.object()
        .field("followed", log.slot && log.slot->in_use)
        .field("position", db::lsn_text(log.end))
        .field("recoverableTo", log.to)
        .field("recoverable", log.told_spans)
        .key("spans")
        .array();
    for (const auto& [from, to] : log.spans) json.object().field("from", from).field("to", to).end();
    json.end()
        .field("behindBytes", std::uint64_t(log.slot ? log.slot->behind() : 0))
        .field("bytes", log.bytes)
        .key("lagSeconds");
    if (const auto lag = log.lag())
        json.value(*lag);
    else
        json.null();
    json.end();
}

std::string told_log(const PlaceLog& log, const std::string& place) {
    if (!log.to && log.slot)
        return fmt::format("log\t{}\tkept from now on, for the next physical backup\n", place);
    if (!log.to)
        return fmt::format("log\t{}\tnone is kept{}{}\n", place, log.why_none.empty() ? "" : ": ",
                           log.why_none);
    return fmt::format("log\t{}\t{}\t{:.1f} s behind\t{:.1f} MB\tany second {}\n", place,
                       !log.slot          ? "not kept any more"
                       : log.slot->in_use ? "to " + db::lsn_text(log.end)
                                          : "not read now: no server runs",
                       log.lag().value_or(0), static_cast<double>(log.bytes) / 1e6, log.told_spans);
}

}  // namespace bb::cli
