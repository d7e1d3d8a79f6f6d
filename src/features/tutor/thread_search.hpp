#pragma once
#include "base/db/database.hpp"
#include "features/materials/message_search.hpp"

namespace bb::tutor {

/// Finds the owner's messages that hold every word looked for, or one that begins with it, and the threads
/// that are called so.
class ThreadSearch : public materials::MessageSearch {
public:
    explicit ThreadSearch(db::Database& db) : db_(db) {}
    Task<std::vector<materials::FoundMessage>> messages(materials::UserId owner, std::string words,
                                                        int limit) override;
    Task<std::vector<materials::FoundThread>> titled(materials::UserId owner, std::string words,
                                                     int limit) override;

private:
    db::Database& db_;
};

}  // namespace bb::tutor
