#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "app/shared_assets.hpp"
#include "base/core/json_writer.hpp"
#include "base/db/home.hpp"
#include "cli/deploy.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/deploy/trial.hpp"
#include "operations/release/build.hpp"
#include "operations/release/kept.hpp"
#include "operations/safety/running_tool.hpp"

namespace bb::cli {
namespace {

struct ReleaseWords {
    std::string file;  // key, archive, name of a release
    std::string out;   // --out
    std::string key;   // --key
    std::string commit = "HEAD";
    std::string program;  // --prebuilt
    std::size_t keep = 5;
    bool remove = false;
    bool older = false;
    bool dry_run = false;
    bool json = false;
};

std::filesystem::path data_of(const Context& context) {
    return context.config.text("BRAINBYTES_DATA");
}

release::Trust trust_of(const Context& context) {
    return release::Trust(data_of(context) / "trust");
}

release::KeptReleases kept_by(const Context& context) {
    return release::KeptReleases(data_of(context) / "releases");
}

int keygen(Context& context, const ReleaseWords& words) {
    const auto key = release::make_release_key(words.out);
    context.out << release::text_of(key.id) << '\n';
    context.err << fmt::format(
        "release.key in {} signs releases: keep it from hosts. They trust release.pub: \"brainbytes release "
        "trust\".\n",
        words.out);
    return done;
}

int build(Context& context, const ReleaseWords& words) {
    const auto key = release::read_signing_key(words.key);
    if (!key) return context.fail(key.error());
    release::BuildPlan plan;
    plan.source = std::filesystem::current_path();
    plan.commit = words.commit;
    plan.out = words.out;
    plan.program = words.program.empty() ? "" : std::filesystem::absolute(words.program).string();
    plan.key = *key;
    plan.say = [&](std::string_view step) {
        context.err << step << std::endl;
    };
    const auto built = release::build_release(plan);
    if (!words.json) {
        context.out << built.archive.string() << '\n';
        return done;
    }
    JsonWriter json;
    json.object()
        .field("version", built.about.name())
        .field("path", built.archive.string())
        .field("sha256", built.sha256)
        .field("schemaMin", built.about.schema_min)
        .field("schemaMax", built.about.schema_max);
    context.out << json.end().take() << '\n';
    return done;
}

int about(Context& context, const ReleaseWords&) {
    context.out << release::to_json(release::about_this_program()) << '\n';
    return done;
}

/// With the options of this process, which the commands of the test get too.
deploy::Surroundings surroundings_here(const Context& context) {
    deploy::Surroundings around{.environment = {}, .folder = std::filesystem::current_path()};
    auto variables = config::process_environment();
    for (const char* name : {"BRAINBYTES_DATA", "BRAINBYTES_STAGE"})
        variables[name] = context.config.text(name);
    for (const auto& [name, value] : variables)
        around.environment.push_back(fmt::format("{}={}", name, value));
    return around;
}

int try_out(Context& context, const ReleaseWords&) {
    auto home = db::Home::open(context.config, db::Home::Use::server, db::say_on_stderr);
    if (!home) return context.fail(home.error());
    const auto detail = deploy::try_alone(
        surroundings_here(context), std::chrono::seconds(context.config.number("BRAINBYTES_START_SECONDS")));
    home->close();
    const auto about = release::about_this_program();
    JsonWriter json;
    json.object()
        .field("release", about.name())
        .field("schemaMin", about.schema_min)
        .field("schemaMax", about.schema_max)
        .field("detail", detail);
    context.out << json.end().take() << '\n';
    return done;
}

int verify(Context& context, const ReleaseWords& words) {
    const auto keys = trust_of(context).keys();
    if (!keys) return context.fail(keys.error());
    const auto good = release::check_release(words.file, *keys);
    if (!good) return context.fail(good.error());
    context.out << release::to_json(*good) << '\n';
    return done;
}

int trust(Context& context, const ReleaseWords& words) {
    act_as_owner(context);
    const auto trust = trust_of(context);
    if (words.file.empty()) {
        const auto keys = trust.keys();
        if (!keys) return context.fail(keys.error());
        for (const auto& key : *keys) context.out << release::text_of(key.id) << '\n';
        return done;
    }
    if (words.remove) {
        const auto removed = trust.remove(words.file);
        if (!removed) return context.fail(removed.error());
        context.err << fmt::format(
            "Releases signed with {} are refused from now on, also those that are "
            "kept here; \"rollback\" still goes back to one that was in service.\n",
            words.file);
        return done;
    }
    write_as_owner(context);
    const auto key = trust.add(words.file);
    if (!key) return context.fail(key.error());
    context.out << release::text_of(key->id) << '\n';
    return done;
}

void write_kept(JsonWriter& json, const Context& context, const release::KeptRelease& one) {
    const auto keys = trust_of(context).keys();
    json.object()
        .field("version", one.about.name())
        .field("target", one.about.target)
        .field("schemaMin", one.about.schema_min)
        .field("schemaMax", one.about.schema_max)
        .field("committedAt", one.about.committed_at)
        .field("installedAt", one.installed_at)
        .field("prebuilt", one.about.prebuilt)
        .field("path", one.folder.string())
        .field("blake2b", one.hash)
        .field("trusted", keys && release::check_kept(one, *keys))
        .end();
}

void print_kept(Context& context, const release::KeptRelease& one) {
    context.out << fmt::format("{}\tschema {} to {}\tof {}\tinstalled {}\n", one.about.name(),
                               one.about.schema_min, one.about.schema_max, to_rfc3339(one.about.committed_at),
                               to_rfc3339(one.installed_at));
}

/// Before any host serves its pages: a host that still serves the one before may be asked for their parts.
void share_assets_of(Context& context, const release::KeptRelease& one) {
    try {
        safety::output_of({std::filesystem::absolute(one.folder / "brainbytes"), "release", "assets"},
                          {"BRAINBYTES_DATA=" + std::filesystem::absolute(data_of(context)).string()}, [] {});
    } catch (const std::exception& fault) {
        context.err << fmt::format("The files of its pages are not shared yet: {}\n", fault.what());
    }
}

int install(Context& context, const ReleaseWords& words) {
    write_as_owner(context);
    const auto keys = trust_of(context).keys();
    if (!keys) return context.fail(keys.error());
    const auto one = kept_by(context).install(words.file, *keys, words.older);
    if (!one) return context.fail(one.error());
    share_assets_of(context, *one);
    print_kept(context, *one);
    return done;
}

int share_assets(Context& context, const ReleaseWords&) {
    write_as_owner(context);
    app::SharedAssets(data_of(context)).share();
    return done;
}

int list(Context& context, const ReleaseWords& words) {
    JsonWriter json;
    json.object().key("releases").array();
    for (const auto& one : kept_by(context).list()) {
        write_kept(json, context, one);
        if (!words.json) print_kept(context, one);
    }
    if (words.json) context.out << json.end().end().take() << '\n';
    return done;
}

int show(Context& context, const ReleaseWords& words) {
    const auto one = kept_by(context).find(words.file);
    if (!one) return context.fail(one.error());
    JsonWriter json;
    write_kept(json, context, *one);
    context.out << json.take() << '\n';
    return done;
}

int prune(Context& context, const ReleaseWords& words) {
    act_as_owner(context);
    // Releases that never came into service must not drive out those that a rollback leads to.
    const auto current = kept_by(context).current();
    const auto needed =
        deploy::way_back(deploy::Ledger(data_of(context) / "releases" / "ledger.jsonl").read(),
                         current ? current->about.name() : std::string(), words.keep);
    const auto gone = kept_by(context).prune(words.keep, needed, words.dry_run);
    if (!gone) return context.fail(gone.error());
    for (const auto& one : *gone)
        context.out << fmt::format("{}\t{}\n", one.about.name(), words.dry_run ? "would go" : "removed");
    return done;
}

using Run = int (*)(Context&, const ReleaseWords&);
using Add = std::function<CLI::App*(const char* name, const char* help, Run run)>;

void add_making(const Add& add, ReleaseWords* words) {
    add("keygen", "Make the key that signs releases: release.key and release.pub", keygen)
        ->add_option("folder", words->out, "Folder to write them into")
        ->required();
    auto* built = add("build", "Compile a commit of the clone one is in, pack and sign it", build);
    built->add_option("--out", words->out, "Folder for the archive and its signature")->required();
    built->add_option("--key", words->key, "The file release.key")->required();
    built->add_option("--commit", words->commit, "Which commit")->capture_default_str();
    built->add_option("--prebuilt", words->program,
                      "Pack this program, built from the commit, instead of compiling");
    built->add_flag("--json", words->json, "Print JSON");
    add("about", "What this program is, as JSON", about);
    add("try", "Start a server of this program where nobody reaches it, and use it as a student would",
        try_out);
}

void add_keeping(const Add& add, ReleaseWords* words) {
    add("verify", "Check signature, kind and processor of an archive", verify)
        ->add_option("archive", words->file, "The archive; its signature lies beside it")
        ->required();
    auto* trusted =
        add("trust", "The keys whose releases this host runs; with a file: trust that one too", trust);
    trusted->add_option("key", words->file, "File with the public key; with --remove its id");
    trusted->add_flag("--remove", words->remove, "Trust it no more");
    auto* installed = add("install", "Unpack a release beside the others", install);
    installed->add_option("archive", words->file, "The archive; its signature lies beside it")->required();
    installed->add_flag("--older", words->older, "Also when a newer one is kept");
    add("assets", "Put the files of this program's pages where other releases find them", share_assets);
    add("list", "The releases on this host, newest first", list)
        ->add_flag("--json", words->json, "Print JSON");
    add("show", "One of them, as JSON", show)
        ->add_option("release", words->file, "Its name, or the beginning of its commit")
        ->required();
    auto* pruned =
        add("prune", "Remove all but those installed last and those that a rollback leads to", prune);
    pruned->add_option("--keep", words->keep, "How many to keep")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    pruned->add_flag("--dry-run", words->dry_run, "Only say what would go");
}

}  // namespace

void register_release(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("release", "Signed releases: making them, and those that a host keeps");
    group->require_subcommand(1);
    auto words = std::make_shared<ReleaseWords>();
    const Add add = [&](const char* name, const char* help, int (*run)(Context&, const ReleaseWords&)) {
        auto* command = group->add_subcommand(name, help);
        add_stage(*command, chosen);
        command->callback([&chosen, words, run] {
            chosen.action = [words, run](Context& context) {
                return run(context, *words);
            };
        });
        return command;
    };
    add_making(add, words.get());
    add_keeping(add, words.get());
}

}  // namespace bb::cli
