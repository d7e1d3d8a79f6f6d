#include "features/tutor/reply_board.hpp"

#include <utility>

namespace bb::tutor {

ReplyBoard::Seat::Seat(Seat&& other) noexcept
    : board_(std::exchange(other.board_, nullptr)), owner_(other.owner_) {}

ReplyBoard::Seat& ReplyBoard::Seat::operator=(Seat&& other) noexcept {
    std::swap(board_, other.board_);
    std::swap(owner_, other.owner_);
    return *this;
}

ReplyBoard::Seat::~Seat() {
    if (board_) board_->leave(owner_);
}

Result<ReplyBoard::Seat> ReplyBoard::take_seat(UserId owner) {
    if (closed_)
        return Error(ErrorCode::unavailable, "The server is restarting. Try again in a moment.", {}, 2);
    const std::lock_guard lock(mutex_);
    if (seats_ >= limits_.per_process)
        return Error(ErrorCode::unavailable, "Too many replies are being written. Try again soon.", {}, 5);
    auto& mine = per_person_[owner];
    if (mine >= limits_.per_person)
        return Error(ErrorCode::rate_limited,
                     "Several replies are being written for you. Wait for one to end.", {}, 5);
    ++mine;
    ++seats_;
    return Seat(this, owner);
}

void ReplyBoard::leave(UserId owner) {
    const std::lock_guard lock(mutex_);
    --seats_;
    const auto found = per_person_.find(owner);
    if (found != per_person_.end() && --found->second == 0) per_person_.erase(found);
}

void ReplyBoard::add(MessageId reply, Replies* loop) {
    const std::lock_guard lock(mutex_);
    writers_[reply] = loop;
}

void ReplyBoard::remove(MessageId reply) {
    const std::lock_guard lock(mutex_);
    writers_.erase(reply);
}

Replies* ReplyBoard::find(MessageId reply) const {
    const std::lock_guard lock(mutex_);
    const auto found = writers_.find(reply);
    return found == writers_.end() ? nullptr : found->second;
}

std::size_t ReplyBoard::size() const {
    const std::lock_guard lock(mutex_);
    return writers_.size();
}

}  // namespace bb::tutor
