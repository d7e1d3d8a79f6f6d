#include <fmt/format.h>

#include <algorithm>

#include "base/core/json_writer.hpp"
#include "operations/watch/messages.hpp"

namespace bb::watch {
namespace {

constexpr const char* enqueue_sql =
    "INSERT INTO alarm_messages (id, incident, key, channel, target, payload, created_at, next_try) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (key) DO NOTHING";

std::vector<Contact> people_for(const Surroundings& around, const Incident& incident, int level, Time now) {
    std::vector<Contact> all;
    if (around.contacts.empty()) {
        for (const auto& email : around.administrators) all.push_back({"an administrator", email, {}, {}});
        return all;
    }
    const int from = level == 0 ? 1 : level;
    const int to = std::min(level == 0 ? std::max(incident.level, 1) : level, Contacts::levels);
    for (int one = from; one <= to; ++one)
        for (auto& person : around.contacts.on_duty(one, now)) all.push_back(std::move(person));
    return all;
}

}  // namespace

const std::vector<std::string>& channel_names() {
    static const std::vector<std::string> names = {"mail", "webhook", "ntfy", "slack", "alertmanager"};
    return names;
}

std::vector<Recipient> recipients_of(const Surroundings& around, const Incident& incident, int level,
                                     Time now) {
    std::vector<Recipient> all;
    const auto add = [&all](const char* channel, const std::string& target, const std::string& name) {
        const bool known = std::any_of(all.begin(), all.end(), [&](const Recipient& other) {
            return other.channel == channel && other.target == target;
        });
        if (!target.empty() && !known) all.push_back({channel, target, name});
    };
    for (const auto& person : people_for(around, incident, level, now)) {
        add("mail", person.email, person.name);
        add("ntfy", person.ntfy, person.name);
    }
    const auto& channels = around.channels;
    add("webhook", channels.webhook, "webhook");
    add("ntfy", channels.ntfy, "ntfy");
    add("slack", channels.slack, "slack");
    add("alertmanager", channels.alertmanager, "alertmanager");
    return all;
}

std::string payload_of(const Incident& incident, const News& news, Time now) {
    JsonWriter json;
    json.object().field("event", news.event).field("words", news.words).field("level", news.level);
    json.key("incident").raw(to_json(incident, now));
    return json.end().take();
}

Task<std::string> tell(db::Transaction& tx, const Surroundings& around, Incident incident, News news,
                       Time now) {
    const auto payload = payload_of(incident, news, now);
    const db::Json json{payload};
    // A note is said when it is written; everything else happens once.
    const auto what = fmt::format("{} {} {} {}", incident.id.text(), news.event, news.level,
                                  news.event == "note" ? to_rfc3339(now) : incident.severity);
    std::string told;
    for (const auto& one : recipients_of(around, incident, news.level, now)) {
        const auto key = fmt::format("{} {} {}", what, one.channel, one.target);
        co_await tx.query(enqueue_sql, Uuid::make(), incident.id, key, one.channel, one.target, json, now);
        told += (told.empty() ? "" : ", ") +
                (one.name == one.channel ? one.name : one.name + " by " + one.channel);
    }
    co_return told.empty() ? "nobody: there is no contact" : told;
}

Task<std::string> say(db::Transaction& tx, const Surroundings& around, Incident incident, News news,
                      Time now) {
    auto what = news.event;
    auto told = co_await tell(tx, around, incident, std::move(news), now);
    IncidentEvent event{now, "told", "clock", fmt::format("{}: {}", what, told), false};
    co_await add_event(tx, incident.id, std::move(event));
    co_return told;
}

Task<void> tell_subscribers(db::Transaction& tx, Incident incident, std::string words, Time now) {
    const News news{"public", std::move(words), 0};
    const auto payload = payload_of(incident, news, now);
    const db::Json json{payload};
    co_await tx.query(
        "INSERT INTO alarm_messages (id, incident, key, channel, target, payload, created_at, next_try) "
        "SELECT gen_random_uuid(), $1, concat('public ', $2::timestamptz, ' ', $1::text, ' ', s.id), 'mail', "
        "s.email, $3::jsonb || jsonb_build_object('subscriber', s.id), $2, $2 FROM status_subscribers s "
        "WHERE s.confirmed_at IS NOT NULL ORDER BY s.id LIMIT 5000 ON CONFLICT (key) DO NOTHING",
        incident.id, now, json);
}

namespace {

Task<std::vector<Uuid>> tell_everybody(db::Transaction& tx, const Surroundings& around, std::string title,
                                       News news, Time now) {
    Incident none;
    none.title = std::move(title);
    none.severity = "P3";
    none.component = "service";
    none.level = Contacts::levels;
    none.opened_at = now;
    const auto payload = payload_of(none, news, now);
    const db::Json json{payload};
    std::vector<Uuid> ids;
    for (const auto& one : recipients_of(around, none, 0, now)) {
        if (news.event == "notice" && one.channel == "alertmanager") continue;  // it knows alerts alone
        ids.push_back(Uuid::make());
        co_await tx.query(enqueue_sql, ids.back(), std::optional<Uuid>(),
                          news.event + " " + ids.back().text(), one.channel, one.target, json, now);
    }
    co_return ids;
}

}  // namespace

Task<std::vector<Uuid>> tell_test(db::Transaction& tx, const Surroundings& around, Time now) {
    News news{"test", "Somebody tries whether you are reached. There is nothing to do.", 0};
    return tell_everybody(tx, around, "This is a test.", std::move(news), now);
}

Task<std::vector<Uuid>> tell_notice(db::Transaction& tx, const Surroundings& around, std::string title,
                                    std::string words, Time now) {
    News news{"notice", std::move(words), 0};
    return tell_everybody(tx, around, std::move(title), std::move(news), now);
}

Task<std::vector<TestOutcome>> outcomes_of(db::Transaction& tx, std::vector<Uuid> messages) {
    const auto rows = co_await tx.query(
        "SELECT channel, sent_at IS NOT NULL, fault, CASE channel WHEN 'mail' THEN target ELSE '' END FROM "
        "alarm_messages WHERE id = ANY ($1) ORDER BY id",
        messages);
    std::vector<TestOutcome> outcomes;
    for (const auto row : rows)
        outcomes.push_back(
            {row.get<std::string>(0), row.get<std::string>(2), row.get<bool>(1), row.get<std::string>(3)});
    co_return outcomes;
}

}  // namespace bb::watch
