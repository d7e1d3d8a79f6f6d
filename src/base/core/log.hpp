#pragma once
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace bb::log {

struct FileLimits;  // log_files.hpp

enum class Level { debug, info, warn, error };
enum class Format { automatic, json, text };  // automatic: text on a terminal, JSON lines elsewhere

/// One key with its value. Never pass message text, tokens, cookies or e-mail addresses.
struct Field {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, double, bool> value;

    Field(std::string_view key, std::string_view text) : key(key), value(text) {}
    Field(std::string_view key, const char* text) : key(key), value(std::string_view(text)) {}
    Field(std::string_view key, const std::string& text) : key(key), value(std::string_view(text)) {}
    Field(std::string_view key, bool truth) : key(key), value(truth) {}
    Field(std::string_view key, double number) : key(key), value(number) {}
    Field(std::string_view key, int number) : key(key), value(static_cast<std::int64_t>(number)) {}
    Field(std::string_view key, std::int64_t number) : key(key), value(number) {}
    Field(std::string_view key, std::size_t number) : key(key), value(static_cast<std::int64_t>(number)) {}
};

/// Sends everything from `level` up to stderr. Lines are written by a background thread; what a slow reader
/// leaves unread beyond 4 MiB is dropped and counted, rather than stop a request.
/// `files`: keep_in() will say where JSON lines are kept besides.
void start(Level level, Format format, bool files = false);
/// Keeps the lines in this folder too, those since start() and all that come.
void keep_in(const std::filesystem::path& folder, const FileLimits& limits);
/// Writes out what is queued and stops the background thread.
void stop();

/// Whether a line of this level would be written: ask before gathering fields that cost something.
bool enabled(Level level);
/// `event` is a short fixed phrase ("request", "database lost"); details go into fields.
void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});
inline void debug(std::string_view event, std::initializer_list<Field> f = {}) {
    write(Level::debug, event, f);
}
inline void info(std::string_view event, std::initializer_list<Field> f = {}) {
    write(Level::info, event, f);
}
inline void warn(std::string_view event, std::initializer_list<Field> f = {}) {
    write(Level::warn, event, f);
}
inline void error(std::string_view event, std::initializer_list<Field> f = {}) {
    write(Level::error, event, f);
}

}  // namespace bb::log
