#include "operations/deploy/going_back.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/process.hpp"
#include "operations/deploy/schema_back.hpp"
#include "operations/safety/folder_store.hpp"

namespace bb::deploy {
namespace {

std::filesystem::path note_of_going_back(const std::filesystem::path& data) {
    return data / "releases" / "going-back.json";
}

/// Machine, boot and space of process numbers of "MACHINE/BOOT/SPACE/PID/START".
std::string_view where_of(std::string_view process) {
    std::size_t end = 0;
    for (int part = 0; part < 3 && end != std::string_view::npos; ++part) end = process.find('/', end + 1);
    return process.substr(0, end);
}

}  // namespace

void note_going_back(const std::filesystem::path& data, const GoingBack& one) {
    JsonWriter json;
    json.object().field("release", one.release).field("migration", one.migration);
    safety::write_small_file(note_of_going_back(data), json.field("process", one.process).end().take());
}

std::optional<GoingBack> going_back(const std::filesystem::path& data) {
    const auto file = note_of_going_back(data);
    if (!std::filesystem::exists(file)) return std::nullopt;
    const auto parsed = parse_json(safety::read_small_file(file));
    if (!parsed || !parsed->is_object()) return std::nullopt;
    const auto& object = parsed->get_object();
    return GoingBack{text_member(object, "release"), static_cast<int>(object.at("migration").as_int64()),
                     text_member(object, "process")};
}

void forget_going_back(const std::filesystem::path& data) {
    std::filesystem::remove(note_of_going_back(data));
}

bool is_alive(const GoingBack& one) {
    return where_of(one.process) == where_of(process::own_name()) && !process::has_ended(one.process);
}

bool is_replaced(const Surroundings& around, int migration) {
    const auto status = migrations_of(around);
    const auto& all = status.at("migrations").as_array();
    return std::none_of(all.begin(), all.end(), [&](const auto& one) {
        return one.at("number").as_int64() == migration && !one.at("appliedAt").is_null();
    });
}

}  // namespace bb::deploy
