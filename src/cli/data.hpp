#pragma once
#include <memory>

#include "app/file_places.hpp"
#include "base/net/pool.hpp"
#include "cli/cli.hpp"
#include "features/accounts/privacy/keeping.hpp"
#include "features/materials/personal/personal.hpp"
#include "features/tutor/personal/personal.hpp"
#include "services/blobs/file_store.hpp"

namespace bb::cli {

/// What data protection works with, beside a running server or without one.
class KeptData {
public:
    KeptData(const config::Config& config, db::Database& db)
        : KeptData(config, db, app::stores_of(config, config.text("BRAINBYTES_DATA")),
                   server_secrets(config)) {}
    /// With files elsewhere, whose keys `secrets` open.
    KeptData(const config::Config& config, db::Database& db, std::shared_ptr<const blobs::Stores> stores,
             std::vector<std::string> secrets)
        : stores_(std::move(stores)),
          keys_(db, std::move(secrets)),
          files_(db, keys_, *stores_, pool_),
          materials_(files_),
          chats_(pool_),
          keeping{db, pool_, config.text("BRAINBYTES_DATA"), {&materials_, &chats_}, files_} {}

private:
    net::BlockingPool pool_{1};
    std::shared_ptr<const blobs::Stores> stores_;
    secrets::KeyRing keys_;
    blobs::FileStore files_;
    materials::PersonalMaterials materials_;
    tutor::PersonalChats chats_;

public:
    accounts::Keeping keeping;
};

}  // namespace bb::cli
