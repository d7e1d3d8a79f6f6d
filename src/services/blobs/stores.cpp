#include "services/blobs/stores.hpp"

#include <utility>

namespace bb::blobs {

Stores::Stores(std::vector<std::shared_ptr<Store>> all) : all_(std::move(all)) {}

std::optional<http::FileBody> Stores::open(const Uuid& owner, const crypto::Digest& digest,
                                           const std::optional<secrets::Key>& key) const {
    for (const auto& store : all_)
        if (auto body = store->open(owner, digest, key)) return body;
    if (all_.size() == 1) return std::nullopt;
    // What is moved is in the current one before it is taken from where it was: it may have come meanwhile.
    return current().open(owner, digest, key);
}

void Stores::remove(const Stored& file) const {
    for (const auto& store : all_) store->remove(file);
}

void Stores::erase_owner(const Uuid& owner) const {
    for (const auto& store : all_) store->erase_owner(owner);
}

void Stores::adopt(const Stored& file, const std::filesystem::path& from, Store::Adopt which) const {
    // First, so that nothing is refused at a later call that this one lets pass.
    current().must_take(from);
    if (which == Store::Adopt::missing)
        for (const auto& store : all_)
            if (store != all_.front() && store->has(file)) return;
    current().adopt(file, from, which);
}

std::set<Stored> Stores::names() const {
    std::set<Stored> found;
    for (const auto& store : all_)
        for (const auto& one : store->list()) found.insert(one.file);
    return found;
}

std::uint64_t Stores::bytes() const {
    std::uint64_t sum = 0;
    for (const auto& store : all_)
        for (const auto& one : store->list()) sum += one.bytes;
    return sum;
}

void Stores::watch_with(const std::function<void()>& watch) const {
    for (const auto& store : all_) store->watch_with(watch);
}

}  // namespace bb::blobs
