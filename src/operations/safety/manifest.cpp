#include "operations/safety/manifest.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"

namespace bb::safety {
namespace {

constexpr std::string_view format_name = "brainbytes-backup/1";

Error damaged(std::string_view how) {
    return Error(ErrorCode::malformed, fmt::format("its manifest {}", how));
}

void write_parts(JsonWriter& json, const Manifest& manifest) {
    json.key("parts").array();
    for (const auto& part : manifest.parts)
        json.object()
            .field("name", part.name)
            .field("bytes", part.bytes)
            .field("storedBytes", part.stored_bytes)
            .field("sha256", part.sha256)
            .end();
    json.end().key("keys").array();
    for (const auto& key : manifest.keys)
        json.object().field("recipient", key.recipient).field("key", key.key).end();
    json.end();
}

void write_wal(JsonWriter& json, const WalOfBackup& wal) {
    json.key("wal")
        .object()
        .field("system", wal.system)
        .field("timeline", std::int64_t(wal.timeline))
        .field("from", db::lsn_text(wal.from))
        .field("to", db::lsn_text(wal.to))
        .field("segmentSize", wal.segment_size)
        .field("role", wal.role)
        .end();
}

WalOfBackup read_wal(const boost::json::object& json) {
    const auto position = [&](const char* name) {
        const auto found = db::parse_lsn(std::string(json.at(name).as_string()));
        return found ? *found : throw std::runtime_error("a position of the log is none");
    };
    WalOfBackup wal;
    wal.system = json.at("system").as_string();
    wal.timeline = json.at("timeline").to_number<std::uint32_t>();
    wal.from = position("from");
    wal.to = position("to");
    wal.segment_size = json.at("segmentSize").to_number<std::uint64_t>();
    wal.role = json.at("role").as_string();
    if (wal.segment_size == 0) throw std::runtime_error("the log has no segments");
    return wal;
}

void read_lists(Manifest& manifest, const boost::json::object& json) {
    for (const auto& [table, rows] : json.at("rows").as_object())
        manifest.rows[table] = rows.to_number<std::int64_t>();
    // Backups of before do not tell.
    if (const auto* newest = json.if_contains("newestRows"))
        for (const auto& [table, at] : newest->as_object())
            manifest.newest_rows[table] = parse_rfc3339(std::string(at.as_string())).value();
    for (const auto& name : json.at("missingFiles").as_array())
        manifest.missing_files.emplace_back(name.as_string());
    for (const auto& one : json.at("parts").as_array()) {
        const auto& part = one.as_object();
        manifest.parts.push_back(Part{
            std::string(part.at("name").as_string()), part.at("bytes").to_number<std::uint64_t>(),
            part.at("storedBytes").to_number<std::uint64_t>(), std::string(part.at("sha256").as_string())});
    }
    for (const auto& one : json.at("keys").as_array()) {
        const auto& key = one.as_object();
        manifest.keys.push_back(
            SealedFor{std::string(key.at("recipient").as_string()), std::string(key.at("key").as_string())});
    }
}

/// What the signature is about, and the second line.
struct Lines {
    std::string_view json;
    std::string_view sum;
    std::string_view mark;
};

std::optional<Lines> split(std::string_view text) {
    const auto first = text.find('\n');
    if (first == std::string_view::npos || text.empty() || text.back() != '\n') return std::nullopt;
    const auto second = text.substr(first + 1, text.size() - first - 2);
    const auto space = second.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    return Lines{text.substr(0, first), second.substr(0, space), second.substr(space + 1)};
}

std::string mark_of(std::string_view json, const secrets::Key& key) {
    crypto::Digest digest;
    const auto bytes = key.bytes();
    if (crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(json.data()),
                           json.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                           bytes.size()) != 0)
        throw std::runtime_error("a manifest could not be signed");
    return crypto::hex(digest);
}

}  // namespace

std::uint64_t Manifest::stored_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& part : parts) sum += part.stored_bytes;
    return sum;
}

std::int64_t Manifest::row_count() const {
    std::int64_t sum = 0;
    for (const auto& [table, count] : rows) sum += count;
    return sum;
}

std::optional<Time> Manifest::newest_row() const {
    std::optional<Time> newest;
    for (const auto& [table, at] : newest_rows) newest = std::max(newest, std::optional(at));
    return newest;
}

std::string to_json(const Manifest& manifest) {
    JsonWriter json;
    json.object()
        .field("format", format_name)
        .field("id", manifest.id)
        .field("createdAt", manifest.created_at)
        .field("method", manifest.method)
        .field("reason", manifest.reason)
        .field("program", manifest.program)
        .field("schema", manifest.schema)
        .field("postgres", manifest.postgres)
        .field("database", manifest.database)
        .field("walPosition", manifest.wal_position)
        .field("seconds", manifest.seconds)
        .field("files", manifest.files);
    json.key("rows").object();
    for (const auto& [table, rows] : manifest.rows) json.field(table, rows);
    json.end().key("newestRows").object();
    for (const auto& [table, at] : manifest.newest_rows) json.field(table, at);
    json.end().key("missingFiles").array();
    for (const auto& name : manifest.missing_files) json.value(name);
    json.end();
    if (manifest.wal) write_wal(json, *manifest.wal);
    write_parts(json, manifest);
    return json.end().take();
}

Result<Manifest> manifest_from(std::string_view text) {
    const auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object()) return damaged("is not JSON");
    const auto& json = parsed->as_object();
    const auto* format = json.if_contains("format");
    if (!format || *format != boost::json::string_view(format_name.data(), format_name.size()))
        return damaged("is of another kind than this program reads");
    try {
        Manifest manifest;
        const auto text_of = [&](const char* name) {
            return std::string(json.at(name).as_string());
        };
        manifest.id = text_of("id");
        const auto at = parse_rfc3339(text_of("createdAt"));
        if (!at) return damaged("has no time");
        manifest.created_at = *at;
        manifest.method = text_of("method");
        manifest.reason = text_of("reason");
        manifest.program = text_of("program");
        manifest.schema = json.at("schema").to_number<int>();
        manifest.postgres = json.at("postgres").to_number<int>();
        manifest.database = text_of("database");
        manifest.wal_position = text_of("walPosition");
        manifest.seconds = json.at("seconds").to_number<double>();
        manifest.files = json.at("files").to_number<std::uint64_t>();
        read_lists(manifest, json);
        if (const auto* wal = json.if_contains("wal")) manifest.wal = read_wal(wal->as_object());
        return manifest;
    } catch (const std::exception& fault) {
        return damaged(fmt::format("is incomplete ({})", fault.what()));
    }
}

std::string sign_manifest(const Manifest& manifest, const secrets::Key& key) {
    const auto json = to_json(manifest);
    return fmt::format("{}\n{} {}\n", json, crypto::hex(crypto::sha256(json)), mark_of(json, key));
}

Result<Manifest> read_manifest(std::string_view text) {
    const auto lines = split(text);
    if (!lines || crypto::hex(crypto::sha256(lines->json)) != lines->sum)
        return damaged("was changed or cut off");
    return manifest_from(lines->json);
}

bool is_signed_with(std::string_view text, const secrets::Key& key) {
    const auto lines = split(text);
    return lines && crypto::equal(mark_of(lines->json, key), lines->mark);
}

}  // namespace bb::safety
