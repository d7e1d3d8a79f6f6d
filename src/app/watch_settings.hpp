#pragma once
#include <filesystem>

#include "app/node.hpp"
#include "base/config/config.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "operations/watch/messages.hpp"

namespace bb::app {

/// The file with the contacts; it need not be there.
std::filesystem::path contacts_file(const config::Config& config);

watch::Channels channels_of(const config::Config& config);

/// What is known of them without the database.
void refresh_settings(watch::Surroundings& around, const Node& node);

/// Who is told and how, as it is now. A file that cannot be read leaves those that were known before.
Task<void> refresh(watch::Surroundings& around, const Node& node, db::Database& db);
/// The same for a command.
Task<void> refresh(watch::Surroundings& around, const config::Config& config, db::Database& db);

}  // namespace bb::app
