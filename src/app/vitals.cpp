#include "app/vitals.hpp"

#include <optional>

#include "base/core/log.hpp"
#include "base/db/schema_number.hpp"
#include "base/db/schema_range.hpp"
#include "base/net/timer.hpp"

namespace bb::app {
namespace {

constexpr std::chrono::seconds publish_every{1};
constexpr int schema_every = 5;  // rounds

struct Gauges {
    Gauges(metrics::Registry& registry, int loop)
        : pipelines(connections(registry, loop, "pipeline")),
          transactions(connections(registry, loop, "transaction")),
          idle(connections(registry, loop, "idle")),
          statements(registry.gauge("brainbytes_db_statements_in_flight", "Statements sent and not answered",
                                    {{"loop", std::to_string(loop)}})),
          waiting(registry.gauge("brainbytes_db_transactions_waiting",
                                 "Transactions that wait for a connection",
                                 {{"loop", std::to_string(loop)}})) {}

    static metrics::Gauge connections(metrics::Registry& registry, int loop, const char* use) {
        return registry.gauge("brainbytes_db_connections", "Connections to the database by what they do",
                              {{"loop", std::to_string(loop)}, {"use", use}});
    }

    void publish(const db::Database::Load& load) {
        pipelines.set(static_cast<double>(load.pipelines));
        transactions.set(static_cast<double>(load.transactions));
        idle.set(static_cast<double>(load.idle));
        statements.set(static_cast<double>(load.statements));
        waiting.set(static_cast<double>(load.waiting));
    }

    metrics::Gauge pipelines, transactions, idle, statements, waiting;
};

/// What the first loop says of the whole process.
struct State {
    explicit State(metrics::Registry& registry)
        : ready(registry.gauge("brainbytes_ready", "1: ready for traffic, as /readyz says")),
          database(registry.gauge("brainbytes_database_up", "1: connected to the database")),
          model(registry.gauge("brainbytes_model_up",
                               "1: the model answers, or none is configured; 0: calls are refused for now")) {
    }

    void publish(const Node& node, const db::Database& db) {
        const bool connected = db.ready();
        ready.set(connected && node.schema_fits && !node.draining ? 1 : 0);
        database.set(connected ? 1 : 0);
        model.set(node.circuit.state(std::chrono::steady_clock::now()) == "unavailable" ? 0 : 1);
    }

    metrics::Gauge ready, database, model;
};

Task<void> read_schema(Node& node, db::Database& db) {
    try {
        const auto schema = co_await db::schema_number(db);
        node.schema_fits = schema.fits;
        const int before = node.schema.exchange(schema.number);
        if (before != schema.number && !schema.fits)
            log::error("schema does not fit this program",
                       {{"schema", schema.number}, {"newest", db::schema_max}});
    } catch (const db::Unavailable&) {
        // Readiness says so already.
    } catch (const db::SqlError& failure) {
        log::warn("schema number not read", {{"reason", failure.what()}});
    }
}

/// An unreadable file leaves the doors as they are.
void read_maintenance(Node& node) {
    const auto before = node.maintenance.load();
    try {
        const auto current = maintenance_of(node.data_folder);
        if (before ? current == *before : !current) return;
        node.maintenance = current ? std::make_shared<const Maintenance>(*current) : nullptr;
        log::warn(current ? "maintenance has begun" : "maintenance is over",
                  {{"reason", current ? current->reason : before->reason}});
    } catch (const std::exception& fault) {
        log::warn("maintenance not read", {{"reason", fault.what()}});
    }
}

}  // namespace

Task<void> watch_vitals(Node& node, db::Database& db, int loop) {
    Gauges gauges(node.metrics, loop);
    std::optional<State> state;
    if (loop == 0) state.emplace(node.metrics);
    for (int round = 0;; ++round) {
        gauges.publish(db.load());
        if (state) state->publish(node, db);
        if (loop == 0) read_maintenance(node);
        if (loop == 0 && (node.schema == 0 || round % schema_every == 0)) co_await read_schema(node, db);
        co_await net::sleep_for(publish_every);
    }
}

}  // namespace bb::app
