#include "base/net/wheel.hpp"

namespace bb::net {

void TimerWheel::Node::clear() {
    if (!next_) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
}

TimerWheel::TimerWheel(Executor executor) : timer_(executor) {
    for (Node& head : heads_) head.next_ = head.previous_ = &head;
}

TimerWheel::~TimerWheel() {
    stop();
}

void TimerWheel::start() {
    *running_ = true;
    timer_.expires_after(slot_time);
    wait();
}

void TimerWheel::stop() {
    *running_ = false;
    timer_.cancel();
}

void TimerWheel::wait() {
    timer_.async_wait([this, running = running_](boost::system::error_code stopped) {
        if (stopped || !*running) return;
        tick();
        if (!*running) return;
        timer_.expires_at(timer_.expiry() + slot_time);
        wait();
    });
}

void TimerWheel::arm(Node& node, std::chrono::milliseconds delay) {
    node.clear();
    // One slot more than the delay has: the next tick may come at once.
    const auto rounded = (delay + slot_time - std::chrono::milliseconds(1)) / slot_time;
    const auto ticks = static_cast<std::size_t>(std::max<std::int64_t>(0, rounded) + 1);
    Node& head = heads_[(now_ + ticks) % slots];
    node.rounds_ = static_cast<std::uint32_t>((ticks - 1) / slots);
    node.previous_ = head.previous_;
    node.next_ = &head;
    head.previous_->next_ = &node;
    head.previous_ = &node;
}

void TimerWheel::tick() {
    now_ = (now_ + 1) % slots;
    Node& head = heads_[now_];
    // Expired nodes are moved to a list of their own first: a callback may arm, clear or destroy any node.
    Node expired;
    expired.next_ = expired.previous_ = &expired;
    for (Node* node = head.next_; node != &head;) {
        Node* next = node->next_;
        if (node->rounds_ > 0) {
            --node->rounds_;
        } else {
            node->clear();
            node->previous_ = expired.previous_;
            node->next_ = &expired;
            expired.previous_->next_ = node;
            expired.previous_ = node;
        }
        node = next;
    }
    while (expired.next_ != &expired) {
        Node* node = expired.next_;
        node->clear();
        if (node->expired_) {
            const auto callback = node->expired_;
            callback();
        }
    }
}

}  // namespace bb::net
