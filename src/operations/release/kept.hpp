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
    std::string hash{};  ///< signed_hash() of its archive; empty: it was not installed from one
};

/// The releases that a host keeps: one folder each, in the folder `releases` of the data, and the link
/// `current`.
class KeptReleases {
public:
    explicit KeptReleases(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Unpacks a release beside the others, if a key of `trusted` signed it (`ARCHIVE.minisig`), it runs on
    /// this host, and no newer one is kept (unless `may_be_older`). Twice is once; a newer signature takes
    /// the place of the one before. Errors: forbidden or malformed with the reason, conflict while another is
    /// installed, and as must_be_same(); nothing is left then. Throws std::filesystem::filesystem_error and
    /// std::system_error.
    Result<KeptRelease> install(const std::filesystem::path& archive, const std::vector<TrustedKey>& trusted,
                                bool may_be_older) const;
    /// Errors: conflict, when another archive of this name is kept than the one with this hash.
    Result<void> must_be_same(const std::string& name, const std::string& hash) const;
    /// The newest commit first.
    std::vector<KeptRelease> list() const;
    /// By its name or the beginning of its commit. Errors: not_found.
    Result<KeptRelease> find(const std::string& name) const;
    /// The one that the supervisor runs; nothing: none of these.
    std::optional<KeptRelease> current() const;
    /// Notes which one that is. Throws std::filesystem::filesystem_error.
    void set_current(const std::string& name) const;
    /// Removes, or would remove, all but the current one, the `keep` installed last and those named `needed`;
    /// gives what went. Errors: conflict, as install().
    Result<std::vector<KeptRelease>> prune(std::size_t keep, const std::vector<std::string>& needed,
                                           bool dry_run) const;

private:
    void remove_unfinished() const;

    std::filesystem::path folder_;
};

/// Checks a release as install() does, without installing it.
Result<About> check_release(const std::filesystem::path& archive, const std::vector<TrustedKey>& trusted);
/// Whether a key of `trusted` vouches for a kept release: what was signed, and the signature, lie beside it.
/// Errors: forbidden.
Result<void> check_kept(const KeptRelease& release, const std::vector<TrustedKey>& trusted);

}  // namespace bb::release
