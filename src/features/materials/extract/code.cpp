#include <boost/json/value.hpp>
#include <cctype>

#include "base/core/json_reader.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/markdown.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/tidy.hpp"

namespace bb::materials::extract {
namespace {

namespace json = boost::json;

/// What a fence calls the language of a file with this ending.
std::string language_of(std::string_view name) {
    constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"py", "python"},  {"js", "javascript"}, {"mjs", "javascript"}, {"ts", "typescript"},
        {"rs", "rust"},    {"rb", "ruby"},       {"kt", "kotlin"},      {"kts", "kotlin"},
        {"cs", "csharp"},  {"hpp", "cpp"},       {"cc", "cpp"},         {"cxx", "cpp"},
        {"h", "c"},        {"sh", "bash"},       {"yml", "yaml"},       {"m", "matlab"},
        {"hs", "haskell"}, {"pl", "perl"},       {"ps1", "powershell"}, {"jl", "julia"},
    };
    std::string ending(name.substr(name.rfind('.') + 1));
    for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const auto& [from, to] : names)
        if (from == ending) return std::string(to);
    return ending;
}

/// A text of a notebook: one string, or a list of lines.
std::string text_of_notebook(const json::value* value) {
    if (!value) return {};
    if (const auto* one = value->if_string()) return std::string(*one);
    std::string text;
    if (const auto* lines = value->if_array())
        for (const auto& line : *lines)
            if (const auto* words = line.if_string()) text.append(words->data(), words->size());
    return text;
}

const json::value* member_of(const json::value* value, std::string_view name) {
    const auto* object = value ? value->if_object() : nullptr;
    return object ? object->if_contains(name) : nullptr;
}

std::string language_of_notebook(const json::value& notebook) {
    const auto* metadata = member_of(&notebook, "metadata");
    std::string name = text_of_notebook(member_of(member_of(metadata, "language_info"), "name"));
    if (name.empty()) name = text_of_notebook(member_of(member_of(metadata, "kernelspec"), "language"));
    return one_line(name).substr(0, 20);
}

/// The cells of a Jupyter notebook, without what they printed.
Read<std::string> read_notebook(std::string_view text, const Limits& limits) {
    const auto notebook = parse_json(text);
    const auto* cells = notebook ? member_of(&*notebook, "cells") : nullptr;
    if (!cells || !cells->is_array())
        return damaged("The file is damaged, or is not a notebook of Jupyter that can be read here.");
    const std::string language = language_of_notebook(*notebook);
    Markdown out(limits.text_bytes);
    for (const auto& cell : cells->get_array()) {
        const std::string kind = text_of_notebook(member_of(&cell, "cell_type"));
        const std::string source = tidy(text_of_notebook(member_of(&cell, "source")));
        if (kind == "markdown")
            out.block(source.substr(0, source.find_last_not_of('\n') + 1));
        else
            out.code(source, kind == "code" ? language : "");
    }
    if (out.full()) return too_much();
    return out.take();
}

}  // namespace

Read<std::string> read_code(std::string_view bytes, std::string_view name, const Limits& limits) {
    const auto text = decoded(bytes);
    if (!text) return text.error();
    const std::string language = language_of(name);
    if (language == "ipynb") return read_notebook(*text, limits);
    Markdown out(limits.text_bytes);
    out.code(tidy(*text), language);
    if (out.full()) return too_much();
    return out.take();
}

Read<std::string> read_plain(std::string_view bytes) {
    const auto text = decoded(bytes);
    if (!text) return text.error();
    return tidy(*text);
}

Read<std::string> read_markdown(std::string_view bytes) {
    return read_plain(bytes);
}

}  // namespace bb::materials::extract
