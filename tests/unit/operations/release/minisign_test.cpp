#include "operations/release/minisign.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/core/crypto.hpp"

namespace bb::release {
namespace {

namespace fs = std::filesystem;

// What minisign 0.11 wrote: `minisign -G -W`, and `minisign -S -t "a comment"` over the line "Released.".
constexpr std::string_view their_public =
    "untrusted comment: minisign public key 5E3651A84536F25B\n"
    "RWRb8jZFqFE2XlB89ghPW/VIA6UPjbvW8ggg0zR0XF2AlAaAxQQew52a\n";
constexpr std::string_view their_secret =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAW/I2RahRNl4NUUG+"
    "QNJKsLbyjslzxI8XwonZCKbzdHMROcrErdOxilB89ghPW/"
    "VIA6UPjbvW8ggg0zR0XF2AlAaAxQQew52aAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
constexpr std::string_view their_signature =
    "untrusted comment: signature from minisign secret key\n"
    "RURb8jZFqFE2XhjqQ69D2FyqtYH/aT+mhu7ZhQtmmIPmkeZwTRkQsQEu15u0gAUpXfZLhRDU43RVi1whCucacTvLxFkSIPiAUgE=\n"
    "trusted comment: a comment\n"
    "MANJ1F2bxlSgIonxqnBI+gHgCmkKSfYPOGk6Q/2hjoszUiTqenTrRPV/kVmSnzfcvn3p0mqKdNOzrEiClsOFAQ==\n";

class Minisign : public testing::Test {
protected:
    Minisign() {
        crypto::initialize();
        std::string name = (fs::temp_directory_path() / "bb-minisign-XXXXXX").string();
        folder = mkdtemp(name.data());
        write("file", "Released.\n");
        write("their.pub", their_public);
        write("their.key", their_secret);
    }
    ~Minisign() override { fs::remove_all(folder); }

    fs::path write(const char* name, std::string_view text) {
        std::ofstream(folder / name, std::ios::binary | std::ios::trunc) << text;
        return folder / name;
    }
    std::string refusal(std::string_view signature, const std::vector<TrustedKey>& trusted) {
        const auto result = verify(folder / "file", signature, trusted);
        return result ? "" : result.error().detail;
    }

    fs::path folder;
};

TEST_F(Minisign, TakesWhatMinisignSigned) {
    const auto key = read_trusted_key(folder / "their.pub").value();
    EXPECT_EQ(text_of(key.id), "5E3651A84536F25B");
    EXPECT_EQ(verify(folder / "file", their_signature, {key}).value(), "a comment");
}

TEST_F(Minisign, SignsWithItsKeyAsItDoes) {
    const auto key = read_signing_key(folder / "their.key").value();
    const auto ours = sign(folder / "file", key, "a comment");
    // Ed25519 signs the same thing in the same way each time.
    EXPECT_EQ(ours.substr(ours.find('\n')), std::string(their_signature.substr(their_signature.find('\n'))));
}

TEST_F(Minisign, ReadsTheKeysItMakes) {
    const auto made = make_release_key(folder / "keys");
    const auto secret = read_signing_key(folder / "keys/release.key").value();
    const auto known = read_trusted_key(folder / "keys/release.pub").value();
    EXPECT_EQ(known.key, made.key);
    EXPECT_EQ(verify(folder / "file", sign(folder / "file", secret, "x"), {known}).value(), "x");
    EXPECT_THROW(make_release_key(folder / "keys"), std::runtime_error);
}

TEST_F(Minisign, RefusesWhatWasChanged) {
    const auto key = read_trusted_key(folder / "their.pub").value();
    std::string signature(their_signature);
    const auto comment = signature.find("a comment");
    signature[comment] = 'b';
    EXPECT_NE(refusal(signature, {key}).find("not what was signed"), std::string::npos);
    EXPECT_NE(refusal(their_signature, {}).find("5E3651A84536F25B, which is not trusted"), std::string::npos);
    write("file", "Released!\n");
    EXPECT_NE(refusal(their_signature, {key}).find("not what was signed"), std::string::npos);
    for (const char* none : {"", "a\nb\nc\nd\n", "untrusted comment: x\nAAAA\ntrusted comment: y\nAAAA\n"})
        EXPECT_NE(refusal(none, {key}).find("none as minisign writes it"), std::string::npos);
}

TEST_F(Minisign, RefusesKeysThatAreNone) {
    EXPECT_TRUE(read_signing_key(folder / "their.pub").has_error());
    EXPECT_TRUE(read_trusted_key(folder / "their.key").has_error());
    EXPECT_TRUE(read_trusted_key(folder / "nowhere").has_error());
    std::string damaged(their_secret);
    damaged[damaged.find("UUG+")] = 'V';
    const auto key = read_signing_key(write("damaged", damaged));
    EXPECT_TRUE(key.has_error());
    std::string locked(their_secret);
    locked.replace(locked.find("RWQAAEIy"), 8, "RWRTY0Iy");
    EXPECT_NE(read_signing_key(write("locked", locked)).error().detail.find("password"), std::string::npos);
}

}  // namespace
}  // namespace bb::release
