#include <utility>

#include "services/llm/provider.hpp"

namespace bb::llm {

void Cancellation::cancel() {
    if (cancelled_) return;
    cancelled_ = true;
    // Taken out first: the callback may well drop or replace itself.
    if (const auto callback = std::exchange(callback_, nullptr)) callback();
}

void Cancellation::on_cancel(std::function<void()> callback) {
    if (cancelled_ && callback) {
        callback();
        return;
    }
    callback_ = std::move(callback);
}

}  // namespace bb::llm
