#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "app/file_places.hpp"
#include "app/maintenance.hpp"
#include "app/readings_statements.hpp"
#include "app/shared_assets.hpp"
#include "base/client/mailer.hpp"
#include "base/config/config.hpp"
#include "base/core/metrics.hpp"
#include "base/http/body_budget.hpp"
#include "base/net/address.hpp"
#include "base/net/pool.hpp"
#include "features/materials/resumable/running.hpp"
#include "features/materials/vectors/nearest.hpp"
#include "features/tutor/reply_board.hpp"
#include "operations/watch/status.hpp"
#include "services/access/request_limits.hpp"
#include "services/blobs/stores.hpp"
#include "services/llm/circuit.hpp"
#include "services/telemetry/spans.hpp"

namespace bb::net {
class TlsIdentity;
}

namespace bb::app {

/// What all loops of this process share. Everything here is safe from any thread.
struct Node {
    /// `data`: absolute path of the data folder, which exists.
    Node(config::Config settings, const std::string& data)
        : config(std::move(settings)),
          data_folder(data),
          assets(data),
          files(stores_of(config, data)),
          rates(access::rates_of(config.text("BRAINBYTES_RATE_LIMITS"))) {}

    config::Config config;
    std::string data_folder;
    SharedAssets assets;  // of other releases
    std::shared_ptr<const blobs::Stores> files;
    metrics::Registry metrics;
    config::Rates rates;  // of every limit
    access::RequestLimits limits{rates, metrics};
    std::unique_ptr<telemetry::Spans> spans;  // null: no collector is configured
    net::BlockingPool pool{2};
    net::BlockingPool readings_pool{1};  // a disk that hangs must not hold up requests
    net::BlockingPool file_pool{4};      // a bucket that hangs must not hold up requests either
    net::BlockingPool file_readers{2};   // one thread waits for each uploaded file that is being read
    client::Mailer mailer{config.text("SSL_CERT_FILE")};
    std::shared_ptr<http::BodyBudget> bodies;  // an eighth of the memory
    tutor::ReplyBoard replies;
    materials::RunningUploads uploads;
    llm::Circuit circuit;                            // of the one model server that all loops call
    llm::Circuit embedding_circuit;                  // of the one embedding server
    materials::vectors::VectorCache vectors;         // of the people who searched last
    std::atomic<std::int64_t> passages_waiting{-1};  // for a vector, as last counted; -1: not known
    std::string conninfo;                            // of the database
    Statistics statistics;                           // of its statements
    std::string home_name;                           // tutor::home_name()
    std::string url;                                 // public origin, without a slash at the end
    std::string secret;  // keys the hashes of sign-in codes; the same on every node
    std::string policy;  // Content-Security-Policy
    net::NetworkList trusted_proxies;
    std::shared_ptr<net::TlsIdentity> tls;  // null: TLS ends elsewhere, or nowhere
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    /// Hands a notification to every loop of this process at once, without the round trip through the
    /// database.
    std::function<void(std::string channel, std::string payload)> announce;
    int threads = 1;
    std::atomic<bool> draining{false};
    std::atomic<int> taking_questions{0};  // loops that still answer new ones while this process drains
    std::atomic<bool> ending{false};       // nobody waits for a bucket any more
    std::atomic<std::shared_ptr<const Maintenance>> maintenance;  // null: the doors are open
    std::atomic<std::shared_ptr<const watch::Status>> status;     // as last seen; null: not yet
    std::atomic<bool> hears_notifications{false};
    std::atomic<int> schema{0};  // number of the database's newest migration, as last seen; 0: not known
    std::atomic<bool> schema_fits{true};  // this program runs on it
};

}  // namespace bb::app
