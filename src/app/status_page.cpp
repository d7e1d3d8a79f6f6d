#include "app/status_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/pages.hpp"
#include "base/core/log.hpp"
#include "base/core/number.hpp"
#include "base/http/multipart.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/address.hpp"
#include "operations/watch/actions.hpp"
#include "operations/watch/status.hpp"

namespace bb::app {
namespace {

using http::Request;
using http::Response;
using mail::escape_html;
using Answer = Task<Result<Response>>;

constexpr std::size_t shown_days = 90;
constexpr std::chrono::seconds longest_silence{45};

std::string name_of(const std::string& component) {
    if (component == "service") return "Pages and materials";
    if (component == "sign-in") return "Signing in";
    return component == "tutor" ? "The tutor" : "Backups";
}

std::string minute_of(Time at) {
    const auto text = to_rfc3339(at);
    return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

Response page(const std::string& title, const std::string& content, int status = 200) {
    Response response(
        status, "text/html; charset=utf-8",
        fmt::format(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n"
            "{}</head>\n<body>\n<main class=\"standalone card\">\n<h1>{}</h1>\n{}</main>\n</body>\n</html>\n",
            escape_html(title), stylesheet_link(), escape_html(title), content));
    response.header("Cache-Control", "no-store");
    return response;
}

/// A bar of days: an image for eyes, a sentence for who hears it.
std::string bar_of(const watch::ComponentStatus& component) {
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
    if (watched <= 0) return "<p class=\"muted\">It has not been watched yet.</p>";
    return fmt::format(
        "<div class=\"days\" role=\"img\" aria-label=\"{0:.3f} % in {1} days\">{2}</div>"
        "<p class=\"muted\">{0:.3f} % of the time watched in {1} days</p>",
        100 * (1 - down / watched), component.days.size() - from, blocks);
}

std::string incidents_html(const watch::Status& status) {
    std::string html;
    for (const auto& [incident, events] : status.incidents) {
        html += fmt::format("<article>\n<h3>{}</h3>\n<p>{}, {}</p>\n<ul>\n", escape_html(incident.title),
                            name_of(incident.component),
                            incident.state == "resolved" ? "over" : "being looked into");
        for (auto event = events.rbegin(); event != events.rend(); ++event)
            html += fmt::format("<li>{}: {}</li>\n", minute_of(event->at),
                                escape_html(watch::words_for_all(*event)));
        html += "</ul>\n</article>\n";
    }
    return html.empty() ? "<p>None in the last two weeks.</p>\n" : html;
}

constexpr const char* subscribe_form =
    "<h2>Hear of it</h2>\n<form method=\"post\" action=\"/status/subscribe\" enctype=\"multipart/form-data\" "
    "class=\"stack\">\n"
    "<label>E-mail address <input class=\"input\" type=\"email\" name=\"email\" required "
    "autocomplete=\"email\"></label>\n"
    "<button class=\"button\">Tell me of incidents</button>\n</form>\n";

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

/// Also without a database: what was known last, and that it is away.
Response status_page(const StatusParts& parts) {
    const Known now_known(parts);
    const auto& known = now_known.status;
    const bool reachable = now_known.reachable;
    const auto said = known ? *known : watch::Status{};
    const bool trouble =
        !reachable || std::any_of(said.components.begin(), said.components.end(), [](const auto& one) {
            return one.severity == "P0" || one.severity == "P1";
        });
    std::string html =
        fmt::format("<p class=\"status {}\"><strong>{}</strong></p>\n", trouble ? "bad" : "good",
                    !reachable ? "The database does not answer. Nothing of yours is lost."
                    : trouble  ? "Something is wrong, and somebody looks into it."
                    : !known   ? "It has just started, and is being looked at."
                               : "Everything works.");
    for (const auto& component : said.components)
        html += fmt::format("<h2>{}: {}</h2>\n{}\n", name_of(component.name),
                            component.severity.empty() ? "works" : "trouble", bar_of(component));
    html += "<h2>Incidents</h2>\n" + incidents_html(said);
    if (reachable) html += subscribe_form;
    if (known) html += fmt::format("<p class=\"muted\">As of {}.</p>\n", minute_of(said.at));
    return page("How BrainBytes is", html);
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

mail::Message question_to(const std::string& email, const Node& node, const Uuid& id) {
    const auto link = watch::subscription_link(links(node), id, "confirm");
    const std::string lead =
        "Somebody, probably you, wants this address to hear when BrainBytes does not work.";
    mail::Message letter;
    letter.to = email;
    letter.subject = "Hear of incidents of BrainBytes?";
    letter.text = lead + "\n\nYes: " + link + "\n\nElse do nothing.\n";
    letter.html = fmt::format(
        "<!doctype html><html lang=\"en\"><body><p>{}</p><p><a href=\"{}\">Yes</a>. Else do "
        "nothing.</p></body>"
        "</html>",
        lead, escape_html(link));
    return letter;
}

Task<void> send(mail::Sender& mail, mail::Message letter, std::string request_id) {
    const auto sent = co_await mail.try_once(std::move(letter));
    if (!sent.delivered)
        log::warn("a letter to a subscriber was not sent", {{"id", request_id}, {"reason", sent.detail}});
}

/// The answer is the same whether the address is known or not.
Answer subscribe(const StatusParts& parts, const Request& request) {
    const auto email = accounts::parse_address(email_in(request));
    if (!email) co_return page("That is no e-mail address", "<p><a href=\"/status\">Back</a></p>\n", 422);
    if (auto refused = co_await parts.limits.refuse(request, "mail", *email)) co_return std::move(*refused);
    // Sent afterwards: how long it takes must not tell whether the address is known.
    if (const auto id = co_await watch::ask_to_subscribe(parts.db, *email)) {
        const auto executor = co_await net::this_executor();
        net::spawn(executor, send(parts.mail, question_to(*email, parts.node, *id), request.id));
    }
    co_return page("Look into your mail",
                   "<p>If this address is not known yet, a letter asks whether you mean it.</p>\n"
                   "<p><a href=\"/status\">Back</a></p>\n");
}

/// Programs that look at mail follow links; only a person presses a button.
Response button_page(const Request& request, const char* title, const char* words, const char* button) {
    return page(title, fmt::format("<p>{}</p>\n<form method=\"post\" action=\"{}\">\n<button class=\"button "
                                   "primary\">{}</button>\n</form>\n",
                                   words, escape_html(request.target), button));
}

Response wrong_link() {
    return page("This link is not right", "<p>Take the whole link of the message.</p>\n", 404);
}

std::optional<Uuid> subscriber_of(const StatusParts& parts, const Request& request) {
    const auto id = Uuid::parse(request.query("id").value_or(""));
    if (!id || !watch::is_subscription_key(parts.node.secret, *id, request.query("key").value_or("")))
        return std::nullopt;
    return id;
}

Answer change_subscription(const StatusParts& parts, const Request& request, bool begin) {
    const auto id = subscriber_of(parts, request);
    if (!id) co_return wrong_link();
    if (!begin) {
        co_await watch::remove_subscriber(parts.db, *id);
        co_return page("You hear no more of it", "<p>The address is forgotten.</p>\n");
    }
    const bool known = co_await watch::confirm_subscriber(parts.db, *id);
    if (!known) co_return wrong_link();
    co_return page("You will hear of incidents", "<p>Each letter has a link that ends this.</p>\n");
}

std::optional<int> incident_of(const StatusParts& parts, const Request& request) {
    const auto number = parse_number<int>(request.query("number").value_or(""));
    if (!number || !watch::is_acknowledge_key(parts.node.secret, *number, request.query("key").value_or("")))
        return std::nullopt;
    return number;
}

Answer acknowledge(const StatusParts& parts, const Request& request) {
    const auto number = incident_of(parts, request);
    if (!number) co_return wrong_link();
    const auto around = links(parts.node);
    watch::Actions actions(parts.db, around);
    watch::Actor actor{audit::origin_of(request), "by the link"};
    const auto after =
        co_await actions.acknowledge(std::move(actor), *number, "has it in hand, by the link of a message");
    if (!after) co_return page(after.error().detail, "<p>There is nothing left to do here.</p>\n", 409);
    co_return page(
        fmt::format("Incident {} is yours", *number),
        fmt::format("<p>{}</p>\n<p>Nobody else is told. <a href=\"/admin/incidents?number={}\">Time "
                    "line</a></p>\n",
                    escape_html(after->title), *number));
}

http::RouteOptions everybody(const char* summary) {
    http::RouteOptions options;
    options.access = http::Access::open;
    options.body_limit = 4096;
    options.operation = {summary, "", "", 200};
    return options;
}

void bind_buttons(http::Router& router, const StatusParts& parts) {
    const auto asking = [&](const char* path, const char* summary, const char* title, const char* words,
                            const char* button, auto is_right) {
        router.get(
            path,
            [=](Request& request) -> Answer {
                co_return is_right(parts, request) ? button_page(request, title, words, button)
                                                   : wrong_link();
            },
            everybody(summary));
    };
    const auto is_subscriber = [](const StatusParts& p, const Request& r) {
        return subscriber_of(p, r).has_value();
    };
    asking("/status/confirm", "Asks whether to hear of incidents", "Hear of incidents?",
           "You get a letter when BrainBytes does not work, and when it works again.", "Yes", is_subscriber);
    asking("/status/end", "Asks whether to end that", "Hear no more of incidents?",
           "The address is forgotten.", "End it", is_subscriber);
    asking("/incident", "Asks whether an incident is in hand", "Do you have it in hand?",
           "Nobody else is told then.", "I have it in hand",
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
        "/status", [parts](Request&) -> Answer { co_return status_page(parts); },
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
