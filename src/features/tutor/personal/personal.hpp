#pragma once
#include "base/net/pool.hpp"
#include "features/tutor/types.hpp"
#include "services/personal/personal_data.hpp"

namespace bb::tutor {

/// Chats of a person, as they come out of an archive and go into one (docs/privacy.md describes the files).
class PersonalChats : public personal::PersonalData {
public:
    /// The pool must outlive it.
    explicit PersonalChats(net::BlockingPool& pool) : pool_(pool) {}

    Task<void> write(db::Transaction& tx, Uuid owner, personal::Archive& archive) override;
    Task<Result<void>> read(db::Transaction& tx, Uuid owner, personal::Import& import) override;
    Task<void> erase(db::Database& db, Uuid owner) override;
    Task<std::vector<personal::Expired>> expire(db::Database& db, personal::Months months,
                                                bool dry_run) override;

private:
    net::BlockingPool& pool_;
};

}  // namespace bb::tutor
