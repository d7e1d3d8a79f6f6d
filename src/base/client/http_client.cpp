#include "base/client/http_client.hpp"

#include <stdexcept>

#include "base/client/guarded_client.hpp"
#include "base/client/transfer.hpp"

namespace bb::client {

std::string_view Reply::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

void Abort::abort() {
    aborted_ = true;
    if (wake_) wake_();
}

HttpClient::HttpClient(Executor executor, std::string ca_file)
    : multi_(std::make_shared<Multi>(executor, std::move(ca_file))) {}

HttpClient::~HttpClient() {
    multi_->close();
}

Task<Reply> HttpClient::send(Outgoing request) {
    auto body = std::make_shared<std::string>();
    Sink keep = [body](int, std::string_view piece) {
        body->append(piece);
        return Heard::progress;
    };
    Reply reply = co_await stream(std::move(request), std::move(keep), nullptr);
    reply.body = std::move(*body);
    co_return reply;
}

Task<Reply> HttpClient::stream(Outgoing request, Sink sink, std::shared_ptr<Abort> abort) {
    Transfer transfer(multi_, std::move(request), std::move(sink), std::move(abort));
    Reply reply = co_await transfer.run();
    co_return reply;
}

GuardedClient::GuardedClient(Executor executor, std::string ca_file)
    : multi_(std::make_shared<Multi>(executor, std::move(ca_file))) {}

GuardedClient::~GuardedClient() {
    multi_->close();
}

Task<Reply> GuardedClient::stream(Outgoing request, MayConnect guard, Sink sink,
                                  std::shared_ptr<Abort> abort) {
    if (!guard) throw std::logic_error("a guarded client without a guard");
    Transfer transfer(multi_, std::move(request), std::move(sink), std::move(abort), std::move(guard));
    Reply reply = co_await transfer.run();
    co_return reply;
}

}  // namespace bb::client
