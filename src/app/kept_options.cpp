#include "app/kept_options.hpp"

#include <boost/asio/co_spawn.hpp>
#include <chrono>

#include "base/core/log.hpp"
#include "base/db/database.hpp"
#include "base/db/session.hpp"
#include "features/accounts/server_secret.hpp"
#include "services/secrets/kept.hpp"

namespace bb::app {
namespace {

using Values = std::map<std::string, std::string>;

constexpr std::chrono::seconds connect_limit{10};

Task<Values> read_values(db::Database& db, const config::Config& config) {
    if (!co_await db.wait_ready(connect_limit)) throw db::Unavailable("the database does not answer");
    secrets::KeyRing keys(db, {accounts::server_secret(config), config.text("BRAINBYTES_SECRET_BEFORE")});
    co_return co_await secrets::kept_values(db, keys);
}

/// On a loop of its own: the server's loops begin with what is read here.
Values read_on_loop(const config::Config& config, const std::string& conninfo) {
    boost::asio::io_context loop(1);
    db::Options options;
    options.conninfo = conninfo;
    db::Database database(loop.get_executor(), options);
    database.start();
    Values values;
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop, read_values(database, config), [&](std::exception_ptr failure, Values read) {
        thrown = failure;
        values = std::move(read);
        loop.stop();
    });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return values;
}

}  // namespace

bool may_be_kept(std::string_view name) {
    const auto* option = config::find_option(name);
    if (!option || (option->kind != config::Kind::secret && option->kind != config::Kind::mail_server))
        return false;
    return name != "BRAINBYTES_SECRET" && name != "BRAINBYTES_SECRET_BEFORE" && name != "BETTER_AUTH_SECRET";
}

void take_up_kept_secrets(config::Config& config, const std::string& conninfo) {
    try {
        if (db::Session(conninfo).query("SELECT FROM kept_secrets LIMIT 1").empty()) return;
        for (auto& [name, value] : read_on_loop(config, conninfo)) {
            if (!may_be_kept(name) || config.is_set(name)) continue;
            log::info("a kept secret is used", {{"name", name}});
            config.set(name, std::move(value), "database");
        }
    } catch (const std::exception& failure) {
        log::error("kept secrets cannot be read", {{"reason", failure.what()}});
    }
}

}  // namespace bb::app
