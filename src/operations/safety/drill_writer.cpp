#include "operations/safety/drill_writer.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "operations/safety/objectives.hpp"

namespace bb::safety {
namespace {

using std::chrono::steady_clock;

constexpr const char* rows_path = "/api/subjects";
// No faster than one person may for long, and so few that one page lists them.
constexpr std::chrono::milliseconds between_rows{150};

std::string name_of(std::size_t row) {
    return fmt::format("Row {} of a drill", row);
}

}  // namespace

void DrillWriter::write_for(std::chrono::seconds time, const std::string& cookie) {
    for (const auto end = steady_clock::now() + time; steady_clock::now() < end;
         std::this_thread::sleep_for(between_rows)) {
        const auto row = JsonWriter().object().field("name", name_of(acknowledged_.size())).end().take();
        const auto answer = site_.request("POST", rows_path, cookie, row);
        if (answer.status != 201)
            throw std::runtime_error(fmt::format("a row was refused with status {}: {}", answer.status,
                                                 answer.body.substr(0, 300)));
        acknowledged_.push_back(now());
    }
}

DrillWriter::Back DrillWriter::count(const std::string& cookie, Time damaged) const {
    const auto answer = site_.request("GET", rows_path, cookie);
    const auto parsed = parse_json(answer.body);
    if (answer.status != 200 || !parsed)
        throw std::runtime_error(fmt::format("status {}: {}", answer.status, answer.body.substr(0, 300)));
    std::set<std::string> names;
    for (const auto& one : parsed->at("subjects").as_array())
        names.emplace(one.as_object().at("name").as_string());
    Back back;
    for (std::size_t row = 0; row < acknowledged_.size(); ++row) {
        if (names.contains(name_of(row))) {
            ++back.rows;
            continue;
        }
        // What is lost is lost from its acknowledgement on.
        const auto lost = lost_seconds(damaged, acknowledged_[row]);
        back.lost_seconds = std::max(back.lost_seconds, lost);
    }
    return back;
}

}  // namespace bb::safety
