#pragma once
#include <utility>

#include "features/accounts/github/client.hpp"
#include "services/secrets/key_ring.hpp"

namespace bb::accounts {

/// Signing in with GitHub, on one loop. The references must outlive it.
struct Github {
    Github(client::HttpClient& http, secrets::KeyRing& ring, GithubOptions given)
        : options(std::move(given)), client(http, options), keys(ring) {}
    Github(const Github&) = delete;

    const GithubOptions options;
    GithubClient client;
    secrets::KeyRing& keys;
};

}  // namespace bb::accounts
