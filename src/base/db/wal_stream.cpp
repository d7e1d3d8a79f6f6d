#include "base/db/wal_stream.hpp"

#include <endian.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <charconv>
#include <cstring>

#include "base/core/number.hpp"
#include "base/db/connection.hpp"

namespace bb::db {
namespace {

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// Messages of the protocol: https://www.postgresql.org/docs/15/protocol-replication.html
constexpr char wal_data = 'w', keep_alive = 'k', status_update = 'r';
constexpr std::size_t data_header = 1 + 3 * 8;
constexpr std::size_t alive_size = 1 + 2 * 8 + 1;
// PostgreSQL's clock counts from 2000 on.
constexpr auto postgres_epoch = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);

std::uint64_t number_at(const char* bytes) {
    std::uint64_t number;
    std::memcpy(&number, bytes, sizeof number);
    return be64toh(number);
}

void append(std::string& message, std::uint64_t number) {
    const auto ordered = htobe64(number);
    message.append(reinterpret_cast<const char*>(&ordered), sizeof ordered);
}

std::optional<std::uint32_t> hexadecimal(std::string_view text) {
    std::uint32_t number = 0;
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, 16);
    if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

}  // namespace

std::string lsn_text(Lsn position) {
    return fmt::format("{:X}/{:X}", position >> 32, position & 0xFFFFFFFFu);
}

std::optional<Lsn> parse_lsn(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto high = hexadecimal(text.substr(0, slash));
    const auto low = hexadecimal(text.substr(slash + 1));
    if (!high || !low) return std::nullopt;
    return Lsn{*high} << 32 | *low;
}

void WalStream::Close::operator()(pg_conn* pg) const {
    PQfinish(pg);
}

void WalStream::Free::operator()(char* text) const {
    PQfreemem(text);
}

WalStream::WalStream(const std::string& conninfo) {
    const char* keywords[] = {"dbname", "replication", "application_name", "connect_timeout", nullptr};
    const char* values[] = {conninfo.c_str(), "true", "brainbytes_wal", "10", nullptr};
    pg_.reset(PQconnectdbParams(keywords, values, 1));
    if (PQstatus(pg_.get()) != CONNECTION_OK) lost();
    identify();
}

WalStream::~WalStream() = default;

void WalStream::lost() const {
    throw Unavailable(reason_of(pg_.get()));
}

void WalStream::identify() {
    const Result found(PQexec(pg_.get(), "IDENTIFY_SYSTEM"), &PQclear);
    if (PQresultStatus(found.get()) != PGRES_TUPLES_OK) throw_failure(found.get(), PQerrorMessage(pg_.get()));
    system_ = PQgetvalue(found.get(), 0, 0);
    timeline_ = parse_number<std::uint32_t>(PQgetvalue(found.get(), 0, 1)).value_or(0);
}

void WalStream::start(const std::string& slot, Lsn from) {
    const auto command =
        fmt::format("START_REPLICATION SLOT {} PHYSICAL {} TIMELINE {}", slot, lsn_text(from), timeline_);
    const Result started(PQexec(pg_.get(), command.c_str()), &PQclear);
    if (PQresultStatus(started.get()) != PGRES_COPY_BOTH)
        throw_failure(started.get(), PQerrorMessage(pg_.get()));
}

std::optional<WalStream::Bytes> WalStream::receive(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        char* message = nullptr;
        const int size = PQgetCopyData(pg_.get(), &message, 1);
        message_.reset(message);
        if (size == -2) lost();
        if (size == -1) throw Unavailable("The server has ended the stream of its log.");
        if (size > 0) {
            if (const auto bytes = look_into(static_cast<std::size_t>(size))) return bytes;
            continue;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return std::nullopt;
        pollfd socket{PQsocket(pg_.get()), POLLIN, 0};
        if (::poll(&socket, 1, static_cast<int>(left.count())) > 0 && PQconsumeInput(pg_.get()) == 0) lost();
    }
}

std::optional<WalStream::Bytes> WalStream::look_into(std::size_t size) {
    const char* message = message_.get();
    if (*message == wal_data && size >= data_header)
        return Bytes{number_at(message + 1), {message + data_header, size - data_header}};
    const bool wants_answer = *message == keep_alive && size >= alive_size && message[alive_size - 1] != 0;
    if (wants_answer) confirm(kept_);
    return std::nullopt;
}

void WalStream::confirm(Lsn kept) {
    kept_ = kept;
    const auto clock = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now() - postgres_epoch);
    std::string message(1, status_update);
    append(message, kept);  // written
    append(message, kept);  // on the disk
    append(message, 0);     // nothing is applied here
    append(message, static_cast<std::uint64_t>(clock.count()));
    message += '\0';
    if (PQputCopyData(pg_.get(), message.data(), static_cast<int>(message.size())) != 1 ||
        PQflush(pg_.get()) != 0)
        lost();
}

}  // namespace bb::db
