#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/config.hpp"
#include "operations/safety/vacant_places.hpp"

namespace bb::app {

/// Where deploy/systemd has the options of the service from.
inline constexpr const char* unit_environment = "/etc/brainbytes/environment";

/// Puts the settings of a backup where they belong on a machine that has none: those of its data folder, of
/// the folder that the command runs in, and of the service.
class SettingsPlaces {
public:
    /// Before the process gives up root, so that it may put what is root's. `data_alone`: what is brought
    /// back is for another installation than that of this folder and of the service.
    SettingsPlaces(const config::Config& config, bool data_alone);

    /// A file that was put in its place.
    struct Placed {
        std::filesystem::path file;
        std::vector<std::string> of_the_machine;  ///< options in it that name paths and addresses
    };
    /// A setting that was left: something stands there, or it cannot be put.
    struct Left {
        std::string name, why;
    };

    /// Whether the setting `name` of a backup is in its place now; never over what stands there.
    bool put(const std::string& name, std::string_view text);
    const std::vector<Placed>& placed() const { return placed_; }
    const std::vector<Left>& left() const { return left_; }

private:
    std::optional<std::filesystem::path> in_data(const std::string& name) const;
    bool put_in_place(const std::string& name, std::string_view text, std::filesystem::path& place);
    std::string leads_elsewhere(std::string_view options) const;

    const config::Config config_;  // as it was asked for
    const std::filesystem::path data_;
    const bool trusts_nobody_;        // until now
    std::vector<std::string> names_;  // of elsewhere_
    safety::VacantPlaces elsewhere_;
    std::vector<Placed> placed_;
    std::vector<Left> left_;
};

}  // namespace bb::app
