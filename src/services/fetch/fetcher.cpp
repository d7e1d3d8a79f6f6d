#include "services/fetch/fetcher.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <stdexcept>

#include "base/core/utf8.hpp"

namespace bb::fetch {
namespace {

using client::Failure;
using Clock = std::chrono::steady_clock;

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::optional<Unfetched> fault_of(const client::Reply& reply) {
    if (!reply.failure) return std::nullopt;
    if (reply.miscoded) return Unfetched{Fault::refused, reply.detail};
    switch (*reply.failure) {
        case Failure::slow:
            return Unfetched{Fault::too_slow, reply.detail};
        case Failure::too_large:
            return Unfetched{Fault::too_large, reply.detail};
        case Failure::aborted:
            return Unfetched{Fault::aborted, reply.detail};
        case Failure::connect:
        case Failure::cut:
        case Failure::invalid:
            break;
    }
    return Unfetched{Fault::unreachable, reply.detail};
}

std::optional<Unfetched> refusal_of(int status) {
    if (status == 200) return std::nullopt;
    const auto words = "the site answered with status " + std::to_string(status);
    return Unfetched{status == 404 || status == 410 ? Fault::missing : Fault::refused, words};
}

/// `redirected`: a site gave the address, not a person.
Unfetched refusal_of(const Error& error, bool redirected) {
    const bool is_none = redirected && error.code == ErrorCode::malformed;
    return Unfetched{is_none ? Fault::redirects : Fault::forbidden, "the address " + error.detail};
}

/// `value`: of a header Content-Type.
void take_type(Page& page, std::string_view value) {
    const auto end = std::min(value.find(';'), value.size());
    page.type = lower_case(utf8::trim(value.substr(0, end)));
    const auto parameters = lower_case(value.substr(end));
    constexpr std::string_view name = "charset=";
    const auto at = parameters.find(name);
    if (at == std::string::npos) return;
    std::string_view charset = std::string_view(parameters).substr(at + name.size());
    if (charset.starts_with('"')) charset.remove_prefix(1);
    const auto is_of_name = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
    };
    page.charset = std::string(charset.begin(), std::find_if_not(charset.begin(), charset.end(), is_of_name));
}

}  // namespace

void throw_exception_from_error(const Unfetched& failure, const boost::source_location&) {
    throw std::logic_error("a page that was not fetched: " + failure.words);
}

client::Outgoing Fetcher::request_of(const client::WebAddress& address,
                                     std::chrono::milliseconds left) const {
    client::Outgoing request("GET", address.url);
    request.headers = {{"User-Agent", agent_},
                       {"Accept", "text/html,application/pdf,text/plain;q=0.9,*/*;q=0.5"}};
    request.max_bytes = limits_.bytes;
    request.deadlines.connect = std::min(limits_.connect, left);
    request.deadlines.whole = left;
    return request;
}

Task<Fetched<Fetcher::Step>> Fetcher::step(client::WebAddress address, std::chrono::milliseconds left,
                                           std::shared_ptr<client::Abort> abort) {
    Step step;
    step.page.url = address.url;
    bool forbidden = false, other_status = false;
    client::Sink keep = [&](int status, std::string_view piece) {
        other_status = status != 200;  // whose body is of no interest
        if (other_status) return client::Heard::stop;
        step.page.body += piece;
        return client::Heard::progress;
    };
    client::MayConnect may_connect = [&](const boost::asio::ip::address& to, int port) {
        // One address of a name that is not allowed, and none is any more.
        forbidden = forbidden || !guard_.allows(to, port);
        return !forbidden;
    };
    auto request = request_of(address, left);
    const auto reply =
        co_await http_.stream(std::move(request), std::move(may_connect), std::move(keep), abort);
    if (forbidden) co_return Unfetched{Fault::forbidden, "the name leads to an address that is not public"};
    auto fault = other_status && !abort->aborted() ? std::nullopt : fault_of(reply);
    if (fault) co_return std::move(*fault);
    if (is_redirect(reply.status)) {
        step.location = reply.header("location");
        if (step.location.empty()) co_return Unfetched{Fault::redirects, "redirected without an address"};
        co_return step;
    }
    if (auto refused = refusal_of(reply.status)) co_return std::move(*refused);
    take_type(step.page, reply.header("content-type"));
    co_return step;
}

Task<Fetched<Page>> Fetcher::fetch(std::string url, std::stop_token stop) {
    const auto deadline = Clock::now() + limits_.time;
    const auto abort = std::make_shared<client::Abort>();
    const std::stop_callback stopping(stop, [&abort] { abort->abort(); });
    std::string base;
    for (int redirects = 0; redirects <= limits_.redirects; ++redirects) {
        auto address = guard_.check(url, base);
        if (!address) co_return refusal_of(address.error(), redirects > 0);
        base = address->url;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) co_return Unfetched{Fault::too_slow, "redirected for too long"};
        auto came = co_await step(std::move(*address), left, abort);
        if (!came) co_return came.error();
        if (came->location.empty()) co_return std::move(came->page);
        url = came->location;
    }
    co_return Unfetched{Fault::redirects, "redirected too often"};
}

}  // namespace bb::fetch
