#include "features/tutor/chat_request.hpp"

#include <algorithm>

#include "base/core/json_reader.hpp"
#include "base/core/utf8.hpp"

namespace bb::tutor {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_question = 32'000;  // code points

/// Complaints about places inside nested values, which FieldReader does not know.
struct Faults {
    void add(const std::string& at, std::string detail) { list.push_back({"#/" + at, std::move(detail)}); }
    std::vector<FieldError> list;
};

const json::value* member(const json::value& value, std::string_view name) {
    const auto* object = value.if_object();
    return object ? object->if_contains(name) : nullptr;
}

bool has_role(const json::value& message, std::string_view role) {
    const auto* found = member(message, "role");
    return found && found->is_string() && std::string_view(found->get_string()) == role;
}

/// Joins the text parts; nullopt after complaining about parts that cannot be answered.
std::optional<std::string> text_of(const json::value& message, const std::string& at, Faults& faults) {
    std::string text;
    const auto* parts = member(message, "parts");
    if (!parts || !parts->is_array()) {
        faults.add(at + "/parts", "must be a list of parts");
        return std::nullopt;
    }
    std::size_t index = 0;
    bool good = true;
    for (const auto& part : parts->get_array()) {
        const auto* type = member(part, "type");
        const auto place = at + "/parts/" + std::to_string(index++);
        if (!type || !type->is_string()) {
            faults.add(place, "must have a type");
            good = false;
        } else if (std::string_view(type->get_string()) == "file") {
            faults.add(place, "cannot be a file here; add files to your materials");
            good = false;
        } else if (std::string_view(type->get_string()) == "text") {
            const auto* content = member(part, "text");
            if (!content || !content->is_string()) {
                faults.add(place + "/text", "must be text");
                good = false;
                continue;
            }
            if (!text.empty()) text += "\n\n";
            text += std::string_view(content->get_string());
        }
    }
    if (!good) return std::nullopt;
    return text;
}

void check_text(const std::string& text, const std::string& at, Faults& faults) {
    if (utf8::trim(text).empty()) {
        faults.add(at, "must not be empty");
    } else if (utf8::has_controls(text)) {
        faults.add(at, "must not contain control characters");
    } else if (utf8::length(text) > longest_question) {
        faults.add(at, "must have at most 32000 characters");
    }
}

std::string id_of(const json::value& message, const std::string& at, Faults& faults) {
    const auto* id = member(message, "id");
    if (!id) return {};
    const auto text = id->is_string() ? std::string(std::string_view(id->get_string())) : std::string();
    if (!is_message_id(text)) faults.add(at + "/id", "must be 1 to 64 letters, digits, - or _");
    return text;
}

Question read_question(const json::value& message, const std::string& at, Faults& faults) {
    Question question;
    question.id = id_of(message, at, faults);
    if (const auto text = text_of(message, at, faults)) {
        question.text = *text;
        check_text(question.text, at + "/parts", faults);
    }
    return question;
}

std::optional<Question> newest_question(FieldReader& in, bool required, Faults& faults) {
    const auto* message = in.raw("message");
    const auto* messages = in.raw("messages");
    if (message) {
        if (!has_role(*message, "user")) {
            faults.add("message/role", "must be user");
            return std::nullopt;
        }
        return read_question(*message, "message", faults);
    }
    if (messages && !messages->is_array()) {
        faults.add("messages", "must be a list of messages");
        return std::nullopt;
    }
    if (!messages) {
        if (required) faults.add("message", "is required");
        return std::nullopt;
    }
    const auto& list = messages->get_array();
    for (auto i = list.size(); i-- > 0;) {
        if (has_role(list[i], "user")) return read_question(list[i], "messages/" + std::to_string(i), faults);
    }
    if (required) faults.add("messages", "must hold a message of the user");
    return std::nullopt;
}

Trigger trigger_of(const std::optional<std::string>& name) {
    if (name == "regenerate-message") return Trigger::regenerate;
    if (name == "continue-message") return Trigger::go_on;
    return Trigger::submit;
}

}  // namespace

bool is_message_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    });
}

Result<ChatRequest> parse_chat_request(const json::value& body) {
    FieldReader in(body);
    Faults faults;
    if (!body.is_object()) return std::move(*in.error());
    ChatRequest request;
    const auto thread = in.optional_uuid("id");
    if (thread) request.thread = ThreadId{*thread};
    if (!body.get_object().contains("id")) faults.add("id", "is required");
    request.trigger = trigger_of(
        in.optional_choice("trigger", {"submit-message", "regenerate-message", "continue-message"}));
    if (const auto* id = in.raw("messageId"); id && !id->is_null()) {
        const auto text = id->is_string() ? std::string(std::string_view(id->get_string())) : std::string();
        if (!is_message_id(text)) faults.add("messageId", "must be 1 to 64 letters, digits, - or _");
        request.message = text;
    }
    request.materials = in.optional_uuids("materialIds", 100);
    request.temporary = in.optional_bool("temporary").value_or(false);
    request.only_materials = in.optional_bool("onlyMaterials").value_or(false);
    request.question = newest_question(in, request.trigger == Trigger::submit, faults);
    auto bad = in.error();
    if (!bad && faults.list.empty()) return request;
    if (!bad) return Error(ErrorCode::invalid_input, "The message needs attention.", std::move(faults.list));
    bad->fields.insert(bad->fields.end(), faults.list.begin(), faults.list.end());
    return std::move(*bad);
}

std::string title_from(std::string_view text) {
    constexpr std::size_t longest = 60;
    auto line = utf8::trim(text);
    line = utf8::trim(line.substr(0, line.find('\n')));
    if (utf8::length(line) <= longest) return std::string(line);
    auto cut = utf8::prefix(line, longest - 1);
    const auto space = cut.rfind(' ');
    if (space != std::string_view::npos && space > cut.size() / 2) cut = cut.substr(0, space);
    return std::string(utf8::trim(cut)) + "…";
}

}  // namespace bb::tutor
