#include "app/watch_settings.hpp"

#include <fmt/format.h>

#include "base/config/public_url.hpp"
#include "base/core/log.hpp"
#include "embedded/version.hpp"
#include "features/accounts/people.hpp"
#include "features/accounts/server_secret.hpp"

namespace bb::app {
namespace {

void read_contacts(watch::Surroundings& around, const config::Config& config) {
    auto contacts = watch::read_contacts(contacts_file(config));
    if (contacts) {
        around.contacts = std::move(*contacts);
    } else {
        const auto& error = contacts.error();
        log::error("contacts cannot be read",
                   {{"reason", error.fields.empty()
                                   ? error.detail
                                   : error.fields.front().pointer + " " + error.fields.front().detail}});
    }
}

Task<void> read_administrators(watch::Surroundings& around, db::Database& db) {
    accounts::People people(db);
    around.administrators = co_await people.administrator_addresses();
}

}  // namespace

std::filesystem::path contacts_file(const config::Config& config) {
    if (config.is_set("BRAINBYTES_CONFIG")) return config.text("BRAINBYTES_CONFIG");
    return std::filesystem::path(config.text("BRAINBYTES_DATA")) / "brainbytes.toml";
}

watch::Channels channels_of(const config::Config& config) {
    return {config.text("ALARM_WEBHOOK_URL"),      config.text("ALARM_WEBHOOK_SECRET"),
            config.text("ALARM_NTFY_URL"),         config.text("ALARM_SLACK_URL"),
            config.text("ALARM_ALERTMANAGER_URL"), config.text("ALARM_DEADMAN_URL")};
}

void refresh_settings(watch::Surroundings& around, const Node& node) {
    around.channels = channels_of(node.config);
    around.url = node.url;
    around.secret = node.secret;
    around.release = fmt::format("{}-{}", embedded::version, embedded::commit);
    read_contacts(around, node.config);
}

Task<void> refresh(watch::Surroundings& around, const Node& node, db::Database& db) {
    refresh_settings(around, node);
    co_await read_administrators(around, db);
}

Task<void> refresh(watch::Surroundings& around, const config::Config& config, db::Database& db) {
    around.channels = channels_of(config);
    around.url = config::public_url(config);
    around.secret = accounts::server_secret(config);
    around.release = fmt::format("{}-{}", embedded::version, embedded::commit);
    read_contacts(around, config);
    co_await read_administrators(around, db);
}

}  // namespace bb::app
