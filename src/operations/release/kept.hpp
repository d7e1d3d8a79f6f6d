#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "operations/release/about.hpp"
#include "operations/release/minisign.hpp"

namespace bb::release {

/// The public keys whose releases a host runs: one file `ID.pub` each, in the folder `trust` of the data.
class Trust {
public:
    explicit Trust(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Errors: invalid_input, naming the file that is no key.
    Result<std::vector<TrustedKey>> keys() const;
    /// Trusts the key of a file. Errors: invalid_input.
    Result<TrustedKey> add(const std::filesystem::path& file) const;
    /// Trusts a key no more. Errors: not_found.
    Result<void> remove(const std::string& id) const;

private:
    std::filesystem::path folder_;
};

/// A release on this host.
struct KeptRelease {
    About about;
    std::filesystem::path folder;
    Time installed_at;
    bool current = false;
};

/// The releases that a host keeps: one folder each, in the folder `releases` of the data, and the link
/// `current`.
class KeptReleases {
public:
    explicit KeptReleases(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Unpacks a release beside the others, if a key of `trusted` signed it (`ARCHIVE.minisig`), it runs on
    /// this host, and it is not older than the current one (unless `may_be_older`). Twice is once. Errors:
    /// forbidden or malformed with the reason; nothing is left then.
    Result<KeptRelease> install(const std::filesystem::path& archive, const std::vector<TrustedKey>& trusted,
                                bool may_be_older) const;
    /// The newest commit first.
    std::vector<KeptRelease> list() const;
    /// By its name or the beginning of its commit. Errors: not_found.
    Result<KeptRelease> find(const std::string& name) const;
    /// The one that `current` points to.
    std::optional<KeptRelease> current() const;
    /// What prune() removes: all but the `keep` installed last and the current one.
    std::vector<KeptRelease> superfluous(std::size_t keep) const;
    void remove(const KeptRelease& release) const;

private:
    std::filesystem::path folder_;
};

/// Checks a release as install() does, without installing it.
Result<About> check_release(const std::filesystem::path& archive, const std::vector<TrustedKey>& trusted);

}  // namespace bb::release
