#include "operations/deploy/deploy_lock.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/core/file_lock.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/new_file.hpp"

namespace bb::deploy {
namespace {

constexpr std::chrono::seconds longest_wait{10};

/// One process at a time looks and writes.
FileLock guard(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    auto lock = FileLock::take(folder / ".deploy-lock", FileLock::Kind::exclusive, longest_wait);
    if (!lock) throw std::runtime_error("The lock of the deployments is not given free.");
    return std::move(*lock);
}

std::filesystem::path file_in(const std::filesystem::path& folder) {
    return folder / "deploy-lock.json";
}

std::optional<Hold> read(const std::filesystem::path& folder) {
    std::ifstream in(file_in(folder));
    std::stringstream text;
    text << in.rdbuf();
    return hold_in(text.str());
}

}  // namespace

std::string to_json(const Hold& hold) {
    JsonWriter json;
    json.object()
        .field("id", hold.id)
        .field("owner", hold.owner)
        .field("reason", hold.reason)
        .field("until", hold.until);
    return json.end().take();
}

std::optional<Hold> hold_in(std::string_view json) {
    const auto parsed = parse_json(json);
    if (!parsed || !parsed->is_object()) return std::nullopt;
    const auto& object = parsed->get_object();
    const auto until = parse_rfc3339(text_member(object, "until"));
    if (!until || *until <= now()) return std::nullopt;
    return Hold{text_member(object, "id"), text_member(object, "owner"), text_member(object, "reason"),
                *until};
}

std::string to_text(const Hold& hold) {
    return fmt::format("{} keeps releases as they are until {} ({}). \"brainbytes deploy unlock\" ends that.",
                       hold.owner, to_rfc3339(hold.until), hold.reason);
}

Result<void> DeployLock::take(const Hold& hold) const {
    const auto alone = guard(folder_);
    if (const auto other = read(folder_); other && other->id != hold.id)
        return Error(ErrorCode::conflict, to_text(*other));
    const auto unfinished = folder_ / ".deploy-lock.json";
    std::filesystem::remove(unfinished);
    write_new_file(unfinished, to_json(hold) + '\n', 0644);
    std::filesystem::rename(unfinished, file_in(folder_));
    return {};
}

std::optional<Hold> DeployLock::give_up(const std::string& id) const {
    const auto alone = guard(folder_);
    auto hold = read(folder_);
    if (!hold || (!id.empty() && hold->id != id)) return std::nullopt;
    std::filesystem::remove(file_in(folder_));
    return hold;
}

std::optional<Hold> DeployLock::held() const {
    return read(folder_);
}

}  // namespace bb::deploy
