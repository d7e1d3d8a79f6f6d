#include "base/http/shortage.hpp"

#include <cerrno>
#include <system_error>

#include "base/net/pool.hpp"

namespace bb::http {

std::optional<Error> shortage(const std::exception& failure) {
    constexpr const char* busy = "The server is busy; try again in a moment.";
    if (dynamic_cast<const net::Busy*>(&failure)) return Error(ErrorCode::unavailable, busy, {}, 1);
    const auto* refused = dynamic_cast<const std::system_error*>(&failure);
    if (!refused || refused->code().category() != std::generic_category()) return std::nullopt;
    const int why = refused->code().value();
    if (why == ENOSPC || why == EDQUOT)
        return Error(ErrorCode::unavailable,
                     "The server's disk is full, so nothing was stored. Tell your administrator.", {}, 60);
    if (why == EMFILE || why == ENFILE) return Error(ErrorCode::unavailable, busy, {}, 1);
    return std::nullopt;
}

}  // namespace bb::http
