#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"

namespace bb::config {

enum class Kind { text, secret, url, address, folder, file, number, choice, list };

/// One row of the option table: the only place where an option is named.
struct Option {
    std::string_view name;      // environment variable, e.g. "BRAINBYTES_LISTEN"
    Kind kind;
    std::string_view standard;  // default value; empty: unset
    std::string_view help;      // one sentence
    std::string_view example;
    std::string_view choices;   // for Kind::choice, separated by '|'
};

/// Every option, in the order of .env.example.
std::span<const Option> options();

/// Effective values: environment, then .env.<stage>, .env.local, .env, then defaults; NAME_FILE reads a file.
class Config {
  public:
    struct Value {
        std::string text;
        std::string origin;  // "environment", ".env", "file <path>", "default", "generated"
    };

    /// Reads and checks everything. Errors: invalid_input with one FieldError per wrong option (its name as pointer,
    /// the fault and an example as detail).
    static Result<Config> load(const std::map<std::string, std::string>& environment, const std::string& folder);

    /// The value of an option, empty when unset. Throws std::logic_error for a name not in the table.
    const std::string& text(std::string_view name) const;
    bool is_set(std::string_view name) const { return !text(name).empty(); }
    std::int64_t number(std::string_view name) const;
    const Value& value(std::string_view name) const;
    void set(std::string_view name, std::string text, std::string origin);

  private:
    std::map<std::string, Value, std::less<>> values_;
};

}  // namespace bb::config
