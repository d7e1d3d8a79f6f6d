#include "features/accounts/server_secret.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/core/crypto.hpp"

namespace bb::accounts {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string kept_secret(const std::string& folder) {
    const auto path = folder + "/secret";
    if (auto secret = read_file(path); !secret.empty()) return secret;

    const auto draft = path + "." + crypto::random_token(8);
    const auto secret = crypto::random_token();
    const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) fail("cannot keep the server's secret in the data folder");
    const bool whole = ::write(file, secret.data(), secret.size()) == static_cast<ssize_t>(secret.size());
    ::close(file);
    // A link never replaces: of two servers that start at once, the second takes what the first has kept.
    const bool kept = whole && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
    ::unlink(draft.c_str());
    if (!kept) fail("cannot keep the server's secret in the data folder");
    return read_file(path);
}

std::string server_secret(const config::Config& config) {
    if (config.is_set("BRAINBYTES_SECRET")) return config.text("BRAINBYTES_SECRET");
    // Nodes that share a database share its URL too, and a copy of the tables does not hold it.
    const auto& database = config.text("DATABASE_URL");
    if (!database.empty()) return crypto::hex(crypto::sha256("sign-in codes\n" + database));
    return kept_secret(config.text("BRAINBYTES_DATA"));
}

}  // namespace bb::accounts
