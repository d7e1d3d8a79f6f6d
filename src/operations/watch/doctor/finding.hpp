#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace bb::watch {

/// How a thing stands that was looked at; `skipped`: it could not be.
enum class Standing { ok, warn, fail, skipped };

/// "ok", "warn", "fail" or "skipped".
std::string_view word_of(Standing standing);

/// What a check has found.
struct Finding {
    std::string name;
    Standing standing = Standing::ok;
    std::string found;
    std::string fix;  ///< a sentence with what to type; empty where nothing is to be done
};

/// Collects findings; from any thread.
class Findings {
public:
    void ok(std::string name, std::string found);
    void warn(std::string name, std::string found, std::string fix);
    void fail(std::string name, std::string found, std::string fix);
    void skip(std::string name, std::string found, std::string fix);

    /// What there is by now, in the order in which it was found.
    std::vector<Finding> all() const;

private:
    void add(Finding finding);

    mutable std::mutex mutex_;
    std::vector<Finding> all_;
};

}  // namespace bb::watch
