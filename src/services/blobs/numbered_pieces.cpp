#include "services/blobs/numbered_pieces.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "base/core/crypto.hpp"

namespace bb::blobs::numbered {
namespace {

constexpr std::size_t counter_size = 11;

static_assert(nonce_size == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(key_size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(tag_size == crypto_aead_xchacha20poly1305_ietf_ABYTES);

using Nonce = std::array<unsigned char, counter_size + 1>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_at(char* text) {
    return reinterpret_cast<unsigned char*>(text);
}

Nonce nonce_of(std::uint64_t number, bool last) {
    Nonce nonce{};
    for (std::size_t i = 0; i < sizeof number; ++i)
        nonce[counter_size - 1 - i] = static_cast<unsigned char>(number >> (8 * i));
    nonce[counter_size] = last ? 1 : 0;
    return nonce;
}

class NumberedContent : public http::FileSource {
public:
    NumberedContent(std::shared_ptr<http::FileSource> pieces, std::uint64_t bytes,
                    const secrets::Key& of_pieces)
        : pieces_(std::move(pieces)), left_(bytes), count_(pieces_of(bytes)), cipher_(of_pieces) {}

    std::size_t read(char* into, std::size_t room) override {
        if (taken_ == opened_.size() && number_ < count_) open_next();
        const auto n = std::min(room, opened_.size() - taken_);
        std::copy_n(opened_.data() + taken_, n, into);
        taken_ += n;
        return n;
    }

private:
    void open_next() {
        const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece_size));
        sealed_.resize(bytes + tag_size);
        const auto got = http::read_full(*pieces_, sealed_.data(), sealed_.size());
        opened_.resize(bytes);
        taken_ = 0;
        if (got != sealed_.size() || !cipher_.open(number_, number_ + 1 == count_, sealed_, opened_.data())) {
            opened_.clear();
            throw std::runtime_error("a stored file was changed or cut off");
        }
        ++number_;
        left_ -= bytes;
    }

    std::shared_ptr<http::FileSource> pieces_;
    std::uint64_t left_;  // of the content
    std::uint64_t count_;
    std::uint64_t number_ = 0;
    Cipher cipher_;
    std::string sealed_;
    std::string opened_;
    std::size_t taken_ = 0;  // of what was opened
};

}  // namespace

std::uint64_t pieces_of(std::uint64_t bytes) {
    return std::max<std::uint64_t>(1, (bytes + piece_size - 1) / piece_size);
}

std::uint64_t stored_size(std::uint64_t bytes) {
    return head_size + bytes + pieces_of(bytes) * tag_size;
}

std::optional<std::uint64_t> content_size(std::uint64_t stored) {
    if (stored < head_size + tag_size) return std::nullopt;
    const auto sealed = stored - head_size;
    const auto pieces = (sealed + piece_size + tag_size - 1) / (piece_size + tag_size);
    if (sealed < pieces * tag_size) return std::nullopt;
    const auto bytes = sealed - pieces * tag_size;
    if (stored_size(bytes) != stored) return std::nullopt;
    return bytes;
}

std::string seal_head(const secrets::Key& key, std::string_view place, const secrets::Key& of_pieces) {
    std::string head(form);
    head += crypto::random_bytes(nonce_size);
    head.resize(head_size);
    auto* sealed = bytes_at(head.data()) + form.size() + nonce_size;
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, nullptr, bytes_of(of_pieces.bytes()), key_size,
                                               bytes_of(place), place.size(), nullptr,
                                               bytes_of(head) + form.size(), bytes_of(key.bytes()));
    return head;
}

std::optional<secrets::Key> open_head(std::string_view head, const secrets::Key& key,
                                      std::string_view place) {
    if (head.size() != head_size || !head.starts_with(form)) return std::nullopt;
    std::array<char, key_size> opened{};
    const auto* sealed = bytes_of(head) + form.size() + nonce_size;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_at(opened.data()), nullptr, nullptr, sealed,
                                                   key_size + tag_size, bytes_of(place), place.size(),
                                                   bytes_of(head) + form.size(), bytes_of(key.bytes())) != 0)
        return std::nullopt;
    auto of_pieces = secrets::Key::from_bytes({opened.data(), opened.size()});
    sodium_memzero(opened.data(), opened.size());
    return of_pieces;
}

void Cipher::Free::operator()(evp_cipher_ctx_st* context) const {
    EVP_CIPHER_CTX_free(context);
}

Cipher::Cipher(const secrets::Key& of_pieces) : key_(of_pieces), context_(EVP_CIPHER_CTX_new()) {
    if (!context_) throw std::bad_alloc();
}

void Cipher::seal(std::uint64_t number, bool last, std::string_view text, char* into) {
    const auto nonce = nonce_of(number, last);
    int wrote = 0;
    int ended = 0;
    auto* out = bytes_at(into);
    const bool sealed =
        EVP_EncryptInit_ex(context_.get(), EVP_chacha20_poly1305(), nullptr, bytes_of(key_.bytes()),
                           nonce.data()) == 1 &&
        EVP_EncryptUpdate(context_.get(), out, &wrote, bytes_of(text), static_cast<int>(text.size())) == 1 &&
        EVP_EncryptFinal_ex(context_.get(), out + wrote, &ended) == 1 &&
        EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, out + text.size()) == 1;
    if (!sealed) throw std::runtime_error("a piece could not be sealed");
}

bool Cipher::open(std::uint64_t number, bool last, std::string_view sealed, char* into) {
    if (sealed.size() < tag_size) return false;
    const auto nonce = nonce_of(number, last);
    const auto text = sealed.substr(0, sealed.size() - tag_size);
    Nonce::value_type tag[tag_size];
    std::copy_n(bytes_of(sealed) + text.size(), tag_size, tag);
    int wrote = 0;
    int ended = 0;
    auto* out = bytes_at(into);
    return EVP_DecryptInit_ex(context_.get(), EVP_chacha20_poly1305(), nullptr, bytes_of(key_.bytes()),
                              nonce.data()) == 1 &&
           EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag) == 1 &&
           EVP_DecryptUpdate(context_.get(), out, &wrote, bytes_of(text), static_cast<int>(text.size())) ==
               1 &&
           EVP_DecryptFinal_ex(context_.get(), out + wrote, &ended) == 1;
}

std::unique_ptr<http::FileSource> content_of(std::shared_ptr<http::FileSource> pieces, std::uint64_t bytes,
                                             const secrets::Key& of_pieces) {
    return std::make_unique<NumberedContent>(std::move(pieces), bytes, of_pieces);
}

}  // namespace bb::blobs::numbered
