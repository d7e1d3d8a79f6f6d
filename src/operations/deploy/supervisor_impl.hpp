#pragma once
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <optional>
#include <set>
#include <utility>

#include "operations/deploy/supervisor.hpp"

namespace bb::deploy {

using LocalSocket = boost::asio::basic_stream_socket<boost::asio::local::stream_protocol, Executor>;
using LocalAcceptor = boost::asio::basic_socket_acceptor<boost::asio::local::stream_protocol, Executor>;

/// What runs while no release is installed: the supervisor's own program.
inline constexpr const char* no_release = "program";

/// The answer to a request that cannot be granted.
std::string refusal(std::string_view why);
std::string agreed();

/// All on one loop. supervisor.cpp: servers and changes; supervisor_requests.cpp: the control socket.
struct Supervisor::Impl : std::enable_shared_from_this<Impl> {
    Impl(Executor on, Options given)
        : executor(on),
          options(std::move(given)),
          kept(options.data / "releases"),
          ledger(options.data / "releases" / "ledger.jsonl"),
          acceptor(on) {}

    /// One connection to the control socket. Once it has asked for a change, no other may until it has gone.
    struct Lease {
        explicit Lease(std::shared_ptr<Impl> whose) : of(std::move(whose)) { ++of->asking; }
        ~Lease() {
            --of->asking;
            if (held) of->leased = false;
        }
        Lease(const Lease&) = delete;

        std::shared_ptr<Impl> of;
        bool held = false;
    };

    ServerPlan plan_of(const std::string& name) const;
    std::string kept_name() const;
    /// A machine that has no room for another process is no reason for this one to end.
    Result<std::shared_ptr<ServerProcess>> try_to_start(const std::string& name) const;
    Task<Result<std::shared_ptr<ServerProcess>>> start(std::string name);
    /// It finishes what it has; somebody waits for its end.
    void let_go(std::shared_ptr<ServerProcess> server, std::chrono::seconds limit,
                std::optional<std::chrono::seconds> idle = std::nullopt);
    static Task<void> see_off(std::shared_ptr<Impl> self, std::shared_ptr<ServerProcess> server,
                              std::chrono::seconds limit);
    void note(std::string step, std::string result, std::string detail, const std::string& release);
    /// A server that has ended by itself is followed by one of the release that is kept.
    void look_at_current();
    /// Once a release serves that was kept, and nothing is under way, its own supervisor goes on.
    void look_at_own_release();
    Task<void> hold_up();
    /// Where a rollback that replaces the database was broken off: keeps the release that belongs to the
    /// database that is there. False: somebody is still at it, and is not who asks, or it cannot be told.
    Task<bool> settle(bool of_who_asks);
    /// Starts a server of the release that is kept, and lets everybody in.
    Task<void> put_up();
    /// A candidate becomes the one that serves everybody; the one before finishes what it has.
    void take_over(std::shared_ptr<ServerProcess> next);
    Task<std::string> begin(std::string name);
    /// Nothing serves until another release has taken over; who asks meanwhile waits.
    Task<std::string> rest();
    std::string switch_over();
    std::string keep();
    /// Back to the release that is kept, whatever state a change is in.
    Task<bool> undo();
    /// For who has this account's rights anyway: the socket is closed to others.
    std::string surroundings() const;
    std::string status() const;
    /// What goes wrong in an answer is the answer.
    Task<std::string> answer_whatever(Lease& lease, std::string line);
    Task<std::string> answer(Lease& lease, std::string line);
    static Task<void> serve(std::shared_ptr<Impl> self, LocalSocket socket);
    void open_control();
    static Task<void> accept(std::shared_ptr<Impl> self);
    Task<void> run();

    Executor executor;
    Options options;
    release::KeptReleases kept;
    Ledger ledger;
    LocalAcceptor acceptor;
    std::shared_ptr<ServerProcess> current, candidate;
    bool trial = false;     // the current one is not kept yet
    bool changing = false;  // a server is being started
    bool resting = false;   // nothing serves, as somebody changes the schema
    bool leased = false;    // somebody changes the release
    int asking = 0;         // connections to the control socket
    bool stopping = false;
    std::set<std::shared_ptr<ServerProcess>> leaving;  // they finish what they have
    std::string refused_to_become;                     // a release whose supervisor this one could not become
    std::optional<std::string> crashed;                // how a release on trial ended
    std::chrono::milliseconds pause{0};
    std::chrono::steady_clock::time_point not_before{};
};

}  // namespace bb::deploy
