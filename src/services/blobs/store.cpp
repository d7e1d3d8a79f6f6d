#include "services/blobs/store.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bb::blobs {
namespace {

constexpr std::size_t piece_copied = 1u << 20;

std::vector<Stored> those_of_age(const Store& store, std::chrono::seconds age, bool discarded) {
    std::vector<Stored> found;
    for (const auto& one : store.list())
        if (one.discarded == discarded && one.age >= age) found.push_back(one.file);
    return found;
}

}  // namespace

std::string name_of(const Stored& file) {
    return file.owner.text() + "/" + crypto::hex(file.digest);
}

void copy_all(http::FileSource& from, const std::function<void(std::string_view)>& to) {
    std::string piece(piece_copied, '\0');
    while (const auto got = from.read(piece.data(), piece.size())) to(std::string_view(piece).substr(0, got));
}

void write_all(int descriptor, std::string_view bytes, const char* what) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw std::system_error(errno, std::generic_category(), what);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::vector<Stored> Store::older_than(std::chrono::seconds age) const {
    return those_of_age(*this, age, false);
}

std::vector<Stored> Store::discarded(std::chrono::seconds age) const {
    return those_of_age(*this, age, true);
}

}  // namespace bb::blobs
