#include "features/materials/personal/personal.hpp"
#include "features/materials/resumable/uploads.hpp"

namespace bb::materials {
namespace {

// Each takes a bite; what hangs on the rows goes with them by foreign keys.
constexpr const char* bites[] = {
    "DELETE FROM shares WHERE id IN (SELECT id FROM shares WHERE owner_id = $1 LIMIT 200)",
    "DELETE FROM shares WHERE id IN (SELECT s.id FROM shares s JOIN users u ON u.email = s.email "
    "WHERE u.id = $1 LIMIT 200)",
    "DELETE FROM share_readers r WHERE r.reader_id = $1 AND r.share_id IN "
    "(SELECT share_id FROM share_readers WHERE reader_id = $1 LIMIT 200)",
    "DELETE FROM sources WHERE id IN (SELECT id FROM sources WHERE owner_id = $1 LIMIT 10)",
    "DELETE FROM vocabulary WHERE id IN (SELECT id FROM vocabulary WHERE owner_id = $1 LIMIT 1000)",
    "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE owner_id = $1 LIMIT 200)",
    "DELETE FROM files WHERE id IN (SELECT id FROM files WHERE owner_id = $1 LIMIT 200)",
    "DELETE FROM materials WHERE id IN (SELECT id FROM materials WHERE owner_id = $1 LIMIT 50)",
    "DELETE FROM subjects WHERE id IN (SELECT id FROM subjects WHERE owner_id = $1 LIMIT 200)",
};

}  // namespace

Task<void> PersonalMaterials::erase(db::Database& db, Uuid owner) {
    for (const char* bite : bites) {
        for (;;) {
            const auto gone = co_await db.query(bite, owner);
            if (gone.affected() == 0) break;
        }
    }
    const UserId person{owner};
    if (uploads_) co_await uploads_->erase_owner(person);
    co_await files_.erase_owner(owner);
}

}  // namespace bb::materials
