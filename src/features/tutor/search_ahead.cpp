#include "features/tutor/search_ahead.hpp"

#include <utility>

#include "base/core/log.hpp"

namespace bb::tutor {

Task<void> SearchAhead::run(std::shared_ptr<SearchAhead> self, materials::Search& search, int limit) {
    try {
        const std::vector<Uuid> all_active;
        self->found_ = co_await search.passages(self->owner_, self->words_, all_active, limit);
    } catch (const std::exception& fault) {
        log::warn("passages not searched ahead", {{"request", self->request_}, {"fault", fault.what()}});
    }
    self->done_ = true;
    self->over_.cancel();
}

Task<std::optional<materials::PassageSearch>> SearchAhead::take() {
    while (!done_) co_await over_.async_wait(use_task_tuple);
    co_return std::exchange(found_, std::nullopt);
}

}  // namespace bb::tutor
