#include "app/readings.hpp"

#include "app/readings_audit.hpp"
#include "app/readings_database.hpp"
#include "app/readings_machine.hpp"
#include "app/readings_statements.hpp"
#include "app/readings_uses.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"

namespace bb::app {
namespace {

constexpr std::chrono::minutes every{1};
constexpr int slow_every = 60;  // rounds

/// Everything that is read, each by itself: one that fails leaves the others alone.
struct Readings {
    explicit Readings(Node& shared)
        : node(shared),
          machine(shared.metrics, places_of(shared.config, shared.data_folder)),
          statements(shared.metrics, shared.statistics),
          database(database_readings(shared.metrics)),
          slow(slow_readings(shared.metrics)),
          uses(shared.metrics),
          audit(shared.metrics, shared.home_name) {}

    Task<void> round(db::Database& db, int number) {
        uses.read();
        co_await on_pool([this]() { machine.read(); });
        for (auto& reading : database) co_await reading.read(db);
        if (number % slow_every == 0)
            for (auto& reading : slow) co_await reading.read(db);
        co_await audit.read(db);
        co_await on_pool([this]() { statements.read(); });
    }

    template <class Work>
    Task<void> on_pool(Work work) {
        try {
            co_await node.readings_pool.run(std::move(work));
        } catch (const std::exception& fault) {
            log::warn("figures of the machine not read", {{"reason", fault.what()}});
        }
    }

    Node& node;
    MachineReadings machine;
    StatementReadings statements;
    std::vector<RowReading> database, slow;
    UseReadings uses;
    AuditReadings audit;
};

}  // namespace

Task<void> keep_reading(Node& node, db::Database& db) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    Readings readings(node);
    for (int round = 0; state.cancelled() == boost::asio::cancellation_type::none; ++round) {
        co_await readings.round(db, round);
        co_await net::sleep_for(every);
    }
}

}  // namespace bb::app
