#pragma once
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/time.hpp"

namespace bb::watch {

/// Somebody who is told.
struct Contact {
    std::string name;                         ///< as the file names them
    std::string email;                        ///< empty: none
    std::string ntfy;                         ///< address of a topic; empty: none
    std::vector<std::pair<Time, Time>> away;  ///< holidays: [from, to)
};

/// Takes turns by week, from a Monday on.
struct Rota {
    std::vector<std::string> people;  ///< names of contacts
    Time starts;
};

/// Who is told of an incident, and how: the sections [contacts], [rotas] and [escalation] of brainbytes.toml.
struct Contacts {
    static constexpr int levels = 4;

    std::map<std::string, Contact> people;
    std::map<std::string, Rota> rotas;
    std::array<std::vector<std::string>, levels> escalation;  ///< names of people or rotas, for L1 to L4

    bool empty() const { return escalation[0].empty(); }
    /// Those of `level` (1 to 4) whose turn it is; who is away is replaced by the next of the rota. A level
    /// that names nobody gives nobody.
    std::vector<Contact> on_duty(int level, Time now) const;
};

/// Reads the sections; others are not looked at. Errors: malformed or invalid_input, with a FieldError for
/// each fault: "FILE:LINE" as pointer.
Result<Contacts> parse_contacts(std::string_view text, const std::string& file);

/// Reads a file; none there: nobody. Errors: as parse_contacts(), too_large.
Result<Contacts> read_contacts(const std::filesystem::path& file);

/// Minutes after which the next level is told when nobody answered: the plan's escalation matrix.
inline constexpr std::array<std::chrono::minutes, Contacts::levels> answer_within = {
    std::chrono::minutes(15), std::chrono::minutes(30), std::chrono::minutes(60), std::chrono::minutes(120)};

/// Which level must have been told `waited` after an incident of `severity` was opened: 1 to 4; 5 when even
/// the time of the last is over. What may wait an hour or a day for its answer goes up only after that.
int level_after(std::string_view severity, std::chrono::seconds waited);

/// How soon somebody must answer: the plan's decision matrix. `severity`: "P0" to "P3".
std::chrono::minutes response_time(std::string_view severity);

/// What the matrix says of going back: "immediate rollback", "rollback if there is no quick fix", "fix
/// forward is preferred", "fix forward".
std::string_view decision_of(std::string_view severity);

}  // namespace bb::watch
