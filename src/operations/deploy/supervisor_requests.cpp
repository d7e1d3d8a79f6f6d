#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/core/number.hpp"
#include "base/net/timer.hpp"
#include "operations/deploy/supervisor_impl.hpp"

namespace bb::deploy {
namespace {

namespace fs = std::filesystem;
using boost::asio::local::stream_protocol;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds after_failed_accept{50};
constexpr std::size_t longest_request = 4096;
constexpr int most_asking = 32;

}  // namespace

std::string refusal(std::string_view why) {
    return JsonWriter().object().field("ok", false).field("reason", why).end().take();
}

std::string agreed() {
    return R"({"ok":true})";
}

std::string Supervisor::Impl::surroundings() const {
    JsonWriter json;
    json.object().field("ok", true).field("folder", fs::current_path().string());
    json.key("environment").array();
    for (const auto& variable : options.environment) json.value(variable);
    return json.end().end().take();
}

std::string Supervisor::Impl::status() const {
    JsonWriter json;
    json.object().field("ok", true).field("process", std::int64_t(::getpid()));
    json.field("supervisor", options.own_release.empty() ? no_release : options.own_release);
    json.field("kept", kept_name()).field("trial", trial).field("leased", leased).field("resting", resting);
    json.field("crashed", crashed);
    json.field("leaving", std::uint64_t(leaving.size())).key("processes").array();
    for (const auto& one : leaving) json.value(std::int64_t(one->pid()));
    if (current) json.value(std::int64_t(current->pid()));
    json.end().key("serving");
    if (!current) return json.null().end().take();
    const std::chrono::duration<double> age = steady_clock::now() - current->started();
    json.object()
        .field("release", current->release())
        .field("process", std::int64_t(current->pid()))
        .field("address", current->address())
        .field("seconds", age.count())
        .end();
    return json.end().take();
}

Task<std::string> Supervisor::Impl::answer_whatever(Lease& lease, std::string line) {
    std::string fault;
    try {
        co_return co_await answer(lease, std::move(line));
    } catch (const std::exception& failure) {
        fault = failure.what();
    }
    log::error("a request to the supervisor failed", {{"reason", fault}});
    co_return refusal(fault);
}

Task<std::string> Supervisor::Impl::answer(Lease& lease, std::string line) {
    const auto parsed = parse_json(line);
    if (!parsed || !parsed->is_object()) co_return refusal("This is no request.");
    const auto& request = parsed->get_object();
    const auto text = [&](const char* name) {
        const auto* value = request.if_contains(name);
        return value && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    const auto what = text("do");
    if (what == "status") co_return status();
    if (what == "surroundings") co_return surroundings();
    if (!lease.held && leased) co_return refusal("Another change of the release is under way.");
    lease.held = leased = true;
    if (what == "start") co_return co_await begin(text("release"));
    if (what == "rest") co_return co_await rest();
    if (what == "switch") {
        if (const auto drain = parse_number<int>(text("drain")))
            options.drain_of_old = std::chrono::seconds(*drain);
        co_return switch_over();
    }
    if (what == "keep") co_return keep();
    if (what == "undo") {
        const bool done = co_await undo();
        co_return done ? agreed()
                       : refusal("The release before cannot be started: the log of the supervisor says why.");
    }
    co_return refusal("Nobody here knows how to do that.");
}

Task<void> Supervisor::Impl::serve(std::shared_ptr<Impl> self, LocalSocket socket) {
    Lease lease{self};
    std::string waiting;
    for (;;) {
        auto buffer = boost::asio::dynamic_buffer(waiting, longest_request);
        const auto [failed, size] =
            co_await boost::asio::async_read_until(socket, buffer, '\n', use_task_tuple);
        if (failed) break;
        auto line = waiting.substr(0, size);
        waiting.erase(0, size);
        const auto reply = co_await self->answer_whatever(lease, std::move(line)) + "\n";
        const auto [broken, sent] =
            co_await boost::asio::async_write(socket, boost::asio::buffer(reply), use_task_tuple);
        if (broken) break;
    }
    if (!lease.held || !(self->candidate || self->trial || self->resting)) co_return;
    log::warn("a change of the release was broken off, and is undone");
    co_await self->undo();
}

void Supervisor::Impl::open_control() {
    if (options.running && options.running->requests >= 0)
        return acceptor.assign(stream_protocol(), options.running->requests);
    const auto path = control_socket(options.data);
    fs::remove(path);
    const auto mask = ::umask(0177);
    acceptor.open();
    acceptor.bind(stream_protocol::endpoint(path.string()));
    ::umask(mask);
    acceptor.listen();
}

Task<void> Supervisor::Impl::accept(std::shared_ptr<Impl> self) {
    while (!self->stopping) {
        auto [failed, socket] = co_await self->acceptor.async_accept(use_task_tuple);
        if (failed) {
            co_await net::sleep_for(after_failed_accept);
            continue;
        }
        if (self->asking < most_asking) net::spawn(self->executor, serve(self, std::move(socket)));
    }
}

}  // namespace bb::deploy
