#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "operations/dns/cloudflare.hpp"
#include "operations/dns/names.hpp"

namespace bb::dns {

/// What `dns point` is to bring about.
struct Wish {
    std::string name;
    Target target;
    bool type_said = false;  ///< the type was named, so that records of other types may stay beside it
    std::optional<std::int64_t> ttl;
    std::optional<bool> proxied;
};

/// One record, before and after; neither: nothing to do.
struct Change {
    Zone zone;
    std::optional<Record> before;  ///< none: it is made
    std::optional<Record> after;   ///< none: it is removed

    bool changes_nothing() const { return before && after && *before == *after; }
    Change reversed() const { return {zone, after, before}; }
    const Record& record() const { return after ? *after : *before; }
    std::string json() const;
};

/// What has to be done to `records` for the wish. Errors: conflict with the list of records when it is not
/// clear which one is meant; invalid_input.
Result<Change> plan_change(const Zone& zone, const std::vector<Record>& records, const Wish& wish);

/// The last change that was made from here, in a file.
class LastChange {
public:
    explicit LastChange(std::filesystem::path data) : data_(std::move(data)) {}

    /// Errors: not_found when there is none, malformed.
    Result<Change> read() const;
    /// On the disk when it returns; makes the folder. Throws std::system_error, as all do.
    void write(const Change& change) const;
    /// Puts back what text() gave.
    void put_back(const std::optional<std::string>& text) const;
    std::optional<std::string> text() const;
    void forget() const;
    const std::filesystem::path& data() const { return data_; }

private:
    std::filesystem::path file() const { return data_ / "dns-change.json"; }
    void store(const std::string& text) const;

    std::filesystem::path data_;
};

/// Looks again whether the record still is as `change` found it, keeps the way back in `last`, and does it.
/// Returns the change with the record as it now stands. Errors: conflict when the record is another by now,
/// or when another command of this data folder is changing one.
Result<Change> carry_out(const Cloudflare& cloudflare, const Change& change, const LastChange& last);

/// Takes the last change back. Errors as carry_out().
Result<Change> undo(const Cloudflare& cloudflare, const LastChange& last, bool dry_run);

}  // namespace bb::dns
