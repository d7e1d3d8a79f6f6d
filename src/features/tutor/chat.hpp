#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/http/response.hpp"
#include "features/tutor/chat_request.hpp"
#include "features/tutor/exchange.hpp"
#include "features/tutor/generator.hpp"
#include "features/tutor/messages.hpp"
#include "features/tutor/replies.hpp"
#include "features/tutor/threads.hpp"

namespace bb::tutor {

/// Sending a question: stores it with its empty reply, sets the reply going and gives its stream back.
class Chat {
public:
    Chat(db::Database& db, Replies& replies, Generator& generator)
        : replies_(replies), generator_(generator), threads_(db), messages_(db), exchange_(db) {}

    /// `received` is when the request came in. Errors: not_found, conflict while a reply runs, invalid_input,
    /// rate_limited (too many replies are written, or no tokens are left) and unavailable.
    Task<Result<http::Response>> send(UserId owner, ChatRequest request, Origin origin,
                                      std::chrono::steady_clock::time_point received);
    /// The stream of the reply that runs in the thread, or 204. Errors: not_found.
    Task<Result<http::Response>> resume(UserId owner, ThreadId thread);

private:
    struct Sending {
        UserId owner;
        ChatRequest request;
        ReplyBoard::Seat seat;
        std::chrono::steady_clock::time_point received;
        std::shared_ptr<SearchAhead> ahead;  // may be null
        access::TokenBudget::Reservation tokens;
        Origin origin;

        Sending(UserId owner, ChatRequest request, ReplyBoard::Seat seat,
                std::chrono::steady_clock::time_point received, Origin origin)
            : owner(owner),
              request(std::move(request)),
              seat(std::move(seat)),
              received(received),
              origin(std::move(origin)) {}
    };
    Task<Result<http::Response>> submit(Sending sending);
    Task<Result<http::Response>> regenerate(Sending sending);
    Task<Result<http::Response>> go_on(Sending sending);

    /// A send beyond the budget: the reply, when it is one that was there already, or the refusal.
    Task<Result<http::Response>> without_tokens(Sending sending, Error refusal);
    Task<Result<http::Response>> ask(Sending sending, NewQuestion question);
    Task<Result<http::Response>> asked_before(UserId owner, Message known, NewQuestion question);
    Task<Result<http::Response>> refused(UserId owner, ThreadId thread, std::string missing);
    Task<Result<http::Response>> same_reply(UserId owner, MessageId question);
    Task<Result<http::Response>> shown_again(UserId owner, ThreadId thread, Message version);
    /// The question that a further reply answers.
    Task<Result<Message>> to_answer(UserId owner, ChatRequest request);
    http::Response set_going(Sending sending, Begun begun, std::string question);
    http::Response stream_of(UserId owner, MessageId reply);
    Maker maker() const;

    Replies& replies_;
    Generator& generator_;
    Threads threads_;
    Messages messages_;
    Exchange exchange_;
};

}  // namespace bb::tutor
