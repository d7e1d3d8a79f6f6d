#include "app/status_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/pages.hpp"
#include "app/status_words.hpp"
#include "base/core/address.hpp"
#include "base/core/log.hpp"
#include "base/core/number.hpp"
#include "base/http/language.hpp"
#include "base/http/multipart.hpp"
#include "base/net/timer.hpp"
#include "operations/watch/actions.hpp"
#include "operations/watch/status.hpp"
#include "services/mail/fill.hpp"

namespace bb::app {
namespace {

using http::Request;
using http::Response;
using mail::escape_html;
using mail::fill;
using Answer = Task<Result<Response>>;

constexpr std::size_t shown_days = 90;
constexpr std::chrono::seconds longest_silence{45};

const StatusWords& words_for(const Request& request) {
    return status_words(http::language_of(request.header("accept-language")));
}

std::string_view name_of(const StatusWords& words, const std::string& component) {
    if (component == "service") return words.service;
    if (component == "sign-in") return words.sign_in;
    return component == "tutor" ? words.tutor : words.backups;
}

std::string minute_of(Time at) {
    const auto text = to_rfc3339(at);
    return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

Response page(const StatusWords& words, std::string_view title, const std::string& content,
              int status = 200) {
    const std::string_view language = words.language;
    Response response(
        status, "text/html; charset=utf-8",
        fmt::format(
            "<!doctype html>\n<html lang=\"{0}\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{1}</title>\n"
            "{2}</head>\n<body>\n<main class=\"standalone "
            "card\">\n<h1>{1}</h1>\n{3}</main>\n</body>\n</html>\n",
            language, escape_html(title), stylesheet_link(), content));
    response.header("Cache-Control", "no-store");
    response.header("Content-Language", std::string(language)).header("Vary", "Accept-Language");
    return response;
}

std::string paragraph(std::string_view text) {
    return fmt::format("<p>{}</p>\n", text);
}

std::string back_link(const StatusWords& words) {
    return paragraph(fill("<a href=\"/status\">{back}</a>", {{"back", words.back}}));
}

/// A bar of days: an image for eyes, a sentence for who hears it.
std::string bar_of(const StatusWords& words, const watch::ComponentStatus& component) {
    double watched = 0, down = 0;
    std::string blocks;
    const auto from = component.days.size() > shown_days ? component.days.size() - shown_days : 0;
    for (auto i = from; i < component.days.size(); ++i) {
        const auto& day = component.days[i];
        watched += day.watched;
        down += day.down;
        const auto share = day.watched > 0 ? day.down / day.watched : 0;
        blocks += fmt::format("<span class=\"day {}\" title=\"{}: {:.2f} %\"></span>",
                              share <= 0     ? "good"
                              : share < 0.05 ? "poor"
                                             : "bad",
                              day.day, 100 * (1 - share));
    }
    if (watched <= 0) return fmt::format("<p class=\"muted\">{}</p>", std::string_view(words.not_watched));
    const auto share = fmt::format("{:.3f}", 100 * (1 - down / watched));
    const auto days = std::to_string(component.days.size() - from);
    const auto filled = [&](std::string_view text) {
        return fill(text, {{"share", share}, {"days", days}});
    };
    return fmt::format(
        "<div class=\"days\" role=\"img\" aria-label=\"{}\">{}</div>"
        "<p class=\"muted\">{}</p>",
        filled(words.share), blocks, filled(words.share_watched));
}

/// Alarms speak English; people write what they want.
std::string_view language_of_title(const StatusWords& words, const watch::Incident& incident) {
    const bool is_foreign = !incident.alarms.empty() && std::string_view(words.language) != "en";
    return is_foreign ? " lang=\"en\"" : "";
}

std::string incidents_html(const StatusWords& words, const watch::Status& status) {
    std::string html;
    for (const auto& [incident, events] : status.incidents) {
        html +=
            fmt::format("<article>\n<h3{}>{}</h3>\n<p>{}, {}</p>\n<ul>\n", language_of_title(words, incident),
                        escape_html(incident.title), name_of(words, incident.component),
                        std::string_view(incident.state == "resolved" ? words.over : words.looked_into));
        for (auto event = events.rbegin(); event != events.rend(); ++event)
            html += fmt::format("<li>{}: {}</li>\n", minute_of(event->at),
                                escape_html(watch::words_for_all(*event, words.language)));
        html += "</ul>\n</article>\n";
    }
    return html.empty() ? paragraph(words.no_incidents) : html;
}

std::string subscribe_form(const StatusWords& words) {
    return fill(
        "<h2>{hear}</h2>\n<form method=\"post\" action=\"/status/subscribe\" enctype=\"multipart/form-data\" "
        "class=\"stack\">\n"
        "<label>{address} <input class=\"input\" type=\"email\" name=\"email\" required "
        "autocomplete=\"email\"></label>\n"
        "<button class=\"button\">{tell_me}</button>\n</form>\n",
        {{"hear", words.hear}, {"address", words.address}, {"tell_me", words.tell_me}});
}

/// What is known, and whether that still holds: a database that is frozen keeps its connections, and then
/// nobody has seen anything for a while.
struct Known {
    explicit Known(const StatusParts& parts) : status(parts.node.status.load()) {
        const auto since = status ? now() - status->at : now() - Time{};
        const bool starting =
            !status && std::chrono::steady_clock::now() - parts.node.started < longest_silence;
        reachable = parts.db.ready() && (starting || since < longest_silence);
    }
    std::shared_ptr<const watch::Status> status;
    bool reachable;
};

bool is_in_trouble(const watch::ComponentStatus& component) {
    return component.severity == "P0" || component.severity == "P1";
}

/// Also without a database: what was known last, and that it is away.
Response status_page(const StatusParts& parts, const StatusWords& words) {
    const Known known(parts);
    const auto said = known.status ? *known.status : watch::Status{};
    const bool trouble =
        !known.reachable || std::any_of(said.components.begin(), said.components.end(), is_in_trouble);
    const std::string_view summary = !known.reachable ? words.away
                                     : trouble        ? words.wrong
                                     : !known.status  ? words.begun
                                                      : words.well;
    std::string html =
        fmt::format("<p class=\"status {}\"><strong>{}</strong></p>\n", trouble ? "bad" : "good", summary);
    for (const auto& component : said.components)
        html += fmt::format("<h2>{}: {}</h2>\n{}\n", name_of(words, component.name),
                            std::string_view(component.severity.empty() ? words.works : words.trouble),
                            bar_of(words, component));
    html += fmt::format("<h2>{}</h2>\n{}", std::string_view(words.incidents), incidents_html(words, said));
    if (known.reachable) html += subscribe_form(words);
    if (known.status)
        html += fmt::format("<p class=\"muted\">{}</p>\n", fill(words.as_of, {{"when", minute_of(said.at)}}));
    return page(words, words.title, html);
}

Response status_json(const StatusParts& parts) {
    const Known known(parts);
    auto said = known.status ? *known.status : watch::Status{};
    if (said.components.empty())
        for (const auto& name : watch::components()) said.components.push_back({name, {}, {}});
    if (!known.reachable)
        for (auto& component : said.components) component.severity = "P0";
    return http::json_response(watch::to_json(said));
}

/// The one field of a form; empty when there is none.
std::string email_in(const Request& request) {
    const auto parts = http::parse_multipart(request.header("content-type"), request.body, 4);
    if (parts)
        for (const auto& part : *parts)
            if (part.name == "email") return std::string(part.content);
    return {};
}

watch::Surroundings links(const Node& node) {
    watch::Surroundings around;
    around.url = node.url;
    around.secret = node.secret;
    return around;
}

mail::Message question_to(const StatusWords& words, const std::string& email, const Node& node,
                          const Uuid& id) {
    const auto link = watch::subscription_link(links(node), id, "confirm");
    const auto filled = [&](std::string_view layout, std::string_view shown_link) {
        return fill(layout, {{"language", words.language},
                             {"lead", words.letter_lead},
                             {"yes", words.letter_yes},
                             {"else", words.letter_else},
                             {"link", shown_link}});
    };
    mail::Message letter;
    letter.to = email;
    letter.subject = std::string_view(words.letter_subject);
    letter.text = filled("{lead}\n\n{yes}: {link}\n\n{else}\n", link);
    letter.html = filled(
        "<!doctype html><html lang=\"{language}\"><body><p>{lead}</p><p><a href=\"{link}\">{yes}</a>. "
        "{else}</p></body></html>",
        escape_html(link));
    return letter;
}

Task<void> send(mail::Sender& mail, mail::Message letter, std::string request_id) {
    const auto sent = co_await mail.try_once(std::move(letter));
    if (!sent.delivered)
        log::warn("a letter to a subscriber was not sent", {{"id", request_id}, {"reason", sent.detail}});
}

/// The answer is the same whether the address is known or not.
Answer subscribe(const StatusParts& parts, const Request& request) {
    const auto& words = words_for(request);
    const auto email = parse_address(email_in(request));
    if (!email) co_return page(words, words.no_address, back_link(words), 422);
    if (auto refused = co_await parts.limits.refuse(request, "mail", *email)) co_return std::move(*refused);
    // Sent afterwards: how long it takes must not tell whether the address is known.
    if (const auto id = co_await watch::ask_to_subscribe(parts.db, *email)) {
        const auto executor = co_await net::this_executor();
        net::spawn(executor, send(parts.mail, question_to(words, *email, parts.node, *id), request.id));
    }
    co_return page(words, words.look_into_mail, paragraph(words.letter_asks) + back_link(words));
}

/// What a page with a button asks.
struct Question {
    StatusWord StatusWords::*title;
    StatusWord StatusWords::*text;
    StatusWord StatusWords::*button;
};

/// Programs that look at mail follow links; only a person presses a button.
Response button_page(const Request& request, const Question& question) {
    const auto& words = words_for(request);
    return page(words, words.*question.title,
                fill("<p>{text}</p>\n<form method=\"post\" action=\"{target}\">\n<button class=\"button "
                     "primary\">{button}</button>\n</form>\n",
                     {{"text", words.*question.text},
                      {"target", escape_html(request.target)},
                      {"button", words.*question.button}}));
}

Response wrong_link(const Request& request) {
    const auto& words = words_for(request);
    return page(words, words.wrong_link, paragraph(words.whole_link), 404);
}

std::optional<Uuid> subscriber_of(const StatusParts& parts, const Request& request) {
    const auto id = Uuid::parse(request.query("id").value_or(""));
    if (!id || !watch::is_subscription_key(parts.node.secret, *id, request.query("key").value_or("")))
        return std::nullopt;
    return id;
}

Answer change_subscription(const StatusParts& parts, const Request& request, bool begin) {
    const auto& words = words_for(request);
    const auto id = subscriber_of(parts, request);
    if (!id) co_return wrong_link(request);
    if (!begin) {
        co_await watch::remove_subscriber(parts.db, *id);
        co_return page(words, words.ended_title, paragraph(words.ended_words));
    }
    const bool known = co_await watch::confirm_subscriber(parts.db, *id);
    if (!known) co_return wrong_link(request);
    co_return page(words, words.confirmed_title, paragraph(words.confirmed_words));
}

std::optional<int> incident_of(const StatusParts& parts, const Request& request) {
    const auto number = parse_number<int>(request.query("number").value_or(""));
    if (!number || !watch::is_acknowledge_key(parts.node.secret, *number, request.query("key").value_or("")))
        return std::nullopt;
    return number;
}

Response acknowledged_page(const StatusWords& words, const Result<watch::Incident>& after,
                           const std::string& number) {
    if (!after)
        return page(words, fill(words.not_yours, {{"number", number}}),
                    fmt::format("<p lang=\"en\">{}</p>\n", escape_html(after.error().detail)) +
                        paragraph(words.nothing_left),
                    409);
    const auto content = fill(
        "<p{foreign}>{title}</p>\n<p>{nobody_else} "
        "<a href=\"/admin/incidents?number={number}\">{time_line}</a></p>\n",
        {{"foreign", language_of_title(words, *after)},
         {"title", escape_html(after->title)},
         {"nobody_else", words.nobody_else},
         {"number", number},
         {"time_line", words.time_line}});
    return page(words, fill(words.yours, {{"number", number}}), content);
}

Answer acknowledge(const StatusParts& parts, const Request& request) {
    const auto number = incident_of(parts, request);
    if (!number) co_return wrong_link(request);
    const auto around = links(parts.node);
    watch::Actions actions(parts.db, around);
    watch::Actor actor{audit::origin_of(request), "by the link"};
    const auto after =
        co_await actions.acknowledge(std::move(actor), *number, "has it in hand, by the link of a message");
    co_return acknowledged_page(words_for(request), after, std::to_string(*number));
}

http::RouteOptions everybody(const char* summary) {
    http::RouteOptions options;
    options.access = http::Access::open;
    options.body_limit = 4096;
    options.operation = {summary, "", "", 200};
    return options;
}

void bind_buttons(http::Router& router, const StatusParts& parts) {
    const auto asking = [&](const char* path, const char* summary, const Question& question, auto is_right) {
        router.get(
            path,
            [=](Request& request) -> Answer {
                co_return is_right(parts, request) ? button_page(request, question) : wrong_link(request);
            },
            everybody(summary));
    };
    const auto is_subscriber = [](const StatusParts& p, const Request& r) {
        return subscriber_of(p, r).has_value();
    };
    using W = StatusWords;
    asking("/status/confirm", "Asks whether to hear of incidents",
           {&W::confirm_title, &W::confirm_words, &W::confirm_button}, is_subscriber);
    asking("/status/end", "Asks whether to end that", {&W::end_title, &W::end_words, &W::end_button},
           is_subscriber);
    asking("/incident", "Asks whether an incident is in hand",
           {&W::hand_title, &W::hand_words, &W::hand_button},
           [](const StatusParts& p, const Request& r) { return incident_of(p, r).has_value(); });
    router.post(
        "/status/confirm", [parts](Request& r) { return change_subscription(parts, r, true); },
        everybody("Hear of incidents"));
    router.post(
        "/status/end", [parts](Request& r) { return change_subscription(parts, r, false); },
        everybody("Hear of incidents no more"));
    router.post(
        "/incident", [parts](Request& r) { return acknowledge(parts, r); },
        everybody("Acknowledge an incident by the link of a message"));
}

}  // namespace

void bind_status_routes(http::Router& router, StatusParts parts) {
    router.get(
        "/status", [parts](Request& r) -> Answer { co_return status_page(parts, words_for(r)); },
        everybody("How BrainBytes is, as a page"));
    router.get(
        "/api/status", [parts](Request&) -> Answer { co_return status_json(parts); },
        everybody("How BrainBytes is: components, uptime by day, incidents"));
    router.post(
        "/status/subscribe", [parts](Request& r) { return subscribe(parts, r); },
        everybody("Ask to hear of incidents by mail"));
    bind_buttons(router, parts);
}

}  // namespace bb::app
