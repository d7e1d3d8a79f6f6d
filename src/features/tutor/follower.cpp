#include "features/tutor/follower.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace bb::tutor {
namespace {

namespace asio = boost::asio;

class Local : public Follower {
public:
    Local(metrics::Gauge count, std::shared_ptr<http::EventStream> stream)
        : count_(std::move(count)), stream_(std::move(stream)) {}

    bool write(const std::string& bytes, bool urgent) override {
        return urgent ? stream_->write_now(bytes) : stream_->write(bytes);
    }
    void close() override { stream_->close(); }
    void on_gone(std::function<void()> gone) override { stream_->on_gone(std::move(gone)); }

private:
    Counted count_;
    std::shared_ptr<http::EventStream> stream_;
};

/// The stream is touched, and let go, only by what is posted to its own loop.
class Relay : public Follower, public std::enable_shared_from_this<Relay> {
public:
    Relay(metrics::Gauge count, Executor here, Executor there, std::shared_ptr<http::EventStream> stream)
        : count_(std::move(count)), here_(here), there_(there), stream_(std::move(stream)) {}
    ~Relay() override {
        asio::post(there_, [stream = std::move(stream_)] {});
    }

    bool write(const std::string& bytes, bool urgent) override {
        if (gone_) return false;
        asio::post(there_, [stream = stream_, bytes, urgent] {
            if (urgent) {
                stream->write_now(bytes);
            } else {
                stream->write(bytes);
            }
        });
        return true;
    }
    void close() override {
        asio::post(there_, [stream = stream_] { stream->close(); });
    }
    void on_gone(std::function<void()> gone) override {
        callback_ = std::move(gone);
        asio::post(there_, [self = shared_from_this()]() mutable {
            auto stream = self->stream_;
            std::weak_ptr<Relay> weak = self;
            const auto here = self->here_;
            stream->on_gone([weak, here] {
                asio::post(here, [weak] {
                    if (const auto relay = weak.lock()) relay->lose();
                });
            });
            // `self` may be the last owner: its destructor is safe on either loop.
        });
    }

private:
    void lose() {
        gone_ = true;
        if (const auto callback = std::exchange(callback_, {})) callback();
    }

    Counted count_;
    Executor here_;
    Executor there_;
    std::shared_ptr<http::EventStream> stream_;
    std::function<void()> callback_;
    bool gone_ = false;
};

}  // namespace

std::shared_ptr<Follower> local_follower(metrics::Gauge count, std::shared_ptr<http::EventStream> stream) {
    return std::make_shared<Local>(std::move(count), std::move(stream));
}

std::shared_ptr<Follower> relay_follower(metrics::Gauge count, Executor here, Executor there,
                                         std::shared_ptr<http::EventStream> stream) {
    return std::make_shared<Relay>(std::move(count), here, there, std::move(stream));
}

}  // namespace bb::tutor
