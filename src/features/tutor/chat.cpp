#include "features/tutor/chat.hpp"

#include <utility>

namespace bb::tutor {
namespace {

constexpr int attempts = 3;  // to begin a reply in a thread that is changed at the same time

Error reply_runs() {
    return Error(ErrorCode::conflict, "A reply is being written in this chat. Wait for it or stop it first.");
}

Error other_text() {
    return bad_field("#/message/id", "is taken by a message with another text");
}

}  // namespace

Task<Result<http::Response>> Chat::send(UserId owner, ChatRequest request, Origin origin,
                                        std::chrono::steady_clock::time_point received) {
    if (request.materials) {
        if (auto bad = co_await threads_.check_materials(owner, *request.materials)) co_return *bad;
    }
    auto seat = replies_.board().take_seat(owner);
    if (!seat) co_return seat.error();
    const auto trigger = request.trigger;
    Sending sending(owner, std::move(request), std::move(*seat), received, std::move(origin));
    const auto question = sending.request.question ? sending.request.question->text : std::string();
    auto tokens = co_await generator_.reserve(owner, question, sending.origin.request);
    if (!tokens) co_return co_await without_tokens(std::move(sending), tokens.error());
    sending.tokens = std::move(*tokens);
    switch (trigger) {
        case Trigger::regenerate:
            co_return co_await regenerate(std::move(sending));
        case Trigger::go_on:
            co_return co_await go_on(std::move(sending));
        case Trigger::submit:
            break;
    }
    co_return co_await submit(std::move(sending));
}

Task<Result<http::Response>> Chat::without_tokens(Sending sending, Error refusal) {
    const auto& asked = sending.request.question;
    if (sending.request.trigger != Trigger::submit || !asked || asked->id.empty()) co_return refusal;
    auto known = co_await messages_.find(sending.owner, sending.request.thread, asked->id);
    if (!known || known->role != "user" || known->text != asked->text) co_return refusal;
    co_return co_await same_reply(sending.owner, known->id);
}

Task<Result<http::Response>> Chat::resume(UserId owner, ThreadId thread) {
    const auto running = co_await replies_.store().running(owner, thread);
    if (running) co_return stream_of(owner, *running);
    const bool mine = co_await replies_.store().owns(owner, thread);
    if (!mine) co_return not_found("chat");
    co_return http::no_content();
}

Task<Result<http::Response>> Chat::submit(Sending sending) {
    NewQuestion question;
    question.client_id = sending.request.question->id;
    question.text = sending.request.question->text;
    question.title = title_from(question.text);
    question.temporary = sending.request.temporary;
    question.only_materials = sending.request.only_materials;
    if (sending.request.message) {
        auto original =
            co_await messages_.find(sending.owner, sending.request.thread, *sending.request.message);
        if (!original) co_return original.error();
        if (original->role != "user") co_return bad_field("#/messageId", "must be one of your own messages");
        // Clients that edit in place send the old id: the new version gets one of its own, unless it was sent
        // before.
        if (question.client_id.empty() || question.client_id == original->client_id) {
            const auto versions = co_await messages_.questions_beside(sending.owner, *original);
            for (const auto& version : versions) {
                if (version.text == question.text)
                    co_return co_await shown_again(sending.owner, sending.request.thread, version);
            }
            question.client_id.clear();
        }
        question.parent = original->parent;
    }
    if (question.client_id.empty()) question.client_id = Uuid::make().text();
    co_return co_await ask(std::move(sending), std::move(question));
}

Task<Result<http::Response>> Chat::ask(Sending sending, NewQuestion question) {
    const auto owner = sending.owner;
    const auto thread = sending.request.thread;
    if (!sending.request.materials)
        sending.ahead = generator_.search_ahead(owner, question.text, sending.origin.request);
    for (int attempt = 0; attempt < attempts; ++attempt) {
        auto begun = co_await exchange_.ask(owner, thread, question, maker());
        if (begun) co_return set_going(std::move(sending), std::move(*begun), std::move(question.text));
        // It may be the same question, sent twice at once: looked up before anything is refused.
        auto known = co_await messages_.find(owner, thread, question.client_id);
        if (known) co_return co_await asked_before(owner, std::move(*known), std::move(question));
        const bool mine = co_await replies_.store().owns(owner, thread);
        if (!mine) co_return not_found("chat");
        const auto running = co_await replies_.store().running(owner, thread);
        if (running) co_return reply_runs();
        // Nothing runs: the thread was changed at the same moment (another branch is shown, or a short reply
        // has come and gone), so there is room now.
    }
    co_return Error(ErrorCode::conflict, "This chat is being changed elsewhere. Try again.");
}

Task<Result<http::Response>> Chat::asked_before(UserId owner, Message known, NewQuestion question) {
    if (known.role != "user" || known.text != question.text) co_return other_text();
    co_return co_await same_reply(owner, known.id);
}

/// Nothing was begun: the thread is busy, or not there for this person.
Task<Result<http::Response>> Chat::refused(UserId owner, ThreadId thread, std::string missing) {
    const bool mine = co_await replies_.store().owns(owner, thread);
    if (mine) co_return reply_runs();
    co_return not_found(missing);
}

Task<Result<http::Response>> Chat::same_reply(UserId owner, MessageId question) {
    const auto reply = co_await replies_.store().newest_reply(owner, question);
    if (!reply) co_return not_found("reply");
    co_return stream_of(owner, *reply);
}

/// A version of a question that was there before is shown from now on, as after a new edit.
Task<Result<http::Response>> Chat::shown_again(UserId owner, ThreadId thread, Message version) {
    const auto reply = co_await replies_.store().newest_reply(owner, version.id);
    if (!reply) co_return not_found("reply");
    auto shown = co_await messages_.switch_branch(owner, thread, version.client_id);
    if (!shown) {
        // The thread shows the reply that runs, which may be this one.
        const auto running = co_await replies_.store().running(owner, thread);
        if (running != reply) co_return shown.error();
    }
    co_return stream_of(owner, *reply);
}

Task<Result<http::Response>> Chat::regenerate(Sending sending) {
    auto question = co_await to_answer(sending.owner, sending.request);
    if (!question) co_return question.error();
    auto begun = co_await exchange_.ask_again(sending.owner, sending.request.thread, question->id, maker());
    if (!begun) co_return co_await refused(sending.owner, sending.request.thread, "chat");
    // The history ends with the question itself.
    if (!begun->history.empty()) begun->history.pop_back();
    co_return set_going(std::move(sending), std::move(*begun), std::move(question->text));
}

Task<Result<Message>> Chat::to_answer(UserId owner, ChatRequest request) {
    if (request.message || (request.question && !request.question->id.empty())) {
        const auto id = request.message ? *request.message : request.question->id;
        auto named = co_await messages_.find(owner, request.thread, id);
        if (!named || named->role == "user") co_return named;
        if (!named->parent) co_return not_found("message");
        co_return co_await messages_.by_id(owner, *named->parent);
    }
    const auto last = co_await messages_.last(owner, request.thread);
    if (!last) co_return not_found("message");
    if (last->role == "user") co_return *last;
    co_return co_await messages_.by_id(owner, *last->parent);
}

Task<Result<http::Response>> Chat::go_on(Sending sending) {
    const auto thread = sending.request.thread;
    std::optional<Message> reply;
    if (sending.request.message) {
        auto named = co_await messages_.find(sending.owner, thread, *sending.request.message);
        if (!named) co_return named.error();
        reply = std::move(*named);
    } else {
        reply = co_await messages_.last(sending.owner, thread);
        if (!reply) co_return not_found("message");
    }
    if (reply->role != "assistant") co_return bad_field("#/messageId", "must be a reply");
    if (reply->state == ReplyState::streaming) co_return reply_runs();
    auto begun = co_await exchange_.go_on(sending.owner, thread, reply->id, maker());
    if (!begun && begun.error() == BeginFault::taken) co_return reply_runs();
    if (!begun)
        co_return Error(ErrorCode::conflict,
                        "Only an unfinished reply at the end of a chat can be continued.");
    std::string question;
    if (!begun->history.empty()) {
        question = std::move(begun->history.back().text);
        begun->history.pop_back();
    }
    co_return set_going(std::move(sending), std::move(*begun), std::move(question));
}

http::Response Chat::set_going(Sending sending, Begun begun, std::string question) {
    ReplyHead head;
    head.id = begun.reply;
    head.thread = sending.request.thread;
    head.owner = sending.owner;
    head.client_id = begun.client_id;
    const auto made_by = maker();
    head.mode = made_by.mode;
    head.model = made_by.model;
    head.created_at = begun.created_at;
    head.origin = std::move(sending.origin);
    const auto reply = begun.reply;

    Job job;
    job.live = replies_.open(std::move(head), std::move(begun.text), std::move(begun.sources),
                             std::move(sending.seat));
    job.question = std::move(question);
    job.history = std::move(begun.history);
    job.chosen = begun.chosen;
    job.materials = std::move(begun.materials);
    job.only_materials = begun.only_materials;
    job.choose = std::move(sending.request.materials);
    job.language = std::move(begun.language);
    job.untitled = begun.untitled;
    job.ahead = std::move(sending.ahead);
    job.tokens = std::move(sending.tokens);
    job.received = sending.received;
    generator_.begin(std::move(job));
    return stream_of(sending.owner, reply);
}

http::Response Chat::stream_of(UserId owner, MessageId reply) {
    auto& replies = replies_;
    return http::event_stream([&replies, owner, reply](std::shared_ptr<http::EventStream> stream) {
        replies.follow(owner, reply, std::move(stream));
    });
}

Maker Chat::maker() const {
    Maker maker;
    maker.boot = replies_.board().boot();
    maker.mode = generator_.mode();
    maker.model = generator_.model();
    return maker;
}

}  // namespace bb::tutor
