#pragma once
#include <boost/asio/io_context.hpp>

namespace bb::net {

/// An event loop of one thread. What waits on it can be let go while all that it refers to, other loops too,
/// is still there.
class Loop : public boost::asio::io_context {
public:
    Loop() : io_context(1) {}
    /// Destroys what waits or is queued. For a loop that runs no more; what is posted later is destroyed with
    /// it.
    void discard() { shutdown(); }
};

}  // namespace bb::net
