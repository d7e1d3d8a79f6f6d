#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <thread>

#include "base/core/program.hpp"
#include "base/db/found_home.hpp"
#include "cli/deploy.hpp"
#include "cli/logs.hpp"
#include "cli/since.hpp"
#include "operations/watch/log_files.hpp"

namespace bb::cli {
namespace {

constexpr std::chrono::milliseconds look_every{250};
constexpr const char* standard_unit = "brainbytes";

/// Prints lines; knows when nobody reads any more.
class Printer {
public:
    Printer(Context& context, const LogWords& words) : context_(context), words_(words) {}

    bool print(const watch::LogLine& line) {
        context_.out << (words_.json ? watch::as_json(line, "") : watch::readable(line, "")) << '\n';
        return static_cast<bool>(context_.out) && ++printed_ != words_.limit;
    }

    /// Whether there is more to print, and somebody to read it.
    bool go_on() {
        context_.out.flush();
        pollfd reader{STDOUT_FILENO, 0, 0};
        const bool gone = ::poll(&reader, 1, 0) > 0 && (reader.revents & (POLLERR | POLLNVAL)) != 0;
        return !gone && context_.out && (words_.limit == 0 || printed_ < words_.limit);
    }

private:
    Context& context_;
    const LogWords& words_;
    std::int64_t printed_ = 0;
};

void tell_broken(Context& context, std::size_t broken) {
    if (broken > 0)
        context.err << fmt::format("brainbytes: {} {} passed over: not of the log\n", broken,
                                   broken == 1 ? "line was" : "lines were");
}

/// Hands over the newest lines alone, where so many are asked for.
template <class Read>
void print_chosen(Printer& printer, const LogWords& words, Read read) {
    if (words.newest == 0) {
        read([&](watch::LogLine line) { return printer.print(line); });
        return;
    }
    watch::Newest newest(static_cast<std::size_t>(words.newest));
    read([&](watch::LogLine line) {
        newest.add(std::move(line));
        return true;
    });
    for (const auto& line : newest.lines())
        if (!printer.print(line)) return;
}

int from_files(Context& context, const LogWords& words, const watch::LogFilter& filter) {
    // Where a server that was started as root has put its data, when they could not stay where it was told.
    const auto folder = db::find_home(context.config).data / "logs";
    std::error_code unknown;
    if (!words.follow && !std::filesystem::is_directory(folder, unknown))
        return context.fail(
            fmt::format("There is no log in {}. A server keeps it there unless "
                        "BRAINBYTES_LOG_DAYS is 0; --journal reads the system's.",
                        folder.string()));
    if (::access(folder.c_str(), R_OK | X_OK) != 0 && errno == EACCES)
        return context.fail(
            fmt::format("{} is readable by the server's account and root alone.", folder.string()));
    watch::LogReader reader(folder);
    Printer printer(context, words);
    if (words.follow) reader.mark_end();
    print_chosen(printer, words, [&](const watch::LineCutter::Take& take) { reader.read(filter, take); });
    tell_broken(context, reader.broken());
    Attendance attendance;
    while (words.follow && printer.go_on()) {
        if (words.attended) attendance.look();
        std::this_thread::sleep_for(look_every);
        reader.follow(filter, [&](watch::LogLine line) { return printer.print(line); });
    }
    return done;
}

std::vector<std::string> journal_command(const LogWords& words, const watch::LogFilter& filter) {
    std::vector<std::string> command = {"/usr/bin/env", "journalctl", "--output=cat",
                                        "--no-pager",   "--quiet",    "--unit=" + words.unit};
    const auto seconds = [](Time time) {
        return std::to_string(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
    };
    if (filter.since) command.push_back("--since=@" + seconds(*filter.since));
    // What is of that second belongs to it: the filter looks closer.
    if (filter.until) command.push_back("--until=@" + seconds(*filter.until + std::chrono::seconds(1)));
    if (words.follow) command.insert(command.end(), {"--follow", fmt::format("--lines={}", words.newest)});
    return command;
}

/// A started program that ends with this value.
struct Child {
    pid_t pid;
    ~Child() {
        if (pid <= 0) return;
        ::kill(pid, SIGTERM);
        wait_for(pid);
    }
};

int from_journal(Context& context, const LogWords& words, const watch::LogFilter& filter) {
    Pipe pipe;
    Child child{launch({.command = journal_command(words, filter),
                        .folder = "/",
                        .out = pipe.writer(),
                        .error = STDERR_FILENO})};
    pipe.close_writer();
    Printer printer(context, words);
    watch::LineCutter cutter;
    Attendance attendance;
    bool more = true;
    const auto read = [&](const watch::LineCutter::Take& take) {
        const auto wanted = [&](watch::LogLine line) {
            return !filter.fits(line) || take(std::move(line));
        };
        std::array<char, 16384> bytes{};
        while (more && printer.go_on()) {
            if (words.attended) attendance.look();
            pollfd ready{pipe.reader(), POLLIN, 0};
            if (::poll(&ready, 1, static_cast<int>(look_every.count())) == 0) continue;
            const auto got = ::read(pipe.reader(), bytes.data(), bytes.size());
            if (got <= 0) break;
            more = cutter.feed({bytes.data(), static_cast<std::size_t>(got)}, wanted);
        }
        if (more) cutter.finish(wanted);
    };
    auto printed = words;
    if (words.follow) printed.newest = 0;  // journalctl has chosen them
    print_chosen(printer, printed, read);
    tell_broken(context, cutter.broken());
    if (!more || words.follow) return done;
    const int code = wait_for(std::exchange(child.pid, -1));
    if (code == 127) return context.fail("journalctl is not on this machine.");
    return code == 0 ? done : context.fail(fmt::format("journalctl ended with code {}.", code));
}

/// Errors: invalid_input, with a sentence.
Result<watch::LogFilter> filter_of(const LogWords& words) {
    watch::LogFilter filter;
    for (const auto& [name, text, into] : {std::tuple("--since ", &words.since, &filter.since),
                                           std::tuple("--until ", &words.until, &filter.until)}) {
        if (text->empty()) continue;
        *into = parse_since(*text);
        if (!*into) return Error(ErrorCode::invalid_input, std::string(name) + forms_of_since);
    }
    filter.level = words.level;
    filter.request = words.request;
    filter.route = words.route;
    filter.event = words.event;
    if (!words.pattern.empty())
        if (auto bad = filter.set_pattern(words.pattern)) return *bad;
    return filter;
}

int show(Context& context, const LogWords& words) {
    const auto filter = filter_of(words);
    if (!filter) {
        context.fail(filter.error());
        return wrong_usage;
    }
    DeployWords where;
    where.stage = words.stage;
    if (is_remote(where)) return logs_of_stage(context, words);
    return words.unit.empty() ? from_files(context, words, *filter) : from_journal(context, words, *filter);
}

void add_filters(CLI::App& command, LogWords& words) {
    command.add_option("--since", words.since, "Only later ones: 30m, 24h, 7d, a date or a time");
    command.add_option("--until", words.until, "Only earlier ones, in the same forms");
    command.add_option("--level", words.level, "This level and what is more important")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    command.add_option("--request", words.request, "Only what belongs to the request with this id");
    command.add_option("--route", words.route, "Only requests to it and below: /api/threads");
    command.add_option("--event", words.event, "Only events in which these words are");
    command.add_option("--grep", words.pattern,
                       "Only lines in which this extended regular expression is found");
}

void add_output(CLI::App& command, LogWords& words) {
    command.add_flag("--json", words.json, "Print the lines as they were written, one JSON object each");
    command
        .add_option("--journal", words.unit,
                    "Read the journal of this unit of systemd (brainbytes), and not the files")
        ->expected(0, 1)
        ->type_name("UNIT");
    command.add_flag("--attended", words.attended)->group("");
}

}  // namespace

void register_logs(CLI::App& app, Chosen& chosen) {
    auto* logs = app.add_subcommand("logs", "Read the log of the server");
    logs->require_subcommand(1);
    const auto add = [&](const char* name, const char* help) {
        auto* command = logs->add_subcommand(name, help);
        add_stage(*command, chosen);
        const auto words = std::make_shared<LogWords>();
        words->command = name;
        add_filters(*command, *words);
        add_output(*command, *words);
        command->callback([&chosen, words, command] {
            words->stage = chosen.stage;
            if (command->count("--journal") > 0 && words->unit.empty()) words->unit = standard_unit;
            chosen.action = [words](Context& context) {
                return show(context, *words);
            };
        });
        return std::pair(command, words);
    };
    const auto [tail, tail_words] = add("tail", "The newest lines, and those that come");
    tail_words->newest = 50;
    tail->add_option("-n,--lines", tail_words->newest, "So many, of each host")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    tail->add_flag("--follow,-f", tail_words->follow, "Go on with what is added, until interrupted");
    const auto [filter, filter_words] = add("filter", "All lines that fit, oldest first");
    filter->add_option("--limit", filter_words->limit, "Stop after so many, of each host; 0: never")
        ->check(CLI::Range(std::int64_t(0), std::int64_t(1'000'000'000)));
}

}  // namespace bb::cli
