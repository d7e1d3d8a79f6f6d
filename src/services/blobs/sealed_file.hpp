#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/file_body.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::blobs {

/// Seals what `content` gives under `key` for `place` (a text that says which file this is) and hands the
/// result to `write` piece by piece. The form: "bbfile1\n", the header of a stream of libsodium's
/// secretstream (XChaCha20-Poly1305), then pieces of 64 KiB of the content, the last of them marked as such;
/// so that nothing can be changed, taken out, put in another order or cut off unseen.
void seal_file(const secrets::Key& key, std::string_view place, http::FileSource& content,
               const std::function<void(std::string_view)>& write);

/// What was sealed, opened while it is read; nullopt unless it was sealed with this key for this place, as
/// far as its first piece tells. Reading throws std::runtime_error at a piece that was changed.
std::optional<http::FileBody> open_sealed_file(http::SharedDescriptor file, const secrets::Key& key,
                                               std::string_view place);

}  // namespace bb::blobs
