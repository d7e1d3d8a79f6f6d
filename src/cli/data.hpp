#pragma once
#include <filesystem>
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
        : KeptData(config, db, config.text("BRAINBYTES_DATA") + "/files", server_secrets(config)) {}
    /// With files in another folder, whose keys `secrets` open.
    KeptData(const config::Config& config, db::Database& db, const std::filesystem::path& files,
             std::vector<std::string> secrets)
        : blobs_(files),
          keys_(db, std::move(secrets)),
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
