#include "operations/stages/aws_lock.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/process.hpp"
#include "operations/stages/aws_service.hpp"

namespace bb::stages {
namespace {

constexpr std::chrono::seconds for_another_taker{2};

bool is_fault(const std::exception& fault, const char* name) {
    return std::string_view(fault.what()).find(name) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> AwsLock::text() const {
    JsonWriter json;
    json.object().field("Name", name_);
    try {
        const auto told = parse_json(aws_answer("ssm", "get-parameter", json.end().take()));
        if (!told) throw std::runtime_error("the lock in the Parameter Store cannot be read");
        return std::string(told->at("Parameter").at("Value").as_string());
    } catch (const std::exception& fault) {
        if (is_fault(fault, "ParameterNotFound")) return std::nullopt;
        throw;
    }
}

/// False: there is one. Of two who try at the same time one alone succeeds.
bool AwsLock::add(const deploy::Hold& hold) const {
    JsonWriter json;
    json.object().field("Name", name_).field("Type", "String").field("Value", deploy::to_json(hold));
    try {
        aws_answer("ssm", "put-parameter", json.end().take());
        return true;
    } catch (const std::exception& fault) {
        if (is_fault(fault, "ParameterAlreadyExists")) return false;
        throw;
    }
}

void AwsLock::remove() const {
    JsonWriter json;
    json.object().field("Name", name_);
    try {
        aws_answer("ssm", "delete-parameter", json.end().take());
    } catch (const std::exception& fault) {
        if (!is_fault(fault, "ParameterNotFound")) throw;
    }
}

void AwsLock::take(const deploy::Hold& hold, const std::function<void(std::string_view)>& say) const {
    if (add(hold)) return;
    const auto other = held();
    const bool ours = other && other->id == hold.id;
    const bool left = other && process::has_ended(other->id);
    if (other && !ours && !left) throw std::runtime_error(deploy::to_text(*other));
    if (left) say("the lock there is taken over: the command that held it was killed on this machine");
    remove();
    const bool taken = add(hold);
    // Somebody else may have found the same one over, and removed ours instead.
    if (taken) std::this_thread::sleep_for(for_another_taker);
    const auto now = held();
    if (!now || now->id != hold.id)
        throw std::runtime_error(now ? deploy::to_text(*now)
                                     : "Somebody else takes the lock just now: try again.");
}

std::optional<deploy::Hold> AwsLock::give_up(const std::string& id) const {
    auto hold = held();
    if (!hold || (!id.empty() && hold->id != id)) return std::nullopt;
    remove();
    return hold;
}

std::optional<deploy::Hold> AwsLock::held() const {
    const auto kept = text();
    return kept ? deploy::hold_in(*kept) : std::nullopt;
}

}  // namespace bb::stages
