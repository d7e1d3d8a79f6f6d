#include "base/core/kept_token.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/core/crypto.hpp"

namespace bb {
namespace {

[[noreturn]] void fail(const std::string& name) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot keep the server's " + name + " in the data folder");
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string kept_token(const std::string& folder, const std::string& name) {
    const auto path = folder + "/" + name;
    if (auto token = read_file(path); !token.empty()) return token;

    const auto draft = path + "." + crypto::random_token(8);
    const auto token = crypto::random_token();
    const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) fail(name);
    const bool whole = ::write(file, token.data(), token.size()) == static_cast<ssize_t>(token.size());
    ::close(file);
    // A link never replaces: of two servers that start at once, the second takes what the first has kept.
    const bool kept = whole && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
    ::unlink(draft.c_str());
    if (!kept) fail(name);
    return read_file(path);
}

}  // namespace bb
