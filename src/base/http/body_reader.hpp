#pragma once
#include <functional>
#include <string>

#include "base/core/task.hpp"

namespace bb::http {

/// The body of a request as it comes, on a route that takes it in pieces (RouteOptions::takes_pieces).
class BodyReader {
public:
    virtual ~BodyReader() = default;

    /// Fills `piece` with what came next, at most some 130 KiB; empty at the end. What came before a
    /// connection broke is still given.
    virtual Task<void> next(std::string& piece) = 0;
    /// After the last piece: whether the body came to its end.
    virtual bool whole() const = 0;
    /// What breaks the connection off when it is called, on any thread and however late.
    virtual std::function<void()> stopper() = 0;
};

}  // namespace bb::http
