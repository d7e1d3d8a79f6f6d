#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/core/uuid.hpp"
#include "base/http/file_body.hpp"

namespace bb::blobs {

/// Bytes that lie in a spool at a time, and of these those of one owner.
struct SpoolLimits {
    std::uint64_t total = std::uint64_t{2} << 30;
    std::uint64_t of_an_owner = total / 4;
};

/// Objects that are being read, each as a nameless file of this machine until the last of its readers lets go
/// of it. One that is larger than the limits goes alone. Safe from any thread; to be held by a shared_ptr.
class Spool : public std::enable_shared_from_this<Spool> {
public:
    using Write = std::function<void(std::string_view)>;
    /// Hands over the bytes of an object.
    using Fill = std::function<void(const Write&)>;

    explicit Spool(std::filesystem::path folder, SpoolLimits limits = SpoolLimits());
    Spool(const Spool&) = delete;

    /// The object `name` of `owner`, with so many bytes: as it lies here for another reader, else as `fill`
    /// gives it. To be read by offset alone. Throws net::Busy beyond the limits, std::system_error, and what
    /// `fill` throws.
    http::SharedDescriptor file(const Uuid& owner, const std::string& name, std::uint64_t bytes,
                                const Fill& fill);

private:
    http::SharedDescriptor find(const std::string& name) const;
    http::SharedDescriptor make(const Uuid& owner, const std::string& name, std::uint64_t bytes);
    void take_room(const Uuid& owner, std::uint64_t bytes);
    void give_room(const Uuid& owner, const std::string& name, std::uint64_t bytes);

    const std::filesystem::path folder_;
    const SpoolLimits limits_;
    mutable std::mutex mutex_;
    std::uint64_t total_ = 0;
    std::map<Uuid, std::uint64_t> of_owners_;                // of those who have any
    std::map<std::string, std::weak_ptr<int>> whole_files_;  // by name
};

}  // namespace bb::blobs
