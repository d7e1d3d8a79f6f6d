#pragma once
// For the files of this folder alone: nobody else sees libcurl.
#include <memory>
#include <string>
#include <string_view>

#include "base/client/guarded_client.hpp"
#include "base/client/http_client.hpp"
#include "base/client/multi.hpp"

namespace bb::client {

/// One request on its way: owns the handle, and takes it from the multi whatever ends the coroutine.
class Transfer : private Listener {
public:
    /// `guard`: of a GuardedClient; none: every address may be connected to.
    Transfer(std::shared_ptr<Multi> multi, Outgoing request, Sink sink, std::shared_ptr<Abort> abort,
             MayConnect guard = {});
    ~Transfer() override;
    Transfer(const Transfer&) = delete;

    Task<Reply> run();

private:
    using Clock = std::chrono::steady_clock;

    void on_finished(CURLcode code) override;
    void on_closed() override;
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
    static curl_socket_t on_connect(void* self, curlsocktype purpose, curl_sockaddr* address);
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);

    bool sendable() const;
    bool is_miscoded(const std::string& name, std::string_view value);
    void prepare();
    void prepare_body();
    void prepare_route();
    void prepare_guard();
    bool deliver();
    void drop_sent_body();
    bool interrupted() const;
    Clock::time_point deadline() const;
    void finish();
    void fail(Failure failure, std::string detail);

    std::shared_ptr<Multi> multi_;
    Outgoing request_;
    Sink sink_;
    std::shared_ptr<Abort> abort_;
    MayConnect guard_;
    EasyHandle easy_;
    HeaderList headers_;
    HeaderList routes_;
    net::Timer wake_;
    Reply reply_;
    std::string arrived_;
    std::size_t received_ = 0;
    int codings_ = 0;  // of the body, also by interim responses: libcurl counts them too
    Clock::time_point started_;
    Clock::time_point progressed_;
    bool any_progress_ = false;
    bool added_ = false;
    bool paused_ = false;
    bool too_large_ = false;
    bool done_ = false;
    CURLcode code_ = CURLE_OK;
    char error_[CURL_ERROR_SIZE] = "";
};

}  // namespace bb::client
