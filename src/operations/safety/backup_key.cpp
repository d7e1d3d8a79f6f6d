#include "operations/safety/backup_key.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "base/core/base64url.hpp"
#include "base/core/new_file.hpp"

namespace bb::safety {
namespace {

static_assert(std::tuple_size_v<PublicKey> == crypto_box_PUBLICKEYBYTES);

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

PublicKey public_half(const secrets::Key& identity) {
    PublicKey key;
    crypto_scalarmult_base(key.data(), raw(identity.bytes()));
    return key;
}

void write_key(const std::filesystem::path& file, std::string_view text) {
    try {
        write_new_file(file, text, 0600);
    } catch (const std::system_error& fault) {
        if (fault.code() == std::errc::file_exists)
            throw std::runtime_error(
                fmt::format("{} is there already, and is left as it is: a key that is lost opens no backup.",
                            file.string()));
        throw std::runtime_error(
            fmt::format("{} cannot be written: {}", file.string(), fault.code().message()));
    }
}

void add_line(BackupKeys& keys, const std::string& kind, const std::string& text) {
    const auto bytes = crypto::parse_base64url(text);
    if (!bytes || bytes->size() != std::tuple_size_v<PublicKey> || (kind != "public" && kind != "private"))
        throw std::runtime_error(
            "must be \"public KEY\" or \"private KEY\" as \"brainbytes backup keygen\" "
            "writes them");
    PublicKey recipient;
    if (kind == "private") {
        const auto identity = *secrets::Key::from_bytes(*bytes);
        recipient = public_half(identity);
        keys.identities.push_back(identity);
    } else {
        std::copy(bytes->begin(), bytes->end(), recipient.begin());
    }
    if (std::find(keys.recipients.begin(), keys.recipients.end(), recipient) == keys.recipients.end())
        keys.recipients.push_back(recipient);
}

}  // namespace

PublicKey make_backup_key(const std::filesystem::path& file) {
    const auto identity = secrets::Key::random();
    const auto recipient = public_half(identity);
    write_key(file, fmt::format("# Opens the backups of BrainBytes. Keep a copy away from the machine that "
                                "makes them:\n# the line \"public\" is enough there.\n"
                                "public {}\n{}",
                                text_of(recipient), private_line(identity)));
    return recipient;
}

BackupKeys read_backup_keys(const std::filesystem::path& file) {
    std::ifstream opened;
    if (file != "-") opened.open(file);
    std::istream& in = file == "-" ? std::cin : opened;
    if (!in) throw std::runtime_error(fmt::format("The backup key {} cannot be read.", file.string()));
    BackupKeys keys;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        std::istringstream words(line);
        std::string kind, text;
        words >> kind >> text;
        if (kind.empty() || kind[0] == '#') continue;
        try {
            add_line(keys, kind, text);
        } catch (const std::runtime_error& fault) {
            throw std::runtime_error(fmt::format("{}:{}: {}", file.string(), number, fault.what()));
        }
    }
    if (keys.recipients.empty())
        throw std::runtime_error(fmt::format("{} holds no backup key.", file.string()));
    return keys;
}

std::string private_line(const secrets::Key& identity) {
    return fmt::format("private {}\n", crypto::base64url(identity.bytes()));
}

std::string text_of(const PublicKey& key) {
    return crypto::base64url(std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
}

std::string seal_key(const secrets::Key& key, const PublicKey& recipient) {
    const auto text = key.bytes();
    std::string sealed(text.size() + crypto_box_SEALBYTES, '\0');
    if (crypto_box_seal(reinterpret_cast<unsigned char*>(sealed.data()), raw(text), text.size(),
                        recipient.data()) != 0)
        throw std::runtime_error("the key of a backup could not be sealed");
    return crypto::base64url(sealed);
}

std::optional<secrets::Key> open_key(const std::string& sealed, const secrets::Key& identity) {
    const auto bytes = crypto::parse_base64url(sealed);
    std::array<unsigned char, 32> opened;
    if (!bytes || bytes->size() != opened.size() + crypto_box_SEALBYTES) return std::nullopt;
    const auto recipient = public_half(identity);
    if (crypto_box_seal_open(opened.data(), raw(*bytes), bytes->size(), recipient.data(),
                             raw(identity.bytes())) != 0)
        return std::nullopt;
    auto key = secrets::Key::from_bytes({reinterpret_cast<const char*>(opened.data()), opened.size()});
    sodium_memzero(opened.data(), opened.size());
    return key;
}

}  // namespace bb::safety
