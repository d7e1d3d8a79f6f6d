#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/file_body.hpp"
#include "services/secrets/sealed.hpp"

struct crypto_secretstream_xchacha20poly1305_state;

namespace bb::blobs {

/// Seals bytes as they come under `key` for `place` (a text that says which file this is) and hands the
/// result to `write` piece by piece. The form: "bbfile1\n", the header of a stream of libsodium's
/// secretstream (XChaCha20-Poly1305), then pieces of 64 KiB of the content, the last of them marked as such;
/// so that nothing can be changed, taken out, put in another order or cut off unseen.
class FileSealer {
public:
    using Write = std::function<void(std::string_view)>;

    FileSealer(const secrets::Key& key, std::string place, Write write);
    ~FileSealer();
    FileSealer(const FileSealer&) = delete;

    void add(std::string_view bytes);
    /// Writes the last piece; what was not finished does not open to its end.
    void finish();

private:
    void seal(bool last);

    std::string place_;
    Write write_;
    std::unique_ptr<crypto_secretstream_xchacha20poly1305_state> stream_;
    std::string piece_;
    std::string sealed_;
};

/// Whether the next bytes are those that a sealed file begins with, of this form or that of numbered pieces.
bool begins_sealed(http::FileSource& file);

/// Seals all that `content` gives, in the form of numbered pieces.
void seal_file(const secrets::Key& key, std::string_view place, http::FileSource& content,
               const std::function<void(std::string_view)>& write);

/// What was sealed in either form, opened while it is read; nullopt unless it was sealed with this key for
/// this place, as far as its first piece tells. Reading throws std::runtime_error at a piece that was
/// changed.
std::optional<http::FileBody> open_sealed(http::FileBody file, const secrets::Key& key,
                                          std::string_view place);
std::optional<http::FileBody> open_sealed_file(http::SharedDescriptor file, const secrets::Key& key,
                                               std::string_view place);

}  // namespace bb::blobs
