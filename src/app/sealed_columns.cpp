#include "app/sealed_columns.hpp"

#include "features/accounts/github/departures.hpp"

namespace bb::app {

std::span<const secrets::SealedColumn> sealed_columns() {
    static const secrets::SealedColumn columns[] = {accounts::verifier_column};
    return columns;
}

}  // namespace bb::app
