#include "base/core/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include "base/core/json_writer.hpp"
#include "base/core/log_files.hpp"
#include "base/core/log_sink.hpp"
#include "base/core/utf8.hpp"

namespace bb::log {
namespace {

struct State {
    std::shared_ptr<spdlog::logger> logger;
    std::shared_ptr<LogFiles> files;
    std::shared_ptr<spdlog::logger> file_logger;  // null: no files are kept
    Level level = Level::info;
    bool json = true;
};

State& state() {
    static State instance;
    return instance;
}

constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                spdlog::level::warn, spdlog::level::err};

std::string json_line(Level level, std::string_view event, std::initializer_list<Field> fields) {
    JsonWriter json(320);
    json.object().field("time", now()).field("level", names[static_cast<int>(level)]).field("event", event);
    for (const Field& field : fields) {
        json.key(field.key);
        // Reasons come from libraries and the system: in whatever encoding.
        if (const auto* text = std::get_if<std::string_view>(&field.value); text && !utf8::valid(*text))
            json.value(utf8::repaired(*text));
        else
            std::visit([&](const auto& value) { json.value(value); }, field.value);
    }
    json.end();
    return json.take();
}

std::string text_line(std::string_view event, std::initializer_list<Field> fields) {
    std::string line(event);
    for (const Field& field : fields) {
        line += fmt::format("  {}=", field.key);
        std::visit([&](const auto& value) { line += fmt::format("{}", value); }, field.value);
    }
    // One event is one line, whatever a library put into its message.
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return line;
}

std::shared_ptr<spdlog::logger> logger_to(Output output, BatchSink::Form form, Level level) {
    auto sink = std::make_shared<BatchSink>(std::move(output), form);
    sink->set_pattern("%H:%M:%S %^%-5l%$ %v");
    auto logger = std::make_shared<spdlog::logger>("brainbytes", std::move(sink));
    logger->set_level(levels[static_cast<int>(level)]);
    logger->flush_on(spdlog::level::warn);
    return logger;
}

void hand_to(spdlog::logger& logger, Level level, const std::string& line) {
    logger.log(levels[static_cast<int>(level)], spdlog::string_view_t(line.data(), line.size()));
}

/// Tells of the folder on stderr alone: the files are what does not work.
LogFiles::Tell tell_on(std::shared_ptr<spdlog::logger> logger, bool json) {
    const auto say = [logger = std::move(logger), json](Level level, std::string_view event,
                                                        std::initializer_list<Field> fields) {
        hand_to(*logger, level, json ? json_line(level, event, fields) : text_line(event, fields));
    };
    return [say](const std::filesystem::path& folder, std::string_view fault) {
        const auto name = folder.string();
        if (fault.empty())
            say(Level::warn, "log lines are kept again", {{"folder", name}});
        else
            say(Level::error, "no log lines are kept", {{"folder", name}, {"reason", fault}});
    };
}

}  // namespace

void start(Level level, Format format, bool files) {
    State& s = state();
    s.level = level;
    s.json = format == Format::json || (format == Format::automatic && !isatty(STDERR_FILENO));
    const bool terminal = isatty(STDERR_FILENO) != 0;
    const auto form = s.json     ? BatchSink::Form::bare
                      : terminal ? BatchSink::Form::colored
                                 : BatchSink::Form::plain;
    s.logger = logger_to(descriptor(STDERR_FILENO), form, level);
    if (!files) return;
    s.files = std::make_shared<LogFiles>(tell_on(s.logger, s.json));
    const auto output = [kept = s.files](std::string_view lines) {
        kept->write(lines);
        return true;
    };
    s.file_logger = logger_to(output, BatchSink::Form::bare, level);
}

void keep_in(const std::filesystem::path& folder, const FileLimits& limits) {
    if (state().files) state().files->open(folder, limits);
}

void stop() {
    state().logger.reset();
    state().file_logger.reset();
    state().files.reset();
}

bool enabled(Level level) {
    const State& s = state();
    return s.logger && level >= s.level;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (!enabled(level)) return;
    const State& s = state();
    if (!s.json) hand_to(*s.logger, level, text_line(event, fields));
    if (!s.json && !s.file_logger) return;
    const std::string line = json_line(level, event, fields);
    if (s.json) hand_to(*s.logger, level, line);
    if (s.file_logger) hand_to(*s.file_logger, level, line);
}

}  // namespace bb::log
