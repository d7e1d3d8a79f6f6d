// A Cookie header comes from anybody: what is read of it is a part of it, holds no separator, and only what
// has the form of a token is ever looked up.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/http/request.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/secrets.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bb::http::Request request;
    request.headers.emplace_back("cookie", std::string(reinterpret_cast<const char*>(data), size));
    const std::string_view line = request.headers.front().second;
    for (const bool secure : {false, true}) {
        request.secure = secure;
        const auto token = bb::accounts::token_of(request);
        require(token.find(';') == std::string_view::npos);
        require(token.empty() || line.find(token) != std::string_view::npos);
        const auto bound = std::string(bb::accounts::cookie_name(true)) + "=";
        if (secure && !token.empty()) require(line.find(bound) != std::string_view::npos);
        if (bb::accounts::token_hash(token)) require(token.size() == 43);
    }
    return 0;
}
