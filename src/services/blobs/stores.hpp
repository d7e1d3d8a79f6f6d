#pragma once
#include <memory>
#include <set>

#include "services/blobs/store.hpp"

namespace bb::blobs {

/// The store that new files go to, and those in which files may lie from before, while they are moved.
class Stores {
public:
    /// `all`: the current one first; none is null.
    explicit Stores(std::vector<std::shared_ptr<Store>> all);
    Stores(const Stores&) = delete;

    Store& current() const { return *all_.front(); }
    const std::vector<std::shared_ptr<Store>>& all() const { return all_; }

    /// As Store has them, in all of them; opened where it is found first.
    std::optional<http::FileBody> open(const Uuid& owner, const crypto::Digest& digest,
                                       const std::optional<secrets::Key>& key) const;
    void remove(const Stored& file) const;
    void erase_owner(const Uuid& owner) const;

    /// Into the current one; with `missing` only where no other has the file either. Refuses what the current
    /// one does not take whichever is asked for.
    void adopt(const Stored& file, const std::filesystem::path& from, Store::Adopt which) const;
    /// Every file of all of them, discarded ones too.
    std::set<Stored> names() const;
    /// Of all of them, as it lies there.
    std::uint64_t bytes() const;

    /// As Store::watch_with().
    void watch_with(const std::function<void()>& watch) const;

private:
    std::vector<std::shared_ptr<Store>> all_;
};

}  // namespace bb::blobs
