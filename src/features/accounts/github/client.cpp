#include "features/accounts/github/client.hpp"

#include "base/core/log.hpp"

namespace bb::accounts {
namespace {

constexpr std::size_t most_bytes = 256 * 1024;
constexpr std::chrono::seconds longest{10};

void bound(client::Outgoing& request) {
    request.max_bytes = most_bytes;
    request.deadlines.connect = std::chrono::seconds(5);
    request.deadlines.whole = longest;
}

GithubProblem problem_of(client::Failure failure) {
    switch (failure) {
        case client::Failure::slow:
            return GithubProblem::slow;
        case client::Failure::too_large:
            return GithubProblem::garbage;
        case client::Failure::invalid:
            return GithubProblem::setup;
        case client::Failure::connect:
        case client::Failure::cut:
        case client::Failure::aborted:
            return GithubProblem::unreachable;
    }
    return GithubProblem::unreachable;
}

/// What `read` makes of the reply; a failure is told to the operator.
template <class T>
GithubResult<T> judged(std::string_view call, const std::string& request, const client::Reply& reply,
                       GithubResult<T> (*read)(int, std::string_view)) {
    auto result =
        reply.failure ? GithubResult<T>(problem_of(*reply.failure)) : read(reply.status, reply.body);
    if (!result)
        log::warn("GitHub did not help", {{"request", request},
                                          {"call", call},
                                          {"problem", slug_of(result.error())},
                                          {"status", reply.status},
                                          {"detail", reply.detail}});
    return result;
}

}  // namespace

client::Outgoing GithubClient::question(std::string path, const std::string& token) const {
    client::Outgoing request("GET", options_.api_url + std::move(path));
    request.headers = {{"Accept", "application/vnd.github+json"},
                       {"Authorization", "Bearer " + token},
                       {"X-GitHub-Api-Version", "2022-11-28"}};
    bound(request);
    return request;
}

Task<GithubResult<std::string>> GithubClient::exchange(std::string code, std::string verifier,
                                                       std::string request) {
    client::Outgoing asked("POST", options_.url + "/login/oauth/access_token");
    asked.headers = {{"Accept", "application/json"}, {"Content-Type", "application/x-www-form-urlencoded"}};
    asked.body = exchange_form(options_, code, verifier);
    bound(asked);
    const auto reply = co_await http_.send(std::move(asked));
    co_return judged("access_token", request, reply, read_token);
}

Task<GithubResult<GithubAccount>> GithubClient::account(std::string token, std::string request) {
    auto asked = question("/user", token);
    const auto reply = co_await http_.send(std::move(asked));
    co_return judged("user", request, reply, read_account);
}

Task<GithubResult<std::string>> GithubClient::address(std::string token, std::string request) {
    auto asked = question("/user/emails?per_page=100", token);
    const auto reply = co_await http_.send(std::move(asked));
    co_return judged("emails", request, reply, read_address);
}

}  // namespace bb::accounts
