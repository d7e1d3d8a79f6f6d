#pragma once
#include "base/db/database.hpp"
#include "features/materials/message_search.hpp"

namespace bb::app {

/// Lets the search of materials find messages of the tutor's threads too: features do not know each other both ways.
class ThreadMessages : public materials::MessageSearch {
  public:
    explicit ThreadMessages(db::Database& db) : db_(db) {}
    Task<std::vector<materials::FoundMessage>> messages(materials::UserId owner, std::string words,
                                                        int limit) override;

  private:
    db::Database& db_;
};

}  // namespace bb::app
