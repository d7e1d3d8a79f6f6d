#include "cli/person.hpp"

#include "base/core/address.hpp"
#include "features/accounts/people.hpp"

namespace bb::cli {

Task<Result<accounts::User>> find_person(db::Database& db, std::string address) {
    accounts::People people(db);
    const auto email = parse_address(address);
    auto person = co_await people.find_by_email(email.value_or(""));
    if (!person)
        co_return Error(ErrorCode::invalid_input,
                        "There is no account with the address \"" + address + "\".");
    co_return std::move(*person);
}

}  // namespace bb::cli
