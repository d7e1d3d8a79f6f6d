#include "app/kept_options.hpp"

#include "base/core/log.hpp"
#include "base/db/run_once.hpp"
#include "features/accounts/server_secret.hpp"
#include "services/secrets/kept.hpp"

namespace bb::app {

bool may_be_kept(std::string_view name) {
    const auto* option = config::find_option(name);
    if (!option || (option->kind != config::Kind::secret && option->kind != config::Kind::mail_server))
        return false;
    // Other names of S3_...: they are looked at before what is kept.
    if (name.starts_with("AWS_")) return false;
    return name != "BRAINBYTES_SECRET" && name != "BRAINBYTES_SECRET_BEFORE" && name != "BETTER_AUTH_SECRET";
}

void take_up_kept_secrets(config::Config& config, db::Session& session, const std::string& conninfo) {
    try {
        if (!secrets::is_anything_kept(session)) return;
        const std::vector<std::string> masters{accounts::server_secret(config),
                                               config.text("BRAINBYTES_SECRET_BEFORE")};
        std::map<std::string, std::string> values;
        db::run_once(conninfo, [&](db::Database& db) -> Task<void> {
            secrets::KeyRing keys(db, masters);
            values = co_await secrets::kept_values(db, keys);
        });
        for (auto& [name, value] : values) {
            if (!may_be_kept(name) || config.is_set(name)) continue;
            log::info("a kept secret is used", {{"name", name}});
            config.set(name, std::move(value), "database");
        }
    } catch (const std::exception& failure) {
        log::error("kept secrets cannot be read", {{"reason", failure.what()}});
    }
}

}  // namespace bb::app
