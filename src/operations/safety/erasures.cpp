#include "operations/safety/erasures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace bb::safety {
namespace {

constexpr const char* has_log_sql = "SELECT to_regclass('audit_entries') IS NOT NULL";
constexpr const char* erased_sql =
    "SELECT DISTINCT subject_id FROM audit_entries WHERE action = 'account.erased' AND subject_kind = "
    "'person'";

constexpr const char* list_name = "erased";

}  // namespace

Erased erased_in(db::Session& session) {
    Erased erased;
    if (!session.query(has_log_sql)[0].get<bool>(0)) return erased;
    for (const auto row : session.query(erased_sql))
        if (const auto id = Uuid::parse(row.get<std::string_view>(0))) erased.insert(*id);
    return erased;
}

Erased erased_beside(const Destination& destination) {
    Erased erased;
    const auto text = destination.store().get(list_name);
    if (!text) return erased;
    std::istringstream lines(*text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        const auto id = Uuid::parse(line);
        if (!id)
            throw std::runtime_error(
                fmt::format("{}/{}:{}: is no id", destination.name(), list_name, number));
        erased.insert(*id);
    }
    return erased;
}

bool note_erased(const Destination& destination, const Erased& erased) {
    auto all = erased_beside(destination);
    const auto before = all.size();
    all.insert(erased.begin(), erased.end());
    if (all.size() == before) return false;
    std::string text;
    for (const auto& id : all) text += id.text() + "\n";
    destination.store().put(list_name, text);
    return true;
}

}  // namespace bb::safety
