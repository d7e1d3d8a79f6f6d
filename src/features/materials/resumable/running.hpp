#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "features/materials/types.hpp"

namespace bb::materials {

/// Uploads that a request of this process brings bytes for at this moment. Safe from any thread.
class RunningUploads {
public:
    /// At most so many at once, together and of one person.
    static constexpr std::size_t most = 256;
    static constexpr std::size_t most_of_one = 8;

    /// A place among them; given back with it.
    class Seat {
    public:
        Seat(Seat&& other) noexcept
            : running_(std::exchange(other.running_, nullptr)), number_(other.number_) {}
        Seat& operator=(Seat&&) = delete;
        ~Seat() {
            if (running_) running_->leave(number_);
        }

    private:
        friend class RunningUploads;
        Seat(RunningUploads& running, std::uint64_t number) : running_(&running), number_(number) {}
        RunningUploads* running_;
        std::uint64_t number_;
    };

    /// `stop` ends the request, from any thread. Nullopt when there are too many.
    std::optional<Seat> take(UserId owner, FileId upload, std::function<void()> stop);
    /// Ends the requests that bring bytes for `upload`: somebody else goes on with it.
    void stop(FileId upload);

private:
    struct One {
        UserId owner;
        FileId upload;
        std::function<void()> stop;
    };
    void leave(std::uint64_t number);

    std::mutex mutex_;
    std::unordered_map<std::uint64_t, One> all_;
    std::uint64_t next_ = 0;
};

}  // namespace bb::materials
