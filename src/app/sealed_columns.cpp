#include "app/sealed_columns.hpp"

#include "features/accounts/github/departures.hpp"
#include "features/materials/resumable/uploads.hpp"
#include "services/blobs/file_store.hpp"
#include "services/secrets/kept.hpp"

namespace bb::app {

std::span<const secrets::SealedColumn> sealed_columns() {
    static const secrets::SealedColumn columns[] = {accounts::verifier_column, blobs::file_key_column,
                                                    secrets::kept_secret_column,
                                                    materials::upload_key_column};
    return columns;
}

}  // namespace bb::app
