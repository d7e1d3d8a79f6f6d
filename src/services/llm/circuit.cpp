#include "services/llm/circuit.hpp"

#include <algorithm>

namespace bb::llm {

bool Circuit::admit(Time now) {
    const std::lock_guard lock(mutex_);
    if (!open_until_) return true;
    if (now < *open_until_ || trying_) return false;
    trying_ = true;
    return true;
}

void Circuit::succeeded() {
    const std::lock_guard lock(mutex_);
    reset();
}

void Circuit::reset() {
    failures_ = 0;
    cool_down_ = first_cool_down;
    open_until_.reset();
    trying_ = false;
}

void Circuit::failed(Time now) {
    const std::lock_guard lock(mutex_);
    last_failure_ = now;
    ++failures_;
    if (trying_) {
        cool_down_ = std::min(cool_down_ * 2, last_cool_down);
        open_until_ = now + cool_down_;
    } else if (failures_ >= trip_after && !open_until_) {
        open_until_ = now + cool_down_;
    }
    trying_ = false;
}

void Circuit::complained(Time now) {
    const std::lock_guard lock(mutex_);
    reset();
    failures_ = 1;
    last_failure_ = now;
}

void Circuit::dropped() {
    const std::lock_guard lock(mutex_);
    trying_ = false;
}

std::string Circuit::state(Time now) const {
    const std::lock_guard lock(mutex_);
    if (open_until_ && now < *open_until_) return "unavailable";
    if (failures_ > 0 && now - last_failure_ < memory) return "degraded";
    return "available";
}

}  // namespace bb::llm
