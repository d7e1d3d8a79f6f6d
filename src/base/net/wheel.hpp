#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/net/timer.hpp"

namespace bb::net {

/// Deadlines of many connections on one timer: 50 ms slots, so a deadline is late by up to two slots, never
/// early. Setting and clearing cost a few pointer writes. Used on one loop only.
class TimerWheel {
public:
    /// One deadline. Keep it inside the object it belongs to; destroying it clears it.
    class Node {
    public:
        explicit Node(std::function<void()> expired = {}) : expired_(std::move(expired)) {}
        ~Node() { clear(); }
        Node(const Node&) = delete;
        void clear();
        bool armed() const { return next_ != nullptr; }

    private:
        friend class TimerWheel;
        Node* next_ = nullptr;
        Node* previous_ = nullptr;
        std::uint32_t rounds_ = 0;
        std::function<void()> expired_;
    };

    explicit TimerWheel(Executor executor);
    ~TimerWheel();
    void start();
    void stop();
    /// (Re)arms: `expired` of the node runs once after `delay`.
    void arm(Node& node, std::chrono::milliseconds delay);

private:
    void tick();
    void wait();

    static constexpr std::chrono::milliseconds slot_time{50};
    static constexpr std::size_t slots = 512;
    Timer timer_;
    std::shared_ptr<bool> running_ = std::make_shared<bool>(false);  // outlives the wheel in a queued handler
    std::array<Node, slots> heads_;
    std::size_t now_ = 0;
};

}  // namespace bb::net
