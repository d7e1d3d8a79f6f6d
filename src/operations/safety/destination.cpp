#include "operations/safety/destination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <regex>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "operations/safety/folder_store.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/part.hpp"

namespace bb::safety {
namespace {

constexpr const char* hold_name = "held";
constexpr const char* mark_name = "damaged";
constexpr const char* no_manifest = "its manifest is missing";
/// The time of "20260102T030405Z-a1b2c3".
Time begun_at(std::string_view id) {
    const auto text = fmt::format("{}-{}-{}T{}:{}:{}.000000Z", id.substr(0, 4), id.substr(4, 2),
                                  id.substr(6, 2), id.substr(9, 2), id.substr(11, 2), id.substr(13, 2));
    return parse_rfc3339(text).value_or(Time::min());
}

/// Ids tell the second in which a backup was begun, which may have waited for another then: the manifest
/// tells better.
bool is_older(const StoredBackup& one, const StoredBackup& other) {
    return std::tie(one.at, one.id) < std::tie(other.at, other.id);
}

/// What is wrong with the parts that a backup should have in `folder`; empty: nothing.
std::string fault_of_parts(const Manifest& manifest, const std::string& folder,
                           const std::map<std::string, std::uint64_t>& sizes) {
    for (const auto& part : manifest.parts) {
        const auto object = part_object(part.name);
        const auto found = sizes.find(folder + object);
        if (found == sizes.end()) return fmt::format("{} is missing", object);
        if (found->second != part.stored_bytes)
            return fmt::format("{} has {} bytes instead of {}", object, found->second, part.stored_bytes);
    }
    return {};
}

/// Whether one may stand for the state of now.
bool is_ordinary(const Manifest& manifest) {
    return manifest.reason != before_restore && manifest.created_at <= now() + clock_tolerance;
}

}  // namespace

bool is_backup_id(const std::string& name) {
    static const std::regex form(R"(\d{8}T\d{6}Z-[0-9a-f]{6})");
    return std::regex_match(name, form);
}

std::string new_backup_id(Time at) {
    std::string time = to_rfc3339(at).substr(0, 19);
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return fmt::format("{}Z-{}", time, crypto::hex(crypto::random_bytes(3)));
}

Destination::Destination(std::filesystem::path folder)
    : Destination(std::make_shared<FolderStore>(std::move(folder))) {}

Destination::Destination(std::shared_ptr<Store> store, Retention retention)
    : store_(std::move(store)), retention_(retention) {}

StoredBackup Destination::look_at(const std::string& id, Marked marked) const {
    StoredBackup backup;
    backup.id = id;
    backup.store = store_;
    backup.at = begun_at(id);
    const auto objects = sizes_in(id + "/");
    backup.held = objects.contains(backup.object(hold_name));
    std::optional<std::string> text;
    try {
        text = store_->get(backup.object(manifest_name));
        if (!text) backup.fault = no_manifest;
    } catch (const Away&) {
        throw;  // a place that does not answer says nothing about its backups
    } catch (const GivenUp&) {
        throw;
    } catch (const std::runtime_error& fault) {
        backup.fault = fault.what();
    }
    if (!text) return backup;
    auto manifest = read_manifest(*text);
    if (manifest) backup.at = manifest->created_at;
    if (!manifest)
        backup.fault = manifest.error().detail;
    else if (manifest->id != backup.id)
        backup.fault = "its manifest is of another backup, " + manifest->id;
    else
        backup.fault = fault_of_parts(*manifest, id + "/", objects);
    if (backup.fault.empty() && marked == Marked::damaged && objects.contains(backup.object(mark_name)))
        backup.fault = "\"brainbytes backup verify\" found it changed";
    if (backup.fault.empty()) backup.manifest = std::move(*manifest);
    backup.manifest_text = std::move(*text);
    return backup;
}

std::map<std::string, std::uint64_t> Destination::sizes_in(const std::string& folder) const {
    std::map<std::string, std::uint64_t> sizes;
    for (auto& object : store_->list(folder)) sizes[object.name] = object.bytes;
    return sizes;
}

bool Destination::is_there_without_manifest(const std::string& id) const {
    // Where drafts have no name of their own, the manifest alone makes a backup.
    return store_->draft(id) != id && !store_->list(id + "/").empty();
}

std::vector<StoredBackup> Destination::list() const {
    std::vector<StoredBackup> found;
    for (const auto& id : store_->folders())
        if (is_backup_id(id)) found.push_back(look_at(id, Marked::damaged));
    std::erase_if(found, [this](const auto& one) {
        return one.fault == no_manifest && !is_there_without_manifest(one.id);
    });
    std::sort(found.begin(), found.end(), is_older);
    return found;
}

Result<StoredBackup> Destination::newest() const {
    auto all = list();
    std::reverse(all.begin(), all.end());
    std::string damaged;
    for (const auto& one : all) {
        if (one.manifest && is_ordinary(*one.manifest)) {
            auto found = one;
            found.passed_over = damaged;
            return found;
        }
        if (!one.manifest) damaged += fmt::format("{}{}: {}", damaged.empty() ? "" : "; ", one.id, one.fault);
    }
    for (const auto& one : all)
        if (one.manifest) return one;
    if (all.empty()) return Error(ErrorCode::not_found, fmt::format("There is no backup in {}.", name()));
    return Error(ErrorCode::not_found,
                 fmt::format("There is no backup in {} that can be used. {}.", name(), damaged));
}

Result<StoredBackup> Destination::find(std::string_view id, Marked marked) const {
    if (id == "latest") return newest();
    if (is_backup_id(std::string(id))) {
        auto backup = look_at(std::string(id), marked);
        if (backup.manifest) return backup;
        if (backup.fault != no_manifest || is_there_without_manifest(backup.id))
            return Error(ErrorCode::malformed,
                         fmt::format("The backup {} cannot be used: {}.", id, backup.fault));
    }
    return Error(ErrorCode::not_found, fmt::format("There is no backup {} in {}. \"brainbytes backup list\" "
                                                   "shows those that are.",
                                                   id, name()));
}

std::unique_ptr<ObjectWriter> Destination::add(std::string_view id, std::string_view object) const {
    return store_->write(store_->draft(id) + "/" + std::string(object));
}

void Destination::commit(std::string_view id, std::string_view manifest_text) const {
    const auto manifest = read_manifest(manifest_text);
    if (!manifest) throw std::runtime_error(manifest.error().detail);
    const auto folder = store_->draft(id) + "/";
    if (const auto fault = fault_of_parts(*manifest, folder, sizes_in(folder)); !fault.empty())
        throw std::runtime_error(
            fmt::format("{}/{} is not as it was stored: another backup was made there at the same time. Try "
                        "again. ({})",
                        name(), id, fault));
    store_->publish(id, manifest_text);
}

void Destination::give_up(std::string_view id) const noexcept {
    try {
        store_->discard(id);
    } catch (const std::exception& fault) {
        // The next backup there tidies up.
        log::warn("an unfinished backup is left", {{"place", name()}, {"reason", fault.what()}});
    }
}

void Destination::remove(const StoredBackup& backup) const {
    store_->withdraw(backup.id);
}

void Destination::hold(const StoredBackup& backup, bool held) const {
    if (held)
        store_->put(backup.object(hold_name), "");
    else
        store_->remove(backup.object(hold_name));
}

void Destination::mark(const StoredBackup& backup, bool damaged) const {
    const auto name = backup.object(mark_name);
    const bool is_marked = !store_->list(name).empty();
    if (is_marked && !damaged) store_->remove(name);
    // Alone in its folder it would pass for a backup without a manifest.
    if (!is_marked && damaged && store_->get(backup.object(manifest_name))) store_->put(name, "");
}

}  // namespace bb::safety
