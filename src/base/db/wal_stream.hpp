#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/db/error.hpp"

struct pg_conn;

namespace bb::db {

/// A position in the write-ahead log of a database server: bytes since its beginning.
using Lsn = std::uint64_t;

/// As PostgreSQL writes it: "0/16B3748".
std::string lsn_text(Lsn position);
/// Nullopt for anything else.
std::optional<Lsn> parse_lsn(std::string_view text);

/// The write-ahead log of a server as it is written, over the streaming replication protocol. What was
/// confirmed is not kept for us by the server any more. Everything throws Unavailable with the server's
/// reason when the connection ends, and SqlError when the server refuses.
class WalStream {
public:
    /// Connects; the role needs the attribute REPLICATION.
    explicit WalStream(const std::string& conninfo);
    ~WalStream();
    WalStream(const WalStream&) = delete;

    const std::string& system() const { return system_; }  ///< tells servers apart
    std::uint32_t timeline() const { return timeline_; }

    /// Begins to read at `from` what the replication slot `slot` keeps for us.
    void start(const std::string& slot, Lsn from);

    struct Bytes {
        Lsn at;                  ///< of the first
        std::string_view bytes;  ///< valid until the next call
    };
    /// The next bytes; nothing when none came within `limit`.
    std::optional<Bytes> receive(std::chrono::milliseconds limit);
    /// Tells the server that all before `kept` is safe with us. To be called every few seconds at least: a
    /// server ends a connection that is silent for a minute.
    void confirm(Lsn kept);

private:
    struct Close {
        void operator()(pg_conn* pg) const;
    };
    struct Free {
        void operator()(char* text) const;
    };
    void identify();
    std::optional<Bytes> look_into(std::size_t size);
    [[noreturn]] void lost() const;

    std::unique_ptr<pg_conn, Close> pg_;
    std::unique_ptr<char, Free> message_;
    std::string system_;
    std::uint32_t timeline_ = 0;
    Lsn kept_ = 0;
};

}  // namespace bb::db
