#include "features/materials/resumable/running.hpp"

#include <algorithm>
#include <vector>

namespace bb::materials {

std::optional<RunningUploads::Seat> RunningUploads::take(UserId owner, FileId upload,
                                                         std::function<void()> stop) {
    const std::lock_guard guard(mutex_);
    const auto own =
        std::count_if(all_.begin(), all_.end(), [&](const auto& one) { return one.second.owner == owner; });
    if (all_.size() >= most || static_cast<std::size_t>(own) >= most_of_one) return std::nullopt;
    const auto number = next_++;
    all_.emplace(number, One{owner, upload, std::move(stop)});
    return Seat(*this, number);
}

void RunningUploads::stop(FileId upload) {
    std::vector<std::function<void()>> stops;
    {
        const std::lock_guard guard(mutex_);
        for (const auto& [number, one] : all_)
            if (one.upload == upload) stops.push_back(one.stop);
    }
    for (const auto& stop : stops) stop();
}

void RunningUploads::leave(std::uint64_t number) {
    const std::lock_guard guard(mutex_);
    all_.erase(number);
}

}  // namespace bb::materials
