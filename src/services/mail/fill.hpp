#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace bb::mail {

using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Puts values in place of their {names}; values are not looked through again.
std::string fill(std::string_view page, Values values);

}  // namespace bb::mail
