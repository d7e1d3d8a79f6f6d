#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "operations/dns/change.hpp"
#include "operations/dns/failover.hpp"

namespace bb::dns {

/// What is asked of both hosts: by https to the host's own address, with the record's name as the host's
/// name.
struct Probe {
    std::string path = "/readyz";
    int port = 0;        ///< 0: the usual one
    bool plain = false;  ///< http instead
    std::string ca_file;
};

/// What `dns failover` does.
struct WatchPlan {
    std::string name;
    Target primary, secondary;
    Probe probe;
    FailoverRules rules;
    std::chrono::seconds every{10};
    std::chrono::seconds time{0};  ///< ends after it; zero: never by itself
    std::int64_t ttl = 60;         ///< a higher one is lowered before anything happens
    bool once = false;             ///< ends as soon as it is clear whether the record moves
    bool dry_run = false;
    /// An event ("looked", "lowered", "moved", "would move", "failed", "ended"), and a sentence.
    std::function<void(std::string_view event, std::string_view detail)> say;
};

/// Watches and moves until the plan's end. Errors: what keeps it from beginning; conflict when the record
/// points to neither host; unavailable when it ends while the host that the record points to is failing.
Result<void> watch(const Cloudflare& cloudflare, const WatchPlan& plan, const LastChange& last);

/// Asks one host.
Answer ask(const std::string& name, const Target& host, const Probe& probe, std::chrono::milliseconds limit);

}  // namespace bb::dns
