#include "app/message_search.hpp"

#include "features/tutor/messages.hpp"

namespace bb::app {

Task<std::vector<materials::FoundMessage>> ThreadMessages::messages(materials::UserId owner, std::string words,
                                                                    int limit) {
    auto found = co_await tutor::search_messages(db_, owner, std::move(words), limit);
    std::vector<materials::FoundMessage> out;
    for (auto& message : found) {
        materials::FoundMessage& to = out.emplace_back();
        to.thread = message.thread.value;
        to.message = std::move(message.client_id);
        to.thread_title = std::move(message.title);
        to.start = message.start;
        to.end = message.end;
        to.text = std::move(message.text);
        to.score = message.score;
        to.highlights = std::move(message.highlights);
    }
    co_return out;
}

}  // namespace bb::app
