#include "base/db/lint/header.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bb::db {
namespace {

constexpr std::string_view phase_key = "-- phase:";
constexpr std::string_view mode_key = "-- transaction:";

bool begins(std::string_view line, std::string_view key) {
    return line.substr(0, key.size()) == key;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

bool read_phase(std::string_view word, Header& header) {
    header.phase = word == "contract" ? Phase::contract : Phase::expand;
    return word == "contract" || word == "expand";
}

bool read_mode(std::string_view word, Header& header) {
    header.mode = word == "none" ? Mode::none : word == "batches" ? Mode::batches : Mode::one_transaction;
    return word == "none" || word == "batches";
}

}  // namespace

Header read_header(std::string_view script) {
    Header header;
    bool at_head = true;
    for (int number = 1; !script.empty(); ++number) {
        const auto end = std::min(script.find('\n'), script.size());
        const auto line = trimmed(script.substr(0, end));
        script.remove_prefix(std::min(end + 1, script.size()));
        const bool phase = begins(line, phase_key);
        const bool mode = begins(line, mode_key);
        if (!phase && !mode) {
            at_head = false;
            continue;
        }
        const auto word = trimmed(line.substr(phase ? phase_key.size() : mode_key.size()));
        if (!at_head)
            header.faults.push_back(
                {number, "A line about phase or transaction counts only at the very top."});
        else if (phase && !read_phase(word, header))
            header.faults.push_back(
                {number, fmt::format("There is no phase {}: write expand or contract.", word)});
        else if (mode && !read_mode(word, header))
            header.faults.push_back(
                {number,
                 fmt::format("There is no transaction {}: write none or batches, or leave the line out.",
                             word)});
    }
    return header;
}

const char* name_of(Phase phase) {
    return phase == Phase::contract ? "contract" : "expand";
}

}  // namespace bb::db
