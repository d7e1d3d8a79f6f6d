#include "features/accounts/server_secret.hpp"

#include "base/core/crypto.hpp"
#include "base/core/kept_token.hpp"

namespace bb::accounts {

std::string kept_secret(const std::string& folder) {
    return kept_token(folder, "secret");
}

std::string server_secret(const config::Config& config) {
    if (config.is_set("BRAINBYTES_SECRET")) return config.text("BRAINBYTES_SECRET");
    // Nodes that share a database share its URL too, and a copy of the tables does not hold it.
    const auto& database = config.text("DATABASE_URL");
    if (!database.empty()) return crypto::hex(crypto::sha256("sign-in codes\n" + database));
    return kept_secret(config.text("BRAINBYTES_DATA"));
}

}  // namespace bb::accounts
