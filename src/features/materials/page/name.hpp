#pragma once
#include <string>
#include <string_view>

#include "base/client/web_address.hpp"
#include "services/fetch/fetcher.hpp"

namespace bb::materials::page {

/// What a file of this address is called until its page is there: by the end of its path, or by its host.
std::string name_of_address(const client::WebAddress& address);

/// The ending that says how a page is read: by its type, or else by its address. Empty for what cannot be
/// read.
std::string ending_of(std::string_view type, std::string_view path);

/// The title of an HTML page as one line, without what has no place in a name; empty when it has none, or one
/// whose letters are unknown.
std::string title_of(const fetch::Page& page);

/// `stem` as the name of a file with this ending: no slashes, no control or direction characters, short
/// enough. Empty when nothing is left of the stem.
std::string safe_name(std::string_view stem, std::string_view ending);

/// A name without its ending, if that says how a file is read.
std::string_view stem_of(std::string_view name);

}  // namespace bb::materials::page
