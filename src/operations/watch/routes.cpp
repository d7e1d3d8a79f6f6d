#include "operations/watch/routes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/number.hpp"
#include "operations/watch/changes.hpp"
#include "operations/watch/look.hpp"
#include "operations/watch/silences.hpp"
#include "operations/watch/upkeep.hpp"

namespace bb::watch {
namespace {

using http::Request;
using http::Response;
using Answer = Task<Result<Response>>;

constexpr TextLimits words_limits{1, 2000, true};
constexpr auto incident_schema =
    R"({"type":"object","required":["number","title","severity","state","component","openedAt","answerDue","decision"]})";
constexpr auto incidents_schema =
    R"({"type":"object","required":["incidents"],"properties":{"incidents":{"type":"array","items":{"type":"object"}}}})";
constexpr auto words_schema =
    R"({"type":"object","additionalProperties":false,"properties":{"words":{"type":"string","maxLength":2000},"public":{"type":"boolean"}}})";
constexpr auto new_incident_schema =
    R"({"type":"object","required":["title","severity"],"additionalProperties":false,"properties":{"title":{"type":"string","maxLength":200},)"
    R"("severity":{"enum":["P0","P1","P2","P3"]},"component":{"enum":["service","sign-in","tutor","data"]}}})";
constexpr auto alarms_schema =
    R"({"type":"object","required":["alarms","changes"],"properties":{"alarms":{"type":"array","items":{"type":"object"}}}})";
constexpr auto silence_schema =
    R"({"type":"object","required":["minutes","reason"],"additionalProperties":false,"properties":{"minutes":{"type":"integer"},"reason":{"type":"string"}}})";
constexpr auto metric_schema =
    R"({"type":"object","required":["metric","statistic","period","points"],"properties":{"points":{"type":"array","items":{"type":"object"}}}})";

Actor actor_of(const Request& request) {
    return {audit::origin_of(request), request.user().text()};
}

/// By its number, or by the id that an Idempotency-Key gave it. Errors: not_found.
Task<Result<int>> number_in(const WatchParts& parts, const Request& request) {
    std::string text;
    for (const auto& [name, value] : request.path_params)
        if (name == "number") text = value;
    if (const auto number = parse_number<int>(text); number && *number > 0) co_return *number;
    const auto id = Uuid::parse(text);
    if (!id) co_return not_found("incident");
    auto work = [&](db::Transaction& tx) -> Task<Result<int>> {
        co_return co_await number_of(tx, *id);
    };
    co_return co_await parts.db.transaction(work);
}

Answer list(const WatchParts& parts, Request& request) {
    const bool all = request.query("all").value_or("") == "true";
    auto work = [&](db::Transaction& tx) -> Task<std::vector<Incident>> {
        co_return co_await list_incidents(tx, all, 200);
    };
    const auto found = co_await parts.db.transaction(work);
    JsonWriter json;
    json.object().key("incidents").array();
    for (const auto& one : found) json.raw(to_json(one, now()));
    co_return http::json_response(json.end().end().take());
}

Task<Result<std::string>> record_of(const WatchParts& parts, int number) {
    auto work = [&](db::Transaction& tx) -> Task<Result<std::string>> {
        const auto found = co_await find_incident(tx, number);
        if (!found) co_return found.error();
        const auto events = co_await events_of(tx, found->id);
        co_return to_json(*found, events, now());
    };
    co_return co_await parts.db.transaction(work);
}

Answer show(const WatchParts& parts, Request& request) {
    const auto number = co_await number_in(parts, request);
    if (!number) co_return number.error();
    auto record = co_await record_of(parts, *number);
    if (!record) co_return record.error();
    co_return http::json_response(std::move(*record));
}

Answer open(const WatchParts& parts, Request& request) {
    const auto body = request.json();
    if (!body) co_return body.error();
    FieldReader in(*body);
    NewIncident about;
    about.title = in.text("title", {1, 200});
    about.words = about.title;
    about.severity = in.choice("severity", {"P0", "P1", "P2", "P3"});
    about.component =
        in.optional_choice("component", {"service", "sign-in", "tutor", "data"}).value_or("service");
    if (auto bad = in.error()) co_return *bad;
    about.id = request.id_to_make();
    const auto around = co_await parts.around();
    const auto made = co_await Actions(parts.db, around).open(actor_of(request), std::move(about));
    auto record = co_await record_of(parts, made.number);
    if (!record) co_return record.error();
    co_return http::created(std::move(*record), fmt::format("/api/admin/incidents/{}", made.number));
}

using Act = Task<Result<Incident>> (*)(Actions&, Actor, int, std::string, bool);

Answer act(const WatchParts& parts, Request& request, Act what, bool words_needed) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto number = co_await number_in(parts, request);
    if (!number) co_return number.error();
    FieldReader in(*body);
    const auto words = words_needed ? in.text("words", words_limits)
                                    : in.optional_text("words", words_limits).value_or(std::string());
    const bool is_public = in.optional_bool("public").value_or(false);
    if (auto bad = in.error()) co_return *bad;
    const auto around = co_await parts.around();
    Actions actions(parts.db, around);
    const auto after = co_await what(actions, actor_of(request), *number, words, is_public);
    if (!after) co_return after.error();
    co_return http::json_response(to_json(*after, now()));
}

Answer postmortem(const WatchParts& parts, Request& request) {
    const auto number = co_await number_in(parts, request);
    if (!number) co_return number.error();
    const auto around = co_await parts.around();
    const auto text = co_await Actions(parts.db, around).postmortem(*number);
    if (!text) co_return text.error();
    Response response(200, "text/markdown; charset=utf-8", *text);
    response.header("Cache-Control", "no-store");
    co_return response;
}

Answer list_alarms(const WatchParts& parts, Request&) {
    std::vector<SilenceOrder> silences;
    auto work = [&](db::Transaction& tx) -> Task<std::vector<StandingAlarm>> {
        silences = co_await silences_of(tx, now());
        co_return co_await standing_alarms(tx, now());
    };
    const auto all = co_await parts.db.transaction(work);
    const auto changes = co_await alarm_changes(parts.db);
    JsonWriter json;
    json.object().key("alarms").array();
    for (const auto& [alarm, state, incident] : all) {
        const bool silent =
            std::any_of(silences.begin(), silences.end(),
                        [&, name = alarm.name](const auto& order) { return fits(order, name, now()); });
        json.object().key("alarm").raw(to_json(alarm)).field("state", state.state);
        json.field("since", state.since).field("words", state.words).field("silenced", silent).end();
    }
    json.end().key("changes").array();
    for (const auto& change : changes)
        json.object()
            .field("alarm", change.alarm)
            .field("at", change.at)
            .field("state", change.state)
            .field("words", change.words)
            .end();
    co_return http::json_response(json.end().end().take());
}

Answer silence(const WatchParts& parts, Request& request) {
    std::string name;
    for (const auto& [key, value] : request.path_params)
        if (key == "name") name = value;
    const auto body = request.json();
    if (!body) co_return body.error();
    auto look = [&](db::Transaction& tx) -> Task<bool> {
        const auto alarms = co_await alarms_of(tx);
        co_return std::any_of(alarms.begin(), alarms.end(),
                              [&](const Alarm& one) { return one.name == name; });
    };
    const bool known = co_await parts.db.transaction(look);
    if (!known) co_return not_found("alarm");
    FieldReader in(*body);
    const auto minutes = in.optional_integer("minutes", 1, 31 * 24 * 60);
    const auto reason = in.text("reason", {1, 200});
    if (!minutes) in.complain("minutes", "is missing");
    if (auto bad = in.error()) co_return *bad;
    auto work = [&](db::Transaction& tx) -> Task<void> {
        SilenceOrder order{Uuid::make(), name, reason, now(), now() + std::chrono::minutes(*minutes)};
        co_await add_silence(tx, std::move(order));
        audit::Entry entry{audit::origin_of(request), "alarm.silenced", "alarm", name, "{}"};
        co_await audit::append(tx, std::move(entry));
    };
    co_await parts.db.transaction(work);
    co_return http::no_content();
}

/// What a chart asks for.
struct Question {
    Selector selector;
    Statistic statistic;
    std::chrono::seconds period{60};
    Time start, end;
};

Result<Question> question_of(const Request& request) {
    const auto text = [&](const char* name) {
        return std::string(request.query(name).value_or(""));
    };
    Question question;
    question.selector.metric = text("name");
    const auto statistic = Statistic::parse(text("statistic").empty() ? "average" : text("statistic"));
    const auto period = parse_number<int>(text("period").empty() ? "60" : text("period"));
    const auto hours = parse_number<int>(text("hours").empty() ? "24" : text("hours"));
    if (question.selector.metric.empty()) return bad_field("#/name", "is missing");
    if (!statistic) return bad_field("#/statistic", "is average, sum, minimum, maximum, samplecount or p95");
    if (!period || *period < 60 || *period > 31 * 86'400)
        return bad_field("#/period", "is 60 to 2678400 seconds");
    if (!hours || *hours < 1 || *hours > 24 * 400) return bad_field("#/hours", "is 1 to 9600");
    if (*hours * 3600LL / *period > 1999) return bad_field("#/period", "is too short for so many hours");
    for (const auto& [name, value] : request.query_items) {
        if (name != "label") continue;
        const auto equals = value.find('=');
        if (equals == std::string::npos || equals == 0)
            return bad_field("#/label", "is written NAME=PATTERN");
        question.selector.labels[value.substr(0, equals)] = value.substr(equals + 1);
    }
    question.statistic = *statistic;
    question.period = std::chrono::seconds(*period);
    question.end = std::chrono::floor<std::chrono::minutes>(now()) + std::chrono::minutes(1);
    question.start = question.end - std::chrono::hours(*hours);
    return question;
}

Answer show_metric(const WatchParts& parts, Request& request) {
    const auto question = question_of(request);
    if (!question) co_return question.error();
    auto work = [&](db::Transaction& tx) -> Task<Found> {
        co_return co_await read_history(tx, question->selector, question->start, question->end,
                                        question->period, now());
    };
    const auto found = co_await parts.db.transaction(work);
    JsonWriter json;
    json.object().field("metric", question->selector.metric).field("statistic", question->statistic.name());
    json.field("kind", found.kind).field("period", std::int64_t(question->period.count()));
    json.field("start", question->start).field("end", question->end).key("points").array();
    for (const auto& one : found.periods)
        if (const auto value = value_of(found, one, question->statistic))
            json.object().field("at", one.begins).field("value", *value).end();
    co_return http::json_response(json.end().end().take());
}

/// Releases that came into service, and incidents: what charts mark.
Answer list_marks(const WatchParts& parts, Request&) {
    const auto found = co_await marks(parts.db);
    JsonWriter json;
    json.object().key("marks").array();
    for (const auto& mark : found)
        json.object().field("at", mark.at).field("kind", mark.kind).field("words", mark.words).end();
    co_return http::json_response(json.end().end().take());
}

Answer list_upkeep(const WatchParts& parts, Request&) {
    const auto all = co_await upkeep_standing(parts.db, now());
    JsonWriter json;
    json.object().key("tasks").array();
    for (const auto& [task, last, due, overdue] : all) {
        json.object().field("name", task.name).field("period", task.period).field("words", task.words);
        json.field("needsSources", task.needs_sources).field("dueAt", due).field("overdue", overdue);
        json.key("last");
        if (last)
            json.object()
                .field("at", last->at)
                .field("result", last->review.result)
                .field("words", last->review.words)
                .end();
        else
            json.null();
        json.end();
    }
    co_return http::json_response(json.end().end().take());
}

http::RouteOptions administrators(const char* summary, const char* request, const char* response,
                                  int success = 200) {
    http::RouteOptions options;
    options.access = http::Access::administrator;
    options.operation = {summary, request, response, success};
    options.repeatable = success == 201;
    return options;
}

void bind_incidents(http::Router& router, const WatchParts& parts) {
    const std::string one = "/api/admin/incidents/{number}";
    router.get(
        "/api/admin/incidents", [parts](Request& r) { return list(parts, r); },
        administrators("Incidents, newest first", "", incidents_schema));
    router.post(
        "/api/admin/incidents", [parts](Request& r) { return open(parts, r); },
        administrators("Say that something is wrong", new_incident_schema, incident_schema, 201));
    router.get(
        one, [parts](Request& r) { return show(parts, r); },
        administrators("One incident with its time line", "", incident_schema));
    router.get(
        one + "/postmortem", [parts](Request& r) { return postmortem(parts, r); },
        administrators("Draft of its post-mortem, as Markdown", "", ""));
    const auto acting = [&](const char* name, const char* summary, Act what, bool words_needed) {
        router.post(
            one + "/" + name,
            [parts, what, words_needed](Request& r) { return act(parts, r, what, words_needed); },
            administrators(summary, words_schema, incident_schema));
    };
    acting(
        "acknowledge", "I have it in hand",
        [](Actions& a, Actor who, int number, std::string words, bool) {
            return a.acknowledge(std::move(who), number, std::move(words));
        },
        false);
    acting(
        "notes", "Add a line to its time line",
        [](Actions& a, Actor who, int number, std::string words, bool is_public) {
            return a.note(std::move(who), number, std::move(words), is_public);
        },
        true);
    acting(
        "escalate", "Tell the next level now",
        [](Actions& a, Actor who, int number, std::string words, bool) {
            return a.escalate(std::move(who), number, std::move(words));
        },
        true);
    acting(
        "resolve", "It is over",
        [](Actions& a, Actor who, int number, std::string words, bool) {
            return a.resolve(std::move(who), number, std::move(words));
        },
        true);
}

}  // namespace

void bind_routes(http::Router& router, const WatchParts& parts) {
    bind_incidents(router, parts);
    router.get(
        "/api/admin/alarms", [parts](Request& r) { return list_alarms(parts, r); },
        administrators("Alarms, how they stand, and their changes", "", alarms_schema));
    router.post(
        "/api/admin/alarms/{name}/silence", [parts](Request& r) { return silence(parts, r); },
        administrators("Tell nobody of an alarm for a while", silence_schema, "", 204));
    router.get(
        "/api/admin/metrics", [parts](Request& r) { return show_metric(parts, r); },
        administrators("A statistic of a metric by periods", "", metric_schema));
    router.get(
        "/api/admin/marks", [parts](Request& r) { return list_marks(parts, r); },
        administrators("Releases and incidents of the last 30 days", "",
                       R"({"type":"object","required":["marks"]})"));
    router.get(
        "/api/admin/maintenance", [parts](Request& r) { return list_upkeep(parts, r); },
        administrators("Tasks of regular maintenance, what they found last, and when they are due", "",
                       R"({"type":"object","required":["tasks"]})"));
}

}  // namespace bb::watch
