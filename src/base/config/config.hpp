#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"

namespace bb::config {

/// What a value must look like. `number` takes its bounds from Option::choices ("1..64"),
/// `quotas` and `rates` their names ("a|b"). `places` are those of parse_places(), `bucket` of
/// parse_bucket().
enum class Kind {
    text,
    secret,
    url,
    database,
    mail_server,
    mailbox,
    origin,
    address,
    folder,
    places,
    bucket,
    number,
    choice,
    networks,
    quotas,
    rates
};

/// One row of the option table: the only place where an option is named.
struct Option {
    std::string_view name;  ///< environment variable, e.g. "BRAINBYTES_LISTEN"
    Kind kind;
    std::string_view standard;  ///< default value; empty: unset
    std::string_view help;      ///< one sentence
    std::string_view example;
    std::string_view
        choices;  ///< Kind::choice, Kind::rates: separated by '|'; Kind::number: "least..greatest"
};

/// Every option, in the order of .env.example.
std::span<const Option> options();
/// The option of that name, or a null pointer.
const Option* find_option(std::string_view name);
/// Why `text` does not fit `option` ("must be ..."), or nullopt when it does.
std::optional<std::string> fault_of(const Option& option, std::string_view text);
/// The value as it may be shown: secrets and the passwords inside URLs are replaced by dots.
std::string masked(const Option& option, std::string_view text);

using Environment = std::map<std::string, std::string>;

/// The environment of this process.
Environment process_environment();

/// Effective values: environment, then .env.<stage>, .env.local, .env, then defaults. NAME_FILE, in any of
/// them, names a file that holds the value.
class Config {
public:
    struct Value {
        std::string text;
        std::string origin;  ///< "environment", "file <path>", ".env", "default", or what set() was told
    };

    /// Reads and checks everything; `folder` holds the .env files. Errors: invalid_input with one FieldError
    /// per wrong option (its name as pointer; the fault and an example as detail).
    static Result<Config> load(const Environment& environment, const std::string& folder);

    /// The value of an option, empty when unset. Throws std::logic_error for a name not in the table.
    const std::string& text(std::string_view name) const { return value(name).text; }
    bool is_set(std::string_view name) const { return !text(name).empty(); }
    /// The value of a Kind::number option.
    std::int64_t number(std::string_view name) const;
    const Value& value(std::string_view name) const;
    void set(std::string_view name, std::string text, std::string origin);
    /// Sentences about names that look like ours and are not, e.g. a misspelt option.
    const std::vector<std::string>& warnings() const { return warnings_; }

private:
    void take_aws_names();

    std::map<std::string, Value, std::less<>> values_;
    std::vector<std::string> warnings_;
};

}  // namespace bb::config
