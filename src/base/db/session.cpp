#include "base/db/session.hpp"

#include <libpq-fe.h>

#include "base/db/connection.hpp"

namespace bb::db {
namespace {

void ignore_notice(void*, const PGresult*) {}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

}  // namespace

void Session::Close::operator()(pg_conn* pg) const {
    PQfinish(pg);
}

Session::Session(const std::string& conninfo) : conninfo_(conninfo) {
    const char* keywords[] = {"dbname", "application_name", "connect_timeout", "client_encoding", nullptr};
    const char* values[] = {conninfo.c_str(), "brainbytes", "10", "UTF8", nullptr};
    pg_.reset(PQconnectdbParams(keywords, values, 1));
    if (PQstatus(pg_.get()) != CONNECTION_OK) throw Unavailable(trimmed(PQerrorMessage(pg_.get())));
    PQsetNoticeReceiver(pg_.get(), ignore_notice, nullptr);
}

Rows Session::run(const std::string& sql, const Params& params) {
    const auto values = params.values();
    PGresult* result = PQexecParams(pg_.get(), sql.c_str(), params.size(), params.types(), values.data(),
                                    params.lengths(), params.formats(), 1);
    const auto status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return Rows(result);
    const std::unique_ptr<PGresult, decltype(&PQclear)> failed(result, &PQclear);
    throw_failure(result, PQerrorMessage(pg_.get()));
}

void Session::script(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(pg_.get(), sql.c_str()), &PQclear);
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) return;
    throw_failure(result.get(), PQerrorMessage(pg_.get()));
}

std::string Session::quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

}  // namespace bb::db
