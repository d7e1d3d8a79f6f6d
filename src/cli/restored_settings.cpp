#include "cli/restored_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>

namespace bb::cli {

void tell_settings(std::ostream& out, const std::filesystem::path& beside,
                   const app::SettingsPlaces* settings) {
    if (settings && !settings->placed().empty()) {
        out << "Nothing stood in the place of these settings of the backup: they were put there.\n";
        bool trust = false;
        for (const auto& [file, options] : settings->placed()) {
            out << fmt::format("  {}\n", file.string());
            if (!options.empty())
                out << fmt::format("    names paths and addresses of the former machine: {}\n",
                                   fmt::join(options, ", "));
            trust = trust || file.parent_path().filename() == "trust";
        }
        if (trust) out << "Releases that these keys have signed are trusted here.\n";
        out << "Look at them before you start the server; \"brainbytes config show\" prints the options as "
               "it "
               "sees them, \"brainbytes config check\" what is wrong with them.\n";
    }
    if (beside.empty()) return;
    out << fmt::format("The {}settings of the backup are in {}.\n",
                       settings && !settings->placed().empty() ? "other " : "", beside.string());
    if (!settings) return;
    for (const auto& [name, why] : settings->left()) out << fmt::format("  {}: {}\n", name, why);
}

}  // namespace bb::cli
