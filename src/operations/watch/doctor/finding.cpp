#include "operations/watch/doctor/finding.hpp"

#include <utility>

namespace bb::watch {

std::string_view word_of(Standing standing) {
    switch (standing) {
        case Standing::ok:
            return "ok";
        case Standing::warn:
            return "warn";
        case Standing::fail:
            return "fail";
        case Standing::skipped:
            break;
    }
    return "skipped";
}

void Findings::ok(std::string name, std::string found) {
    add({std::move(name), Standing::ok, std::move(found), {}});
}

void Findings::warn(std::string name, std::string found, std::string fix) {
    add({std::move(name), Standing::warn, std::move(found), std::move(fix)});
}

void Findings::fail(std::string name, std::string found, std::string fix) {
    add({std::move(name), Standing::fail, std::move(found), std::move(fix)});
}

void Findings::skip(std::string name, std::string found, std::string fix) {
    add({std::move(name), Standing::skipped, std::move(found), std::move(fix)});
}

std::vector<Finding> Findings::all() const {
    const std::lock_guard lock(mutex_);
    return all_;
}

void Findings::add(Finding finding) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(finding));
}

}  // namespace bb::watch
