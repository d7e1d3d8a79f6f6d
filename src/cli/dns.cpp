#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "base/core/json_writer.hpp"
#include "base/core/time.hpp"
#include "cli/deploy.hpp"
#include "operations/dns/watch.hpp"

namespace bb::cli {
namespace {

struct Words {
    std::string name, content, zone, type;
    std::string primary, secondary;
    std::optional<std::int64_t> ttl;
    bool proxied = false;
    bool direct = false;
    bool take_back = false;
    int every = 10;
    int time = 0;
    std::int64_t lower_to = 60;
    dns::FailoverRules rules;
    dns::Probe probe;
    bool once = false;
    bool dry_run = false;
    bool json = false;
};

using Run = int (*)(Context&, const Words&);

dns::Access access_of(const Context& context) {
    dns::Access access{context.config.text("CLOUDFLARE_API_URL"), context.config.text("CLOUDFLARE_API_TOKEN"),
                       context.config.text("CLOUDFLARE_DEFAULT_ACCOUNT_ID"),
                       context.config.text("SSL_CERT_FILE")};
    while (access.url.ends_with('/')) access.url.pop_back();
    return access;
}

dns::LastChange last_change(const Context& context) {
    act_as_owner(context);
    return dns::LastChange(context.config.text("BRAINBYTES_DATA"));
}

Result<std::vector<dns::Zone>> wanted_zones(const dns::Cloudflare& cloudflare, const Words& words) {
    if (words.zone.empty()) return cloudflare.zones();
    const auto name = dns::parse_name(words.zone);
    if (!name) return name.error();
    const auto zone = cloudflare.zone_named(*name);
    if (!zone) return zone.error();
    return std::vector<dns::Zone>{*zone};
}

int list(Context& context, const Words& words) {
    const dns::Cloudflare cloudflare(access_of(context));
    const auto zones = wanted_zones(cloudflare, words);
    if (!zones) return context.fail(zones.error());
    JsonWriter json;
    json.object().key("records").array();
    std::string lines;
    for (const auto& zone : *zones) {
        const auto records = cloudflare.records(zone);
        if (!records) return context.fail(records.error());
        for (const auto& one : *records) {
            json.raw(one.json());
            const auto ttl = one.ttl == dns::automatic_ttl ? "automatic" : fmt::format("{}", one.ttl);
            lines += fmt::format("{}\t{}\t{}\t{}\t{}\n", one.name, one.type, one.content, ttl,
                                 one.proxied ? "proxied" : "direct");
        }
    }
    context.out << (words.json ? json.end().end().take() + '\n' : lines);
    return done;
}

std::string words_of(const std::optional<dns::Record>& record) {
    return record ? record->words() : "no record";
}

int tell(Context& context, const dns::Change& change, const Words& words) {
    const bool changed = !change.changes_nothing() && !words.dry_run;
    if (words.json) {
        auto json = change.json();
        json.insert(1, fmt::format("\"name\":\"{}\",\"changed\":{},\"dryRun\":{},", change.record().name,
                                   changed, words.dry_run));
        context.out << json << '\n';
        return done;
    }
    context.out << fmt::format("{}\twas: {}\t{}: {}\n", change.record().name, words_of(change.before),
                               words.dry_run              ? "would be"
                               : change.changes_nothing() ? "stays"
                                                          : "is",
                               words_of(change.after));
    if (changed && !words.take_back) context.err << "Take it back with: brainbytes dns point --undo\n";
    if (changed && change.before && !change.before->proxied)
        context.err << fmt::format("Resolvers may hold the former for up to {} seconds.\n",
                                   change.before->held_for());
    return done;
}

Result<dns::Wish> wish_of(const Words& words) {
    const auto name = dns::parse_name(words.name);
    if (!name) return name.error();
    const auto target = dns::parse_target(words.content);
    if (!target) return target.error();
    if (!words.type.empty() && words.type != target->type)
        return Error(ErrorCode::invalid_input,
                     fmt::format("{} is nothing for a record of type {}: that is {}.", words.content,
                                 words.type, target->type));
    dns::Wish wish{*name, *target, !words.type.empty(), words.ttl, {}};
    if (words.proxied || words.direct) wish.proxied = words.proxied;
    return wish;
}

int point(Context& context, const Words& words) {
    if (words.take_back != words.name.empty() || words.name.empty() != words.content.empty()) {
        context.fail("Give a name and what it is to point to, or --undo alone.");
        return wrong_usage;
    }
    const dns::Cloudflare cloudflare(access_of(context));
    if (words.take_back) {
        const auto undone = dns::undo(cloudflare, last_change(context), words.dry_run);
        return undone ? tell(context, *undone, words) : context.fail(undone.error());
    }
    const auto wish = wish_of(words);
    if (!wish) return context.fail(wish.error());
    const auto zone = cloudflare.zone_of(wish->name);
    if (!zone) return context.fail(zone.error());
    const auto records = cloudflare.records(*zone, wish->name);
    if (!records) return context.fail(records.error());
    const auto change = dns::plan_change(*zone, *records, *wish);
    if (!change) return context.fail(change.error());
    if (words.dry_run || change->changes_nothing()) return tell(context, *change, words);
    const auto changed = dns::carry_out(cloudflare, *change, last_change(context));
    return changed ? tell(context, *changed, words) : context.fail(changed.error());
}

Result<dns::WatchPlan> plan_of(const Words& words) {
    dns::WatchPlan plan;
    const auto name = dns::parse_name(words.name);
    const auto primary = dns::parse_target(words.primary);
    const auto secondary = dns::parse_target(words.secondary);
    if (!name) return name.error();
    if (!primary) return primary.error();
    if (!secondary) return secondary.error();
    if (name->starts_with('*'))
        return Error(ErrorCode::invalid_input, "A name with * cannot be asked for: give one without.");
    if (primary->type != secondary->type || *primary == *secondary)
        return Error(ErrorCode::invalid_input,
                     "Primary and secondary must be two addresses of one kind: IPv4, IPv6 or names.");
    plan.name = *name;
    plan.primary = *primary;
    plan.secondary = *secondary;
    plan.probe = words.probe;
    plan.rules = words.rules;
    plan.every = std::chrono::seconds(words.every);
    plan.time = std::chrono::seconds(words.time);
    plan.ttl = words.lower_to;
    plan.once = words.once;
    plan.dry_run = words.dry_run;
    return plan;
}

int failover(Context& context, const Words& words) {
    auto plan = plan_of(words);
    if (!plan) return context.fail(plan.error());
    plan->probe.ca_file = context.config.text("SSL_CERT_FILE");
    plan->say = [&context, &words](std::string_view event, std::string_view detail) {
        const auto at = now();
        if (words.json) {
            JsonWriter json;
            json.object().field("at", at).field("event", event).field("detail", detail);
            context.out << json.end().take() << std::endl;
        } else {
            context.out << fmt::format("{}\t{}\t{}", to_rfc3339(at), event, detail) << std::endl;
        }
    };
    const dns::Cloudflare cloudflare(access_of(context));
    const auto watched = dns::watch(cloudflare, *plan, last_change(context));
    return watched ? done : context.fail(watched.error());
}

CLI::App* add(CLI::App& group, Chosen& chosen, const std::shared_ptr<Words>& words, const char* name,
              const char* help, Run run) {
    auto* command = group.add_subcommand(name, help);
    add_stage(*command, chosen);
    command->add_flag("--json", words->json, "Print JSON");
    command->callback([&chosen, words, run] {
        chosen.action = [words, run](Context& context) {
            const auto usable = dns::check(access_of(context));
            return usable ? run(context, *words) : context.fail(usable.error());
        };
    });
    return command;
}

void add_point(CLI::App& group, Chosen& chosen, const std::shared_ptr<Words>& words) {
    auto* command = add(group, chosen, words, "point", "Make one record, or change where it points", point);
    command->add_option("name", words->name, "Full name, such as tutor.school.example");
    command->add_option("content", words->content, "IP address or host name");
    command->add_option("--type", words->type, "Also beside records of other types")
        ->check(CLI::IsMember({"A", "AAAA", "CNAME"}));
    command->add_option("--ttl", words->ttl, "Seconds, or 1: automatic; else as it is");
    auto* proxied = command->add_flag("--proxied", words->proxied, "Through Cloudflare; else as it is");
    command->add_flag("--direct", words->direct, "Not through Cloudflare")->excludes(proxied);
    command->add_flag("--undo", words->take_back, "Take the last change back");
    command->add_flag("--dry-run", words->dry_run, "Only say what would be done");
}

void add_failover(CLI::App& group, Chosen& chosen, const std::shared_ptr<Words>& words) {
    auto* command = add(group, chosen, words, "failover",
                        "Watch two hosts, and point the record to the second when the first fails", failover);
    command->add_option("name", words->name, "Full name of the record")->required();
    command->add_option("--primary", words->primary, "IP address or host name")->required();
    command->add_option("--secondary", words->secondary, "The same of the other")->required();
    command->add_option("--probe", words->probe.path, "What both are asked for")
        ->check(CLI::Validator(
            [](const std::string& path) {
                const bool good = path.starts_with('/') && path.find_first_of(" \t\r\n") == std::string::npos;
                return good ? std::string() : std::string("must be a path that starts with /");
            },
            "PATH"))
        ->capture_default_str();
    command->add_option("--port", words->probe.port, "Where; else 443, or 80 with --plain")
        ->check(CLI::Range(1, 65535));
    command->add_flag("--plain", words->probe.plain, "By http instead of https");
    command->add_option("--fails", words->rules.fails, "Failed looks in a row before it moves")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    command->add_option("--every", words->every, "Seconds from look to look")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    command->add_option("--ttl", words->lower_to, "A higher TTL is lowered to it")
        ->check(CLI::Range(60, 86400))
        ->capture_default_str();
    command->add_option("--for", words->time, "End after so many seconds")->check(CLI::PositiveNumber);
    command->add_flag("--once", words->once, "End as soon as it is clear whether it moves");
    command->add_flag("--back", words->rules.back, "Go back when the primary was well for as many looks");
    command->add_flag("--dry-run", words->dry_run, "Only say what would be done");
}

}  // namespace

void register_dns(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("dns", "Records at Cloudflare, and pointing one to another host");
    group->require_subcommand(1);
    auto words = std::make_shared<Words>();
    add(*group, chosen, words, "list", "The records", list)
        ->add_option("--zone", words->zone, "Of this domain alone");
    add_point(*group, chosen, words);
    add_failover(*group, chosen, words);
}

}  // namespace bb::cli
