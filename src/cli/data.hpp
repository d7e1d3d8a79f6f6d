#pragma once
#include <functional>

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
        : blobs_(config.text("BRAINBYTES_DATA") + "/files"),
          keys_(db, server_secrets(config)),
          files_(db, keys_, blobs_, pool_),
          materials_(files_),
          chats_(pool_),
          keeping{db, pool_, config.text("BRAINBYTES_DATA"), {&materials_, &chats_}, files_} {}

private:
    net::BlockingPool pool_{1};
    blobs::DiskStore blobs_;
    secrets::KeyRing keys_;
    blobs::FileStore files_;
    materials::PersonalMaterials materials_;
    tutor::PersonalChats chats_;

public:
    accounts::Keeping keeping;
};

}  // namespace bb::cli
