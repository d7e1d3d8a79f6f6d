#pragma once
#include <memory>
#include <string>

#include "base/core/task.hpp"
#include "base/net/timer.hpp"
#include "features/materials/search.hpp"
#include "features/tutor/types.hpp"

namespace bb::tutor {

/// A search of a person's active materials that runs beside the storing of the question, so that the model is
/// asked as soon as the question is safe. For one loop.
class SearchAhead {
public:
    /// `request` is the id of the one that asks, for the log.
    SearchAhead(Executor executor, UserId owner, std::string words, std::string request)
        : owner_(owner),
          words_(std::move(words)),
          request_(std::move(request)),
          over_(executor, net::Timer::time_point::max()) {}
    SearchAhead(const SearchAhead&) = delete;

    /// Runs the search to its end; keeps `self` alive meanwhile.
    static Task<void> run(std::shared_ptr<SearchAhead> self, materials::Search& search, int limit);

    const std::string& words() const { return words_; }
    /// Waits for the search and gives its result away; nullopt when it failed.
    Task<std::optional<materials::PassageSearch>> take();

private:
    UserId owner_;
    std::string words_;
    std::string request_;
    net::Timer over_;
    bool done_ = false;
    std::optional<materials::PassageSearch> found_;
};

}  // namespace bb::tutor
