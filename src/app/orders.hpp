#pragma once
#include <signal.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bb::app {

/// What a running server is told: by signals, and by the supervisor that it runs under.
class Orders {
public:
    struct Order {
        bool listen = false;                          ///< else: stop
        std::optional<std::chrono::seconds> drain{};  ///< how long the work under way may take
        std::chrono::seconds idle{0};  ///< how long connections without any may go on, as another serves then
    };

    /// `signals`: blocked in all threads; each means stop. `control`: connected to the supervisor, or -1.
    Orders(const sigset_t& signals, int control);
    ~Orders();
    Orders(const Orders&) = delete;

    bool supervised() const { return control_ >= 0; }
    /// Tells the supervisor a line. No fault when it has gone.
    void tell(std::string_view word, std::string_view detail = {}) const;
    /// Waits for the next order. A supervisor that has gone means stop,
    /// after a moment for connections that are open.
    Order next();

private:
    std::optional<Order> read_order();

    int signals_;
    int control_;
    std::string line_;
};

}  // namespace bb::app
