#pragma once
#include <string>
#include <string_view>

#include "features/accounts/privacy/keeping.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

/// How large a brought archive may be, packed.
inline constexpr std::size_t max_archive_bytes = 64 * 1024 * 1024;

/// Writes everything that is kept of `owner` into the open file `descriptor`, as a ZIP file (docs/privacy.md)
/// of one moment, in pieces. Errors: not_found, conflict while another archive of the person is made,
/// unavailable while this loop makes somebody else's.
Task<Result<void>> export_person(Keeping& keeping, UserId owner, int descriptor, audit::Origin origin);

/// Makes for `owner` what the ZIP file `zip` holds and is not here already; all of it or nothing. `zip` must
/// outlive the call. Errors: malformed, invalid_input, too_large, conflict, unavailable.
Task<Result<std::map<std::string, personal::Tally>>> import_archive(Keeping& keeping, UserId owner,
                                                                    std::string_view zip,
                                                                    audit::Origin origin);

}  // namespace bb::accounts
