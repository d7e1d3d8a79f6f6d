#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "features/tutor/types.hpp"

namespace bb::tutor {

enum class Trigger { submit, regenerate, go_on };

/// The newest question of a chat request.
struct Question {
    std::string id;    // the client's; empty when it gave none
    std::string text;  // of its text parts
};

/// What POST /api/chat asks for.
struct ChatRequest {
    ThreadId thread;
    Trigger trigger = Trigger::submit;
    std::optional<Question> question;    // always there for submit
    std::optional<std::string> message;  // `messageId`: what to edit, answer again or go on with
    std::optional<std::vector<Uuid>> materials;
    bool temporary = false;       // counts only when the thread is new
    bool only_materials = false;  // the same
};

/// True for what may be a message id: 1 to 64 of A-Z a-z 0-9 _ -.
bool is_message_id(std::string_view id);

/// Reads {id, message} as well as {id, messages}; of a history only the newest question is looked at, and in
/// it only id and text. Errors: invalid_input.
Result<ChatRequest> parse_chat_request(const boost::json::value& body);

/// The beginning of a question as the title of its thread: at most 60 characters of its first line.
std::string title_from(std::string_view text);

}  // namespace bb::tutor
