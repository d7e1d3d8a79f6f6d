#pragma once
#include <filesystem>
#include <string>

#include "operations/stages/host.hpp"

namespace bb::stages {

/// Writes a file of ours, or a text, to a path of a host: whole, or not at all when the connection breaks.
/// `mode` as chmod takes it. Throws std::runtime_error.
void put_file(const Host& host, const std::filesystem::path& file, const std::string& path, const char* mode);
void put_text(const Host& host, const std::string& text, const std::string& path, const char* mode);

/// Whether a release of this name is kept there; with an archive: that very one, by its hash, and signed with
/// a key that is trusted there.
bool has_release(const Host& host, const std::string& name, const std::filesystem::path& archive);
/// Sends an archive and its signature; the host checks them with the keys that it trusts itself, and keeps
/// the release.
void bring_archive(const Host& host, const std::filesystem::path& archive, bool may_be_older);
/// Lets a host trust the key of a file.
void bring_key(const Stage& stage, const Host& host, const std::filesystem::path& key);

/// What became of the options of a host.
enum class Written { nothing, same, other };

/// Gives a host the options of the stage, as the file .env.STAGE of its data folder; what was there stays
/// beside it. `resumes`: what a deployment of this release has written that was broken off is not what was
/// there. Throws std::runtime_error when the file there is not of a deployment.
Written write_environment(const Stage& stage, const Host& host, const std::string& release, bool resumes);
/// What was there before write_environment(); when a `release` is named, only if it was written for that one.
void restore_environment(const Stage& stage, const Host& host, const std::string& release = {});

/// Gives a host the contacts of the stage, as brainbytes.toml of its data folder; of a stage without any,
/// those that a deployment has brought go.
void write_contacts(const Stage& stage, const Host& host);

}  // namespace bb::stages
