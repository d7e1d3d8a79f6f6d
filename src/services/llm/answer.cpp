#include "services/llm/answer.hpp"

#include <utility>

#include "services/llm/retry.hpp"

namespace bb::llm {
namespace {

using client::Heard;

constexpr std::size_t max_plain = 1 << 20;

Outcome fault(Fault kind, std::string detail) {
    Outcome outcome;
    outcome.finish_reason = "error";
    outcome.fault = kind;
    outcome.fault_detail = std::move(detail);
    return outcome;
}

Outcome fault_of(client::Failure failure, const std::string& detail) {
    switch (failure) {
        case client::Failure::connect:
            return fault(Fault::refused, detail);
        case client::Failure::slow:
            return fault(Fault::slow, detail);
        case client::Failure::too_large:
            return fault(Fault::garbage, detail);
        case client::Failure::invalid:
            return fault(Fault::rejected, detail);
        case client::Failure::cut:
        case client::Failure::aborted:
            break;
    }
    return fault(Fault::cut_off, detail);
}

}  // namespace

Answer::Answer(OnText on_text, std::function<bool()> wanted, std::size_t max_text)
    : on_text_(std::move(on_text)), wanted_(std::move(wanted)), max_text_(max_text) {}

Heard Answer::take(int status, std::string_view piece) {
    if (form_ == Form::unknown) {
        if (status == 200) {
            const auto first = piece.find_first_not_of(" \r\n\t");
            if (first == std::string_view::npos) return Heard::nothing;
            piece.remove_prefix(first);
            form_ = piece.front() == '{' ? Form::plain : Form::events;
        } else {
            form_ = Form::plain;
        }
    }
    if (form_ == Form::plain) {
        if (piece.size() > max_plain - plain_.size()) return Heard::stop;
        plain_ += piece;
        return Heard::progress;
    }
    progress_ = false;
    const auto status_now = reader_.feed(piece, [this](std::string_view data) { return on_event(data); });
    if (status_now == SseReader::Status::too_long) {
        garbage_ = true;
        garbage_detail_ = "an event beyond the allowed size";
    }
    if (status_now != SseReader::Status::more) return Heard::stop;
    return progress_ ? Heard::progress : Heard::nothing;
}

bool Answer::on_event(std::string_view data) {
    if (done_) return true;  // nothing counts after [DONE]
    if (data == "[DONE]") {
        done_ = progress_ = true;
        return true;
    }
    return on_chunk(data);
}

bool Answer::on_chunk(std::string_view json) {
    auto chunk = read_chunk(json);
    if (!chunk) {
        garbage_ = true;
        garbage_detail_ = "an event that is no chunk";
        return false;
    }
    if (chunk->error) {
        error_ = std::move(chunk->error);
        return false;
    }
    if (chunk->usage) usage_ = chunk->usage;
    if (!chunk->finish_reason.empty()) finish_reason_ = std::move(chunk->finish_reason);
    if (chunk->reasoning) progress_ = true;
    if (chunk->text.empty() || !wanted_()) return wanted_();
    progress_ = true;
    const bool fits = chunk->text.size() <= max_text_ - text_bytes_;
    if (fits) {
        text_bytes_ += chunk->text.size();
        on_text_(chunk->text);
    } else {
        finish_reason_ = "length";
    }
    return fits && wanted_();
}

Outcome Answer::judge(const client::Reply& reply) {
    if (reply.status == 0 || (reply.failure && reply.status != 200 && plain_.empty()))
        return fault_of(reply.failure.value_or(client::Failure::cut), reply.detail);
    if (reply.status != 200) return judge_refusal(reply.status);
    if (form_ == Form::events && !garbage_ && !error_)
        (void)reader_.end([this](std::string_view data) { return on_event(data); });
    if (form_ == Form::plain && !reply.failure) on_chunk(plain_);
    Outcome outcome = judge_success(reply);
    outcome.usage = usage_;
    return outcome;
}

Outcome Answer::judge_refusal(int status) {
    refusal_ = read_refusal(plain_);
    const std::string detail = "HTTP " + std::to_string(status) + " " + refusal_.kind;
    if (refusal_.too_long || status == 413) return fault(Fault::too_long, detail);
    if (refusal_.kind == "insufficient_quota") return fault(Fault::rejected, detail);
    return fault(worth_retrying(status) ? Fault::busy : Fault::rejected, detail);
}

Outcome Answer::judge_success(const client::Reply& reply) {
    if (garbage_) return fault(Fault::garbage, garbage_detail_);
    if (error_) return fault(any_text() ? Fault::cut_off : Fault::busy, "error event " + *error_);
    const bool complete = done_ || !finish_reason_.empty();
    if (!complete && reply.failure) return fault_of(*reply.failure, reply.detail);
    if (!complete) return fault(Fault::cut_off, "the stream ended before the answer did");
    if (finish_reason_.empty()) finish_reason_ = "stop";
    if (!any_text() && finish_reason_ == "stop") return fault(Fault::garbage, "an answer without text");
    Outcome outcome;
    outcome.finish_reason = finish_reason_;
    return outcome;
}

}  // namespace bb::llm
