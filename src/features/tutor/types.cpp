#include "features/tutor/types.hpp"

#include <stdexcept>
#include <utility>

namespace bb::tutor {
namespace {

constexpr std::pair<ReplyState, std::string_view> states[] = {
    {ReplyState::streaming, "streaming"}, {ReplyState::complete, "complete"},
    {ReplyState::stopped, "stopped"},     {ReplyState::interrupted, "interrupted"},
    {ReplyState::failed, "failed"},
};

}  // namespace

std::string_view name_of(ReplyState state) {
    for (const auto& [known, name] : states) {
        if (known == state) return name;
    }
    return "";
}

ReplyState reply_state(std::string_view name) {
    for (const auto& [state, known] : states) {
        if (known == name) return state;
    }
    throw std::logic_error("not a reply state: " + std::string(name));
}

}  // namespace bb::tutor
