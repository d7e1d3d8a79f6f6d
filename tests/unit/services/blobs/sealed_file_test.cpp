#include "services/blobs/sealed_file.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include "base/core/crypto.hpp"
#include "services/blobs/numbered_pieces.hpp"

namespace bb::blobs {
namespace {

constexpr std::size_t of_a_piece = numbered::piece_size;

class SealedFiles : public ::testing::Test {
protected:
    SealedFiles() { crypto::initialize(); }

    std::string sealed(std::string_view content) {
        std::string bytes;
        seal_file(key, "owner/name", *http::source_of(content),
                  [&](std::string_view part) { bytes += part; });
        return bytes;
    }
    std::optional<http::FileBody> body(std::string_view bytes, std::string_view place = "owner/name") {
        return open_sealed({http::source_of(bytes), bytes.size()}, key, place);
    }
    /// nullopt: it does not open, or not to its end.
    std::optional<std::string> opened(std::string_view bytes) {
        try {
            const auto file = body(bytes);
            if (!file) return std::nullopt;
            std::string text(file->size + 1, '\0');
            text.resize(http::read_full(*file->source, text.data(), text.size()));
            return text;
        } catch (const std::runtime_error&) {
            return std::nullopt;
        }
    }

    secrets::Key key = secrets::Key::random();
};

TEST_F(SealedFiles, OpenToWhatWasSealedWhateverTheirSize) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, of_a_piece - 1, of_a_piece, of_a_piece + 1, 3 * of_a_piece}) {
        const std::string content(size, 'x');
        const auto bytes = sealed(content);
        EXPECT_EQ(bytes.size(), numbered::stored_size(size));
        EXPECT_EQ(numbered::content_size(bytes.size()), size);
        EXPECT_EQ(body(bytes)->size, size);
        EXPECT_EQ(opened(bytes), content) << size;
        EXPECT_TRUE(begins_sealed(*http::source_of(bytes)));
    }
    EXPECT_FALSE(body(sealed("text"), "owner/another"));
    EXPECT_NE(sealed("text"), sealed("text"));
}

TEST_F(SealedFiles, ShowEveryChange) {
    const auto bytes = sealed(std::string(2 * of_a_piece + 100, 'x'));
    for (std::size_t at = 0; at < bytes.size(); at += at < 200 ? 1 : 997) {
        auto changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 4);
        EXPECT_FALSE(opened(changed)) << at;
    }
    for (const std::size_t cut :
         {std::size_t{1}, std::size_t{16}, std::size_t{116}, of_a_piece, bytes.size() - 10})
        EXPECT_FALSE(opened(std::string_view(bytes).substr(0, bytes.size() - cut))) << cut;
    const auto whole = of_a_piece + numbered::tag_size;
    const std::string_view view(bytes);
    const auto head = view.substr(0, numbered::head_size);
    const auto first = view.substr(head.size(), whole);
    const auto second = view.substr(head.size() + whole, whole);
    const auto last = view.substr(head.size() + 2 * whole);
    EXPECT_TRUE(opened(std::string(head).append(first).append(second).append(last)));
    EXPECT_FALSE(opened(std::string(head).append(second).append(first).append(last))) << "in another order";
    EXPECT_FALSE(opened(std::string(head).append(first).append(last))) << "one taken out";
    EXPECT_FALSE(opened(std::string(head).append(first).append(second))) << "the last cut off";
    EXPECT_FALSE(opened(std::string(head).append(first).append(second).append(last).append(last)));
}

TEST_F(SealedFiles, OfTheFirstFormStillOpen) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{5}, of_a_piece, 2 * of_a_piece + 1}) {
        const std::string content(size, 'y');
        std::string bytes;
        FileSealer sealer(key, "owner/name", [&](std::string_view part) { bytes += part; });
        sealer.add(content);
        sealer.finish();
        EXPECT_TRUE(bytes.starts_with("bbfile1\n"));
        EXPECT_EQ(opened(bytes), content);
        EXPECT_TRUE(begins_sealed(*http::source_of(bytes)));
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        EXPECT_FALSE(opened(bytes));
    }
}

// The pieces as another library reads them (RFC 8439).
TEST_F(SealedFiles, HavePiecesThatOthersOpen) {
    const std::string content = std::string(of_a_piece, 'a') + "the last";
    const auto bytes = sealed(content);
    const auto of_pieces =
        numbered::open_head(std::string_view(bytes).substr(0, numbered::head_size), key, "owner/name");
    ASSERT_TRUE(of_pieces);
    const auto raw = [](std::string_view text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    };
    unsigned char nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
    const auto second = std::string_view(bytes).substr(numbered::head_size + of_a_piece + numbered::tag_size);
    std::string text(second.size() - numbered::tag_size, '\0');
    ASSERT_EQ(crypto_aead_chacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(text.data()),
                                                        nullptr, nullptr, raw(second), second.size(), nullptr,
                                                        0, nonce, raw(of_pieces->bytes())),
              0);
    EXPECT_EQ(text, "the last");
}

}  // namespace
}  // namespace bb::blobs
