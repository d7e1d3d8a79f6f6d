#include <fmt/format.h>

#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "operations/watch/messages.hpp"

namespace bb::watch {
namespace {

namespace js = boost::json;

/// What a payload says, as text.
class Payload {
public:
    explicit Payload(const std::string& text) {
        auto parsed = parse_json(text);
        if (!parsed || !parsed->is_object()) throw std::runtime_error("a message that cannot be read");
        root_ = std::move(parsed->get_object());
    }

    std::string text(const char* name) const { return text_in(root_, name); }
    std::string of_incident(const char* name) const {
        return text_in(root_.at("incident").as_object(), name);
    }
    int number() const { return static_cast<int>(root_.at("incident").at("number").to_number<int>()); }
    bool resolved() const { return text("event") == "resolved"; }

    std::string subject() const {
        const auto event = text("event");
        const auto word = event == "opened"      ? "New incident"
                          : event == "escalated" ? "Nobody answered yet"
                          : event == "overdue"   ? "Answer overdue"
                          : event == "resolved"  ? "Over"
                          : event == "raised"    ? "Worse"
                          : event == "test"      ? "Test"
                                                 : "Incident";
        if (event == "public" || event == "notice") return "BrainBytes: " + of_incident("title");
        return fmt::format("[{}] {}: {} (#{})", of_incident("severity"), word, of_incident("title"),
                           number());
    }

private:
    static std::string text_in(const js::object& object, const char* name) {
        const auto* value = object.if_contains(name);
        return value && value->is_string() ? std::string(value->get_string()) : std::string();
    }

    js::object root_;
};

std::string page_of(const Surroundings& around, int number) {
    return fmt::format("{}/admin/incidents?number={}", around.url, number);
}

/// For who subscribed to the status page: nothing that lets them act.
std::string public_text_of(const Payload& payload, const Surroundings& around) {
    const auto subscriber = Uuid::parse(payload.text("subscriber")).value_or(Uuid());
    return fmt::format("{}\n\n{}\n\nHow it stands: {}/status\nNo more of these: {}\n",
                       payload.of_incident("title"), payload.text("words"), around.url,
                       subscription_link(around, subscriber, "end"));
}

std::string text_of(const Payload& payload, const Surroundings& around) {
    if (payload.text("event") == "public") return public_text_of(payload, around);
    auto text = payload.text("words") + "\n\n";
    if (payload.number() == 0) return text;  // a test, or it cannot be written down yet
    if (!payload.resolved()) {
        text += fmt::format("Severity {}: {}.\n", payload.of_incident("severity"),
                            payload.of_incident("decision"));
        text += "I have it in hand: " + acknowledge_link(around, payload.number()) + "\n";
    }
    return text + "Time line: " + page_of(around, payload.number()) + "\n";
}

client::Outgoing json_to(const std::string& url, std::string body) {
    client::Outgoing request("POST", url);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    return request;
}

/// A header's value has no line breaks.
std::string on_one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return text;
}

/// "whsec_" and base64 as others make them, or any text.
std::string signing_key(const std::string& secret) {
    constexpr std::string_view mark = "whsec_";
    if (!secret.starts_with(mark)) return secret;
    return crypto::from_base64(std::string_view(secret).substr(mark.size())).value_or(secret);
}

/// standardwebhooks.com: the signature is over "ID.TIMESTAMP.BODY".
client::Outgoing webhook(const Message& message, const Payload& payload, const Surroundings& around,
                         Time now) {
    JsonWriter json;
    json.object().field("type", "incident." + payload.text("event")).field("timestamp", now);
    json.key("data").raw(message.payload);
    json.field("url", page_of(around, payload.number())).end();
    auto request = json_to(message.target, json.take());
    const auto at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const auto id = "msg_" + message.id.text();
    request.headers.emplace_back("webhook-id", id);
    request.headers.emplace_back("webhook-timestamp", fmt::to_string(at));
    if (const auto& secret = around.channels.webhook_secret; !secret.empty()) {
        const auto mac =
            crypto::hmac_sha256(signing_key(secret), fmt::format("{}.{}.{}", id, at, request.body));
        request.headers.emplace_back("webhook-signature", "v1," + crypto::base64(mac));
    }
    return request;
}

client::Outgoing ntfy(const Message& message, const Payload& payload, const Surroundings& around) {
    client::Outgoing request("POST", message.target);
    const auto severity = payload.of_incident("severity");
    request.headers.emplace_back("Title", on_one_line(payload.subject()));
    request.headers.emplace_back("Priority", payload.resolved() ? "default"
                                             : severity == "P0" ? "urgent"
                                             : severity == "P1" ? "high"
                                                                : "default");
    request.headers.emplace_back("Tags", payload.resolved() ? "white_check_mark" : "rotating_light");
    if (payload.number() > 0)
        request.headers.emplace_back("Click", payload.resolved()
                                                  ? page_of(around, payload.number())
                                                  : acknowledge_link(around, payload.number()));
    request.body = payload.text("words");
    return request;
}

client::Outgoing slack(const Message& message, const Payload& payload, const Surroundings& around) {
    JsonWriter json;
    // Slack's own escapes: else a title could call everybody ("<!channel>").
    std::string text;
    for (const char c : payload.subject() + "\n" + text_of(payload, around))
        text += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    json.object().field("text", text).end();
    return json_to(message.target, json.take());
}

/// Alertmanager's API v2. Labels are what an alert is known by: each severity is one of its own, so that what
/// has become worse ends the milder one. What is not said to be over ends by itself there; we say it, so that
/// end is far, but for a test.
client::Outgoing alertmanager(const Message& message, const Payload& payload, const Surroundings& around,
                              Time now) {
    const auto group = payload.of_incident("alarms");
    const auto current = payload.of_incident("severity");
    const Time far(now +
                   (payload.text("event") == "test" ? std::chrono::minutes(1) : std::chrono::hours(24 * 30)));
    JsonWriter json;
    json.array();
    for (const auto* severity : {"P0", "P1", "P2", "P3"}) {
        const bool on = severity == current && !payload.resolved();
        json.object().key("labels").object().field("severity", severity);
        json.field("alertname", group.empty() ? fmt::format("incident-{}", payload.number()) : group);
        json.field("component", payload.of_incident("component")).field("service", "brainbytes").end();
        json.key("annotations").object().field("summary", payload.of_incident("title"));
        json.field("description", payload.text("words")).end();
        json.field("startsAt", payload.of_incident("openedAt")).field("endsAt", on ? far : now);
        json.field("generatorURL", page_of(around, payload.number())).end();
    }
    auto url = message.target;
    while (url.ends_with('/')) url.pop_back();
    return json_to(url + "/api/v2/alerts", json.end().take());
}

std::string key_of(const std::string& secret, int number) {
    return crypto::hex(crypto::hmac_sha256(secret, fmt::format("acknowledge incident {}", number)))
        .substr(0, 32);
}

std::string subscription_key(const std::string& secret, const Uuid& subscriber) {
    return crypto::hex(crypto::hmac_sha256(secret, "status subscriber " + subscriber.text())).substr(0, 32);
}

}  // namespace

std::string acknowledge_link(const Surroundings& around, int number) {
    return fmt::format("{}/incident?number={}&key={}", around.url, number, key_of(around.secret, number));
}

std::string subscription_link(const Surroundings& around, const Uuid& subscriber, std::string_view what) {
    return fmt::format("{}/status/{}?id={}&key={}", around.url, what, subscriber.text(),
                       subscription_key(around.secret, subscriber));
}

bool is_subscription_key(const std::string& secret, const Uuid& subscriber, std::string_view key) {
    return crypto::equal(subscription_key(secret, subscriber), key);
}

bool is_acknowledge_key(const std::string& secret, int number, std::string_view key) {
    return crypto::equal(key_of(secret, number), key);
}

client::Outgoing outgoing_of(const Message& message, const Surroundings& around, Time now) {
    const Payload payload(message.payload);
    auto request = message.channel == "webhook" ? webhook(message, payload, around, now)
                   : message.channel == "ntfy"  ? ntfy(message, payload, around)
                   : message.channel == "slack" ? slack(message, payload, around)
                                                : alertmanager(message, payload, around, now);
    request.deadlines.whole = std::chrono::seconds(10);
    request.max_bytes = 64 << 10;
    return request;
}

mail::Message letter_of(const Message& message, const Surroundings& around) {
    const Payload payload(message.payload);
    const auto text = text_of(payload, around);
    mail::Message letter;
    letter.to = message.target;
    letter.subject = payload.subject();
    letter.text = text;
    letter.html = "<!doctype html><html lang=\"en\"><body><pre style=\"font:inherit;white-space:pre-wrap\">" +
                  mail::escape_html(text) + "</pre></body></html>";
    letter.id = message.id.text();
    return letter;
}

Task<Delivery> Courier::deliver(Message message) {
    try {
        if (message.channel == "mail") co_return co_await send_mail(message);
        auto request = outgoing_of(message, around_, now());
        co_return co_await post(std::move(request));
    } catch (const std::exception& fault) {
        co_return Delivery{fault.what()};
    }
}

Task<Delivery> Courier::send_mail(const Message& message) {
    auto letter = letter_of(message, around_);
    const auto outcome = co_await mail_.try_once(std::move(letter));
    co_return Delivery{outcome.delivered ? std::string() : outcome.detail};
}

Task<Delivery> Courier::post(client::Outgoing request) {
    const auto reply = co_await http_.send(std::move(request));
    if (reply.failure) co_return Delivery{reply.detail};
    if (reply.status / 100 != 2) co_return Delivery{fmt::format("it answered {}", reply.status)};
    co_return Delivery{};
}

Task<Delivery> Courier::ping_dead_man() {
    if (around_.channels.dead_man.empty()) co_return Delivery{};
    client::Outgoing request("GET", around_.channels.dead_man);
    request.deadlines.whole = std::chrono::seconds(10);
    co_return co_await post(std::move(request));
}

}  // namespace bb::watch
