#include "features/accounts/privacy/archives.hpp"

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "features/accounts/privacy/account_data.hpp"

namespace bb::accounts {
namespace {

constexpr const char* one_moment_sql = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* only_one_sql = "SELECT pg_try_advisory_xact_lock(7303, hashtext($1::text))";

Error another_one() {
    return Error(ErrorCode::conflict,
                 "An archive of your data is being made or read already. Wait until it is finished.");
}

std::string manifest() {
    JsonWriter json;
    json.object().field("format", "brainbytes-export").field("version", 1).field("exportedAt", now());
    return json.end().take();
}

/// Whether this is an archive of ours, in a version that we know.
Result<void> check_manifest(const personal::Unpacked& archive) {
    const std::string name = "brainbytes.json";
    if (!archive.has(name))
        return Error(ErrorCode::malformed,
                     "This ZIP file is no export of BrainBytes: it holds no brainbytes.json.");
    const auto body = archive.json(name);
    if (!body) return body.error();
    FieldReader in(*body);
    const auto format = in.text("format", {1, 100});
    const auto version = in.optional_integer("version", 1, 1'000'000);
    in.ignore("exportedAt");
    if (!format.empty() && format != "brainbytes-export") in.complain("format", "must be brainbytes-export");
    if (version != 1) in.complain("version", "must be 1: another version of BrainBytes made this archive");
    if (auto bad = in.error()) return personal::in_file(name, std::move(*bad));
    return Result<void>();
}

}  // namespace

Task<Result<void>> export_person(Keeping& keeping, UserId owner, int descriptor, audit::Origin origin) {
    ArchiveTurn turn(keeping);
    if (!turn.taken()) co_return ArchiveTurn::refusal();
    personal::ZipWriter zip(descriptor);
    personal::Archive archive(keeping.pool, zip);
    auto work = [&](db::Transaction& tx) -> Task<Result<void>> {
        co_await tx.query(one_moment_sql);
        const auto alone = co_await tx.query(only_one_sql, owner.text());
        if (!alone[0].get<bool>(0)) co_return another_one();
        auto account = co_await account_json(tx, owner);
        if (!account) co_return account.error();
        co_await archive.add("brainbytes.json", manifest());
        co_await archive.add("account.json", std::move(*account));
        for (auto* part : keeping.parts) co_await part->write(tx, owner.value, archive);
        co_return Result<void>();
    };
    auto done = co_await keeping.db.transaction(work);
    if (!done) co_return done;
    // Before anything of it is handed out.
    audit::Entry entry{std::move(origin), "data.exported", "person", owner.text()};
    co_await audit::record(keeping.db, std::move(entry));
    auto finish = [&zip] {
        zip.finish();
    };
    co_await keeping.pool.run(std::move(finish));
    co_return done;
}

Task<Result<std::map<std::string, personal::Tally>>> import_archive(Keeping& keeping, UserId owner,
                                                                    std::string_view zip,
                                                                    audit::Origin origin) {
    ArchiveTurn turn(keeping);
    if (!turn.taken()) co_return ArchiveTurn::refusal();
    auto open = [&keeping, zip]() -> Result<personal::Unpacked> {
        auto unpacked = personal::Unpacked::open(zip, keeping.folder);
        if (!unpacked) return unpacked;
        if (auto fits = check_manifest(*unpacked); !fits) return fits.error();
        return unpacked;
    };
    const auto archive = co_await keeping.pool.run(std::move(open));
    if (!archive) co_return archive.error();
    personal::Import import{*archive, {}, {}};
    // An error has to undo what was made before it, which only an exception does.
    struct Refused {
        Error why;
    };
    auto work = [&](db::Transaction& tx) -> Task<void> {
        const auto alone = co_await tx.query(only_one_sql, owner.text());
        if (!alone[0].get<bool>(0)) throw Refused{another_one()};
        for (auto* part : keeping.parts) {
            auto done = co_await part->read(tx, owner.value, import);
            if (!done) throw Refused{done.error()};
        }
        audit::Entry entry{origin, "data.imported", "person", owner.text()};
        co_await audit::append(tx, std::move(entry));
    };
    std::optional<Error> refused;
    try {
        co_await keeping.db.transaction(work);
    } catch (const Refused& refusal) {
        refused = refusal.why;
    }
    if (refused) co_return std::move(*refused);
    co_return std::move(import.tallies);
}

}  // namespace bb::accounts
