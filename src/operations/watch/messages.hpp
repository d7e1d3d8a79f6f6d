#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/client/http_client.hpp"
#include "operations/watch/contacts.hpp"
#include "operations/watch/incident.hpp"
#include "services/mail/sender.hpp"

namespace bb::watch {

/// Where messages go besides to people; an empty one is not used.
struct Channels {
    std::string webhook;         ///< POST of JSON, signed as standardwebhooks.com says
    std::string webhook_secret;  ///< "whsec_" and base64, or any text
    std::string ntfy;            ///< address of a topic
    std::string slack;           ///< incoming webhook
    std::string alertmanager;    ///< address of an Alertmanager; its API v2 is used
    std::string dead_man;        ///< asked every minute, as long as somebody watches
};

/// What is known where messages are made.
struct Surroundings {
    Contacts contacts;
    std::vector<std::string> administrators;  ///< addresses; they are L1 where no contacts are given
    Channels channels;
    std::string url;      ///< public origin
    std::string secret;   ///< signs links
    std::string release;  ///< that runs
};

/// What a message says of an incident: "opened", "escalated", "overdue", "unanswered", "resolved", "raised",
/// "note", "test", "notice".
struct News {
    std::string event;
    std::string words;
    int level = 1;  ///< those of this level are told; 0: everybody who was told before
};

/// One place that a message goes to.
struct Recipient {
    std::string channel;  ///< "mail", "webhook", "ntfy", "slack", "alertmanager"
    std::string target;   ///< address
    std::string name;     ///< for the time line: no address
};

/// Those of a level who are on duty (0: of every level that was told), and the channels that are set.
std::vector<Recipient> recipients_of(const Surroundings& around, const Incident& incident, int level,
                                     Time now);

/// The payload of a message.
std::string payload_of(const Incident& incident, const News& news, Time now);

/// Puts messages to everybody concerned into the queue, each once: telling the same news again adds nothing.
/// Returns in words who is told.
Task<std::string> tell(db::Transaction& tx, const Surroundings& around, Incident incident, News news,
                       Time now);

/// A message whose turn it is.
struct Message {
    Uuid id;
    std::string channel;
    std::string target;
    std::string payload;  ///< JSON
};

/// What became of it; an empty fault: it arrived.
struct Delivery {
    std::string fault;
};
using Deliver = std::function<Task<Delivery>(const Message&)>;

/// tell(), and a line of it in the incident's time line. Returns in words who is told.
Task<std::string> say(db::Transaction& tx, const Surroundings& around, Incident incident, News news,
                      Time now);

/// Puts a letter to everybody who subscribed to the status page into the queue.
Task<void> tell_subscribers(db::Transaction& tx, Incident incident, std::string words, Time now);

/// Puts a test to everybody who would hear of an incident into the queue; the ids of its messages.
Task<std::vector<Uuid>> tell_test(db::Transaction& tx, const Surroundings& around, Time now);
/// The same with news that is no incident, "event" being "notice"; it goes to people and their channels
/// alone.
Task<std::vector<Uuid>> tell_notice(db::Transaction& tx, const Surroundings& around, std::string title,
                                    std::string words, Time now);

/// What became of messages of a test or notice: "mail to ana", "arrived" or why not; nothing yet: empty.
struct TestOutcome {
    std::string channel, fault;
    bool arrived = false;
    std::string to;  ///< of mail; addresses of channels may hold secrets
};
Task<std::vector<TestOutcome>> outcomes_of(db::Transaction& tx, std::vector<Uuid> messages);

/// Tries what is due on a channel, at most 10 and one after the other, and returns how many there were.
/// Several nodes may do so at once. What is put off is tried again, less and less often, for a day.
Task<int> deliver_due(db::Database& db, std::string channel, Deliver deliver);
/// Each channel by itself: one that hangs holds up no other.
const std::vector<std::string>& channel_names();

/// Sends over the channels.
class Courier {
public:
    Courier(client::HttpClient& http, mail::Sender& mail, const Surroundings& around)
        : http_(http), mail_(mail), around_(around) {}

    Task<Delivery> deliver(Message message);
    /// Tells the outside check that somebody watches.
    Task<Delivery> ping_dead_man();

private:
    Task<Delivery> send_mail(const Message& message);
    Task<Delivery> post(client::Outgoing request);

    client::HttpClient& http_;
    mail::Sender& mail_;
    const Surroundings& around_;
};

/// What there is to say when the database, where messages wait, is away itself.
/// `level`: 1 to 4, as level_after() says.
std::vector<Message> messages_without_database(const Surroundings& around, int level, Time since, Time now);
/// Writes down afterwards that it was away from `since` until `now`, and tells that it is over.
Task<void> note_darkness(db::Database& db, const Surroundings& around, Time since, Time now);

/// The form of a message on its channel; what deliver() sends.
client::Outgoing outgoing_of(const Message& message, const Surroundings& around, Time now);
mail::Message letter_of(const Message& message, const Surroundings& around);

/// "PATH?incident=N&key=K": opens a page with a button that acknowledges.
std::string acknowledge_link(const Surroundings& around, int number);
/// "PATH?id=I&key=K": confirms or ends a subscription.
std::string subscription_link(const Surroundings& around, const Uuid& subscriber, std::string_view what);
bool is_subscription_key(const std::string& secret, const Uuid& subscriber, std::string_view key);
bool is_acknowledge_key(const std::string& secret, int number, std::string_view key);

}  // namespace bb::watch
