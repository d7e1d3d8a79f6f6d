#include "operations/watch/contacts.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>

namespace bb::watch {
namespace {

constexpr std::size_t longest_file = 1 << 20;
constexpr std::size_t most_names = 50;

Time midnight(const toml::date& date) {
    return std::chrono::sys_days(std::chrono::year_month_day(
        std::chrono::year(date.year), std::chrono::month(date.month), std::chrono::day(date.day)));
}

/// Reads the sections and notes every fault with its line.
class ContactsReader {
public:
    ContactsReader(std::string file, std::vector<FieldError>& faults)
        : file_(std::move(file)), faults_(faults) {}

    Contacts read(const toml::table& root) {
        section(root, "contacts",
                [this](const std::string& name, const toml::node& value) { contact(name, value); });
        section(root, "rotas",
                [this](const std::string& name, const toml::node& value) { rota(name, value); });
        section(root, "escalation",
                [this](const std::string& name, const toml::node& value) { level(name, value); });
        return std::move(contacts_);
    }

private:
    void blame(const toml::node& where, const std::string& what, const std::string& why) {
        faults_.push_back(
            {fmt::format("{}:{}", file_, where.source().begin.line), fmt::format("\"{}\" {}", what, why)});
    }

    template <class Take>
    void section(const toml::table& root, const char* name, Take take) {
        const auto* node = root.get(name);
        if (!node) return;
        const auto* table = node->as_table();
        if (!table) return blame(*node, name, fmt::format("must be a table: write [{}]", name));
        if (table->size() > most_names)
            return blame(*node, name, fmt::format("may have {} names", most_names));
        for (const auto& [key, value] : *table) take(std::string(key.str()), value);
    }

    void contact(const std::string& name, const toml::node& value) {
        const auto* table = value.as_table();
        if (!table) return blame(value, name, "must be a table like { email = \"ana@school.example\" }");
        Contact made{name, {}, {}, {}};
        for (const auto& [key, one] : *table) {
            if (key.str() == "email")
                made.email = text(name, one);
            else if (key.str() == "ntfy")
                made.ntfy = text(name, one);
            else if (key.str() == "away")
                made.away = holidays(name, one);
            else
                blame(one, std::string(key.str()), "is no key of a contact; these are: email, ntfy, away");
        }
        if (made.email.empty() && made.ntfy.empty()) blame(value, name, "needs email or ntfy");
        if (!made.email.empty() && (made.email.find('@') == std::string::npos || made.email.front() == '-'))
            blame(value, name, "has an email that is no address");
        if (!made.ntfy.empty() && !made.ntfy.starts_with("https://") && !made.ntfy.starts_with("http://"))
            blame(value, name, "has an ntfy that is no address like https://ntfy.sh/TOPIC");
        contacts_.people[name] = std::move(made);
    }

    std::string text(const std::string& name, const toml::node& value) {
        if (const auto* text = value.as_string(); text && text->get().size() <= 500) return text->get();
        blame(value, name, "must be a text in quotes");
        return {};
    }

    /// [["2026-12-20", ...]] as dates: { from = 2026-12-20, to = 2027-01-03 }, ...
    std::vector<std::pair<Time, Time>> holidays(const std::string& name, const toml::node& value) {
        std::vector<std::pair<Time, Time>> made;
        const auto* list = value.as_array();
        if (!list) blame(value, name, "has an \"away\" that is no list of { from = DATE, to = DATE }");
        for (std::size_t i = 0; list && i < list->size(); ++i) {
            const auto* one = list->get(i)->as_table();
            const auto from = one ? (*one)["from"].value<toml::date>() : std::nullopt;
            const auto to = one ? (*one)["to"].value<toml::date>() : std::nullopt;
            if (!from || !to || midnight(*to) <= midnight(*from))
                blame(*list->get(i), name, "must be { from = DATE, to = DATE }, the day of coming back");
            else
                made.emplace_back(midnight(*from), midnight(*to));
        }
        return made;
    }

    std::vector<std::string> names(const std::string& what, const toml::node& value, bool rotas_too) {
        std::vector<std::string> made;
        const auto* list = value.as_array();
        if (!list) blame(value, what, "must be a list of names in quotes");
        for (std::size_t i = 0; list && i < list->size(); ++i) {
            auto one = text(what, *list->get(i));
            const bool known = contacts_.people.contains(one) || (rotas_too && contacts_.rotas.contains(one));
            if (!one.empty() && !known) blame(*list->get(i), one, "is no name of [contacts] or [rotas]");
            made.push_back(std::move(one));
        }
        return made;
    }

    void rota(const std::string& name, const toml::node& value) {
        const auto* table = value.as_table();
        if (!table) return blame(value, name, "must be a table like { people = [...], starts = 2026-01-05 }");
        Rota made;
        const auto* people = table->get("people");
        if (people) made.people = names(name, *people, false);
        if (made.people.empty()) blame(value, name, "names nobody");
        const auto starts = (*table)["starts"].value<toml::date>();
        if (starts)
            made.starts = midnight(*starts);
        else
            blame(value, name, "needs the date from which weeks are counted: starts = 2026-01-05");
        if (contacts_.people.contains(name)) blame(value, name, "is the name of a contact, too");
        contacts_.rotas[name] = std::move(made);
    }

    void level(const std::string& name, const toml::node& value) {
        const bool known = name.size() == 2 && name[0] == 'L' && name[1] >= '1' && name[1] <= '4';
        if (!known) return blame(value, name, "is no level; these are: L1, L2, L3, L4");
        contacts_.escalation.at(static_cast<std::size_t>(name[1] - '1')) = names(name, value, true);
    }

    std::string file_;
    std::vector<FieldError>& faults_;
    Contacts contacts_;
};

bool is_away(const Contact& contact, Time now) {
    return std::any_of(contact.away.begin(), contact.away.end(),
                       [now](const auto& span) { return now >= span.first && now < span.second; });
}

}  // namespace

std::vector<Contact> Contacts::on_duty(int level, Time now) const {
    std::vector<Contact> found;
    const auto add = [&](const Contact& one) {
        const bool there = std::any_of(found.begin(), found.end(),
                                       [&](const Contact& other) { return other.name == one.name; });
        if (!there) found.push_back(one);
    };
    for (const auto& name : escalation.at(static_cast<std::size_t>(level - 1))) {
        if (const auto person = people.find(name); person != people.end()) {
            add(person->second);
            continue;
        }
        const auto& rota = rotas.at(name);
        const auto size = static_cast<std::int64_t>(rota.people.size());
        const auto week = std::chrono::floor<std::chrono::weeks>(now - rota.starts).count();
        const auto turn = ((week % size) + size) % size;
        // When all of them are away, the one whose turn it is hears of it nevertheless.
        auto chosen = turn;
        for (std::int64_t i = 0; i < size; ++i) {
            const auto next = (turn + i) % size;
            if (is_away(people.at(rota.people[static_cast<std::size_t>(next)]), now)) continue;
            chosen = next;
            break;
        }
        add(people.at(rota.people[static_cast<std::size_t>(chosen)]));
    }
    return found;
}

Result<Contacts> parse_contacts(std::string_view text, const std::string& file) {
    std::vector<FieldError> faults;
    Contacts contacts;
    try {
        contacts = ContactsReader(file, faults).read(toml::parse(text, file));
    } catch (const toml::parse_error& fault) {
        return Error(
            ErrorCode::malformed, file + " is no TOML.",
            {{fmt::format("{}:{}", file, fault.source().begin.line), std::string(fault.description())}});
    }
    if (faults.empty()) return contacts;
    return Error(ErrorCode::invalid_input, file + " is not right:", std::move(faults));
}

Result<Contacts> read_contacts(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return Contacts();
    std::string text(longest_file + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > longest_file)
        return Error(ErrorCode::too_large, fmt::format("{} is longer than 1 MB.", file.string()));
    return parse_contacts(text, file.filename().string());
}

int level_after(std::string_view severity, std::chrono::seconds waited) {
    if (severity == "P2" || severity == "P3") waited -= response_time(severity) - answer_within[0];
    // L1 is told at once, and L2 when L1's time is over.
    for (int level = 1; level <= Contacts::levels; ++level)
        if (waited < answer_within.at(static_cast<std::size_t>(level - 1))) return level;
    return Contacts::levels + 1;
}

std::chrono::minutes response_time(std::string_view severity) {
    if (severity == "P0") return std::chrono::minutes(5);
    if (severity == "P1") return std::chrono::minutes(15);
    return severity == "P2" ? std::chrono::minutes(60) : std::chrono::minutes(24 * 60);
}

std::string_view decision_of(std::string_view severity) {
    if (severity == "P0") return "immediate rollback";
    if (severity == "P1") return "rollback if there is no quick fix";
    return severity == "P2" ? "fix forward is preferred" : "fix forward";
}

}  // namespace bb::watch
