#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <stdexcept>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "base/db/run_once.hpp"
#include "cli/data.hpp"
#include "cli/database.hpp"
#include "cli/person.hpp"
#include "cli/progress.hpp"
#include "features/accounts/privacy/archives.hpp"
#include "operations/safety/erasures.hpp"
#include "operations/safety/loaded_backup.hpp"
#include "operations/safety/restore.hpp"

namespace bb::cli {
namespace {

// It is held in memory; unpacked it may take as much (personal::UnpackLimits).
constexpr std::int64_t most_archive = 256 << 20;

struct ExtractWords {
    std::string id = "latest";
    std::string email, from, key;
    bool json = false;
};

/// Where the data is taken from.
struct From {
    safety::Destination place;
    safety::StoredBackup backup;
    safety::BackupKeys keys;
};

using Tallies = std::map<std::string, personal::Tally>;

/// Writes what the backup has of a person into `descriptor`. Returns why not, or nothing.
std::string take_out(Context& context, const ExtractWords& words, safety::LoadedBackup& loaded,
                     const safety::Erased& erased, int descriptor) {
    auto secrets = server_secrets(context.config);
    secrets.insert(secrets.begin(), loaded.files().secret());
    std::string fault;
    db::run_once(loaded.database().conninfo(), [&](db::Database& db) -> Task<void> {
        const auto person = co_await find_person(db, words.email);
        if (!person) {
            fault = "In the backup: " + person.error().detail;
            co_return;
        }
        if (erased.contains(person->id.value)) {
            fault = fmt::format(
                "The account that had {} when the backup was made was erased since, and what was erased "
                "stays so.",
                words.email);
            co_return;
        }
        KeptData data(context.config, db, loaded.stores(), secrets);
        const auto made =
            co_await accounts::export_person(data.keeping, person->id, descriptor, audit::by_operator());
        if (!made) fault = made.error().detail;
    });
    return fault;
}

/// Brings the archive to the person's live account.
std::string bring_back(Context& context, const ExtractWords& words, const std::string& conninfo,
                       const std::string& archive, Tallies& tallies) {
    std::string fault;
    db::run_once(conninfo, [&](db::Database& db) -> Task<void> {
        const auto person = co_await find_person(db, words.email);
        if (!person) {
            fault = person.error().detail + " Make the account first: brainbytes user create EMAIL";
            co_return;
        }
        KeptData data(context.config, db);
        auto brought =
            co_await accounts::import_archive(data.keeping, person->id, archive, audit::by_operator());
        if (!brought)
            fault = brought.error().detail;
        else
            tallies = std::move(*brought);
    });
    return fault;
}

std::string read_whole(int descriptor) {
    const auto size = ::lseek(descriptor, 0, SEEK_END);
    if (size > most_archive)
        throw std::runtime_error(
            fmt::format("What the backup has of this person takes {} MB packed; at most {} MB "
                        "can be brought back alone. Restore the whole backup elsewhere (--into).",
                        size >> 20, most_archive >> 20));
    std::string text(static_cast<std::size_t>(size), '\0');
    http::read_at(descriptor, 0, text.data(), text.size());
    return text;
}

int extract_in(Context& context, const ExtractWords& words, const From& from, db::Home& home) {
    const auto installation = told_installation(context, home);
    const auto source = safety::prepare_source(installation, from.place, from.backup, from.keys);
    const auto& backup = source.backup;
    const auto spool =
        http::share_descriptor(::open(home.data().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (*spool < 0) return context.fail("There is no room for the archive in the data folder.");
    std::string fault;
    auto erased = safety::erased_beside(from.place);
    db::Session live(home.conninfo());
    erased.merge(safety::erased_in(live));
    safety::use_aside(installation, source, [&](safety::LoadedBackup& loaded) {
        fault = take_out(context, words, loaded, erased, *spool);
    });
    if (!fault.empty()) return context.fail(fault);
    Tallies tallies;
    fault = bring_back(context, words, home.conninfo(), read_whole(*spool), tallies);
    if (!fault.empty()) return context.fail(fault);
    JsonWriter json;
    json.object().field("id", backup.id).key("brought").object();
    for (const auto& [kind, tally] : tallies) {
        json.key(kind).object().field("made", tally.made).field("present", tally.present).end();
        if (!words.json)
            context.out << fmt::format("{}\t{} brought back\t{} were here\n", kind, tally.made,
                                       tally.present);
    }
    if (words.json) context.out << json.end().end().take() << '\n';
    context.err << fmt::format("What {} had at {} is back; nobody else's data was touched.\n", words.email,
                               to_rfc3339(backup.manifest->created_at));
    return done;
}

int extract(Context& context, const ExtractWords& words) {
    const auto place = app::destinations_of(context.config, words.from).front();
    const auto backup = place.find(words.id);
    if (!backup) return context.fail(backup.error());
    const From from{place, *backup, app::backup_keys_of(context.config, words.key)};
    safety::open_backup(from.backup, from.keys);
    return with_home(context, [&](db::Home& home) { return extract_in(context, words, from, home); });
}

}  // namespace

void add_extract(CLI::App& backup, Chosen& chosen) {
    auto* command = backup.add_subcommand("extract", "Bring one person's data back, and touch nobody else's");
    add_stage(*command, chosen);
    auto words = std::make_shared<ExtractWords>();
    command->add_option("id", words->id, "Which backup")->capture_default_str();
    command->add_option("--user", words->email, "Address of the person")->required();
    command->add_option("--from", words->from,
                        "Folder or s3://BUCKET/PREFIX of the backups; unset: BACKUP_TO");
    command->add_option("--key", words->key, "File with the private key; unset: BACKUP_KEY_FILE");
    command->add_flag("--json", words->json, "Print JSON");
    command->callback([&chosen, words] {
        chosen.action = [words](Context& context) {
            return extract(context, *words);
        };
    });
}

}  // namespace bb::cli
