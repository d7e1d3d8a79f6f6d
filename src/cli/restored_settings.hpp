#pragma once
#include <filesystem>
#include <iosfwd>

#include "app/settings_places.hpp"

namespace bb::cli {

/// Says which settings of a backup were put in place, which lie in the folder `beside` and why, and what to
/// look at before the server starts. `settings` null: none were to be put anywhere.
void tell_settings(std::ostream& out, const std::filesystem::path& beside,
                   const app::SettingsPlaces* settings);

}  // namespace bb::cli
