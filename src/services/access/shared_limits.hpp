#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/config/rates.hpp"
#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/request.hpp"
#include "base/http/response.hpp"
#include "services/access/refusals.hpp"

namespace bb::access {

/// Limits that all nodes count together, in the database: those of signing in, and of a person (PersonLimit),
/// where several nodes must not mean several times as many tries. They know nothing of accounts, so their
/// answers tell nothing of them.
class SharedLimits {
public:
    SharedLimits(db::Database& db, config::Rates rates, metrics::Registry& metrics)
        : db_(db), rates_(std::move(rates)), metrics_(metrics) {
        for (const char* limit : {"mail-network", "mail-address", "try-network", "try-address"})
            refusals(metrics, limit);  // shown from the start
    }

    /// What a request is about: "mail" or "try". Takes a token of the client's network, and one of `address`
    /// unless that is empty. The answer when there was none. Throws db::Unavailable.
    Task<std::optional<http::Response>> refuse(const http::Request& request, std::string what,
                                               std::string address = {});
    /// The owner of `address` has proved to be it: its buckets are full again.
    Task<void> forgive(std::string address);

    /// Takes a token of `key`: seconds until there is one, 0 when it was taken.
    Task<int> take(std::string limit, std::string key);

private:
    db::Database& db_;
    config::Rates rates_;
    metrics::Registry& metrics_;
};

/// Forgets buckets that are full again.
Task<void> sweep_limits(db::Database& db);

}  // namespace bb::access
