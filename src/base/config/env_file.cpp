#include "base/config/env_file.hpp"

#include <fmt/format.h>

#include "base/core/utf8.hpp"

namespace bb::config {
namespace {

bool name_letter(char c, bool first) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (!first && c >= '0' && c <= '9');
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {
        if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);
    }

    Result<std::vector<Assignment>> run() {
        std::vector<Assignment> all;
        while (skip_to_statement()) {
            const int line = line_;
            auto name = read_name();
            if (!name) return name.error();
            auto value = read_value();
            if (!value) return value.error();
            all.push_back({std::move(*name), std::move(*value), line});
        }
        return all;
    }

private:
    bool at_end() const { return at_ >= text_.size(); }
    char peek() const { return at_end() ? '\n' : text_[at_]; }
    char take() {
        const char c = text_[at_++];
        if (c == '\n') ++line_;
        return c;
    }
    void skip_blanks() {
        while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\r')) take();
    }
    void skip_line() {
        while (!at_end() && peek() != '\n') take();
    }
    Error fault(int line, std::string_view what) const {
        return Error(ErrorCode::malformed, fmt::format("line {}: {}", line, what));
    }

    bool skip_to_statement() {
        while (!at_end()) {
            skip_blanks();
            if (peek() == '#') skip_line();
            if (at_end()) return false;
            if (peek() != '\n') return true;
            take();
        }
        return false;
    }

    Result<std::string> read_name() {
        if (text_.substr(at_, 7) == "export ") at_ += 7;
        skip_blanks();
        const auto from = at_;
        while (!at_end() && name_letter(peek(), at_ == from)) take();
        std::string name(text_.substr(from, at_ - from));
        skip_blanks();
        if (name.empty() || peek() != '=') return fault(line_, "NAME=value expected");
        take();
        return name;
    }

    Result<std::string> read_value() {
        skip_blanks();
        if (peek() == '\'' || peek() == '"') return read_quoted(take());
        const auto from = at_;
        while (!at_end() && peek() != '\n') {
            // A # begins a comment only after a blank, so that colours and fragments need no quotes.
            if (peek() == '#' && (at_ == from || text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t')) break;
            take();
        }
        std::string value(utf8::trim(text_.substr(from, at_ - from)));
        skip_line();
        return value;
    }

    Result<std::string> read_quoted(char quote) {
        const int opened = line_;
        std::string value;
        while (true) {
            if (at_end()) return fault(opened, fmt::format("the closing {} is missing", quote));
            const char c = take();
            if (c == quote) break;
            if (c == '\\' && quote == '"' && !at_end())
                append_escape(value, take());
            else
                value += c;
        }
        skip_blanks();
        if (peek() == '#') skip_line();
        if (!at_end() && peek() != '\n') return fault(line_, "nothing may follow the closing quote");
        return value;
    }

    static void append_escape(std::string& value, char c) {
        switch (c) {
            case 'n':
                value += '\n';
                break;
            case 'r':
                value += '\r';
                break;
            case 't':
                value += '\t';
                break;
            case '"':
            case '\\':
            case '$':
                value += c;
                break;
            default:
                value += '\\';
                value += c;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1;
};

}  // namespace

Result<std::vector<Assignment>> parse_env(std::string_view text) {
    return Parser(text).run();
}

}  // namespace bb::config
