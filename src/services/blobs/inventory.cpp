#include "services/blobs/inventory.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace bb::blobs {
namespace {

constexpr std::chrono::hours least_age_of_an_orphan{1};

/// What lies in a store.
struct Contents {
    std::shared_ptr<Store> store;
    std::map<Stored, Store::Listed> files;
};

Contents contents_of(const std::shared_ptr<Store>& store) {
    Contents contents{store, {}};
    for (auto& one : store->list()) contents.files.insert_or_assign(one.file, one);
    return contents;
}

/// Looks before rows are read: what is stored meanwhile is no orphan.
Task<std::vector<Contents>> all_contents(FileStore& files) {
    std::vector<Contents> all;
    for (const auto& store : files.stores().all()) {
        auto look = [&store] {
            return contents_of(store);
        };
        all.push_back(co_await files.pool().run(std::move(look)));
    }
    co_return all;
}

Task<std::set<Stored>> named_files(db::Database& db, const char* sql) {
    std::set<Stored> named;
    for (Stored last;;) {
        const auto page = co_await db.query(sql, last.owner, last.digest);
        if (page.empty()) co_return named;
        for (const auto row : page) {
            last.owner = row.get<Uuid>(0);
            last.digest = row.get<crypto::Digest>(1);
            named.insert(last);
        }
    }
}

template <class Outcome>
void note(Outcome& outcome, Finding finding) {
    ++outcome.faults;
    if (outcome.findings.size() < most_findings) outcome.findings.push_back(std::move(finding));
}

std::uint64_t bytes_in(const std::vector<Contents>& all, const std::set<Stored>& named) {
    std::uint64_t sum = 0;
    for (const auto& contents : all)
        for (const auto& [file, listed] : contents.files)
            if (named.contains(file)) sum += listed.bytes;
    return sum;
}

void find_orphans(const std::vector<Contents>& all, const std::set<Stored>& named, Inventory& found) {
    for (const auto& contents : all)
        for (const auto& [file, listed] : contents.files) {
            if (named.contains(file)) continue;
            if (listed.discarded) ++found.waiting;
            if (!listed.discarded && listed.age >= least_age_of_an_orphan)
                note(found, Finding{Finding::Kind::orphan, file, contents.store->name()});
        }
}

Task<void> find_leftovers(FileStore& files, Inventory& found) {
    for (const auto& store : files.stores().all()) {
        auto look = [&store] {
            return store->unfinished();
        };
        auto uploads = co_await files.pool().run(std::move(look));
        found.unfinished += uploads.size();
        for (auto& upload : uploads)
            if (found.leftovers.size() < most_findings)
                found.leftovers.push_back(Leftover{std::move(upload), store->name()});
    }
}

Finding::Kind kind_of(FileStore::Copy copy) {
    if (copy == FileStore::Copy::missing) return Finding::Kind::missing;
    return copy == FileStore::Copy::no_key ? Finding::Kind::no_key : Finding::Kind::changed;
}

/// A file that was not whole in a store; without one: that was in none.
struct Doubt {
    Stored file;
    std::shared_ptr<Store> store;
};

Task<bool> is_nowhere(FileStore& files, Stored file) {
    for (const auto& store : files.stores().all()) {
        const auto copy = co_await files.check(*store, file);
        if (copy != FileStore::Copy::missing) co_return false;
    }
    co_return true;
}

/// Notes those that rows still name, and that still are not whole: others were deleted or moved meanwhile.
Task<void> note_faults(db::Database& db, FileStore& files, const char* files_sql,
                       const std::vector<Doubt>& doubts, Inventory& found) {
    if (doubts.empty()) co_return;
    const auto named = co_await named_files(db, files_sql);
    for (const auto& doubt : doubts) {
        if (!named.contains(doubt.file)) continue;
        auto copy = FileStore::Copy::missing;
        if (doubt.store) copy = co_await files.check(*doubt.store, doubt.file);
        if (copy == FileStore::Copy::whole) continue;
        std::string place;
        if (copy != FileStore::Copy::missing) {
            place = doubt.store->name();
        } else {
            const bool nowhere = co_await is_nowhere(files, doubt.file);
            if (!nowhere) continue;
        }
        note(found, Finding{kind_of(copy), doubt.file, place});
    }
}

/// Files on their way into the current store.
class Move {
public:
    Move(FileStore& files, MoveWords words, Progress progress, Moved& moved)
        : files_(files), words_(words), progress_(std::move(progress)), moved_(moved) {}

    Task<void> run(std::vector<Contents> all, std::set<Stored> named) {
        all_ = std::move(all);
        for (auto former = all_.begin() + 1; former != all_.end(); ++former)
            for (const auto& [file, listed] : former->files) {
                if (named.contains(file))
                    total_ += listed.bytes;
                else if (listed.discarded)
                    ++moved_.waiting;
            }
        for (const auto& file : named) {
            const auto from = formers_of(file);
            if (!from.empty()) co_await move(file, from);
        }
    }

private:
    using Formers = std::vector<std::shared_ptr<Store>>;

    Formers formers_of(const Stored& file) {
        Formers from;
        for (auto former = all_.begin() + 1; former != all_.end(); ++former) {
            const auto found = former->files.find(file);
            if (found == former->files.end()) continue;
            from.push_back(former->store);
            bytes_ = found->second.bytes;
        }
        return from;
    }

    Task<void> move(const Stored& file, const Formers& from) {
        const bool there = all_.front().files.contains(file);
        if (words_.dry_run) {
            ++(there ? moved_.present : moved_.copied);
            moved_.bytes += there ? 0 : bytes_;
            co_return;
        }
        auto copy = there ? co_await files_.check(current(), file) : FileStore::Copy::missing;
        if (copy == FileStore::Copy::whole)
            ++moved_.present;
        else
            copy = co_await copy_from(file, from);
        progress_(done_ += bytes_ * from.size(), total_);
        if (copy == FileStore::Copy::whole && words_.remove) co_await remove(file, from);
    }

    /// From the first place where it is whole.
    Task<FileStore::Copy> copy_from(const Stored& file, const Formers& from) {
        auto outcome = FileStore::Copy::missing;
        std::string place;
        for (const auto& former : from) {
            const auto there = co_await files_.check(*former, file);
            if (there == FileStore::Copy::missing) continue;
            outcome = there;
            place = former->name();
            if (there != FileStore::Copy::whole) continue;
            outcome = co_await copy_whole(file, *former);
            if (outcome != FileStore::Copy::whole) break;
            ++moved_.copied;
            moved_.bytes += bytes_;
            co_return outcome;
        }
        // What is nowhere any more was deleted meanwhile.
        if (outcome != FileStore::Copy::missing) note(moved_, Finding{kind_of(outcome), file, place});
        co_return outcome;
    }

    Task<FileStore::Copy> copy_whole(const Stored& file, const Store& former) {
        // One from before files were sealed is sealed where it lies first: it is copied as it lies there.
        bool is_sealed = co_await files_.has_key(file);
        if (!is_sealed) is_sealed = co_await files_.seal_older(file.owner, file.digest);
        if (!is_sealed) {
            const auto left = co_await files_.check(former, file);
            co_return left == FileStore::Copy::missing ? left : FileStore::Copy::changed;
        }
        auto work = [this, &file, &former] {
            const auto sealed = former.open(file.owner, file.digest, std::nullopt);
            if (sealed) current().put_sealed(file, *sealed->source);
        };
        co_await files_.pool().run(std::move(work));
        const auto copy = co_await files_.check(current(), file);
        if (copy == FileStore::Copy::whole) co_return copy;
        // Not to be found by anybody; and a file that was deleted meanwhile must not come back.
        auto undo = [this, &file] {
            current().remove(file);
        };
        co_await files_.pool().run(std::move(undo));
        co_return co_await files_.check(former, file) == FileStore::Copy::missing ? FileStore::Copy::missing
                                                                                  : copy;
    }

    Task<void> remove(const Stored& file, const Formers& from) {
        auto work = [&file, &from] {
            for (const auto& former : from) former->remove(file);
        };
        co_await files_.pool().run(std::move(work));
        moved_.removed += from.size();
    }

    Store& current() const { return files_.stores().current(); }

    FileStore& files_;
    const MoveWords words_;
    const Progress progress_;
    std::vector<Contents> all_;
    Moved& moved_;
    std::uint64_t bytes_ = 0;  // of the file in hand
    std::uint64_t done_ = 0, total_ = 0;
};

}  // namespace

std::string_view word_of(Finding::Kind kind) {
    switch (kind) {
        case Finding::Kind::missing:
            return "missing";
        case Finding::Kind::changed:
            return "changed";
        case Finding::Kind::no_key:
            return "no key";
        case Finding::Kind::orphan:
            return "orphan";
    }
    return "";
}

Task<Inventory> verify_files(db::Database& db, FileStore& files, const char* files_sql, Progress progress) {
    const auto all = co_await all_contents(files);
    const auto named = co_await named_files(db, files_sql);
    Inventory found;
    found.files = named.size();
    const auto total = bytes_in(all, named);
    std::vector<Doubt> doubts;
    for (const auto& file : named) {
        bool anywhere = false;
        for (const auto& contents : all) {
            const auto listed = contents.files.find(file);
            if (listed == contents.files.end()) continue;
            const auto copy = co_await files.check(*contents.store, file);
            if (copy == FileStore::Copy::missing) continue;  // moved or removed since
            anywhere = true;
            if (copy != FileStore::Copy::whole) doubts.push_back(Doubt{file, contents.store});
            progress(found.bytes += listed->second.bytes, total);
        }
        if (!anywhere) doubts.push_back(Doubt{file, nullptr});
    }
    co_await note_faults(db, files, files_sql, doubts, found);
    find_orphans(all, named, found);
    co_await find_leftovers(files, found);
    co_return found;
}

Task<void> move_files(db::Database& db, FileStore& files, const char* files_sql, MoveWords words,
                      Moved& moved, Progress progress) {
    auto all = co_await all_contents(files);
    // Whatever the options call it: what lies where files go is never taken away.
    const auto goal = files.stores().current().place();
    all.erase(std::remove_if(all.begin() + 1, all.end(),
                             [&goal](const auto& former) { return former.store->place() == goal; }),
              all.end());
    auto named = co_await named_files(db, files_sql);
    Move move(files, words, std::move(progress), moved);
    co_await move.run(std::move(all), std::move(named));
}

}  // namespace bb::blobs
