#include "services/personal/archive.hpp"

namespace bb::personal {
namespace {

constexpr std::size_t piece = 4 * 1024 * 1024;  // packed in about 50 ms

}  // namespace

Task<void> Archive::add(std::string name, std::string content) {
    auto work = [this, &name, &content] {
        zip_.begin(name, now());
        zip_.write(content);
    };
    co_await pool_.run(std::move(work));
}

Task<void> Archive::begin(std::string name) {
    auto work = [this, &name] {
        zip_.begin(name, now());
    };
    co_await pool_.run(std::move(work));
}

Task<void> Archive::append(std::string content) {
    auto work = [this, &content] {
        zip_.write(content);
    };
    co_await pool_.run(std::move(work));
}

Task<void> Archive::add_file(std::string name, http::FileBody file) {
    co_await begin(std::move(name));
    for (std::uint64_t at = 0; at < file.size;) {
        auto work = [this, &file] {
            return zip_.copy(*file.source, piece);
        };
        const auto copied = co_await pool_.run(std::move(work));
        if (copied == 0) co_return;  // shorter than it was
        at += copied;
    }
}

std::string plain_name(std::string_view name) {
    constexpr std::size_t longest = 100;
    std::string plain;
    for (const char c : name.substr(name.size() > longest ? name.size() - longest : 0)) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '_' || (c == '.' && !plain.empty());
        plain += good ? c : '_';
    }
    return plain;
}

std::string markdown_title(std::string_view title) {
    std::string text = "# ";
    text += title;
    return text + "\n\n";
}

}  // namespace bb::personal
