#include <unordered_map>

#include "base/client/web_address.hpp"
#include "base/core/utf8.hpp"
#include "features/materials/files.hpp"
#include "features/materials/index/indexer.hpp"
#include "features/materials/index/prepared.hpp"
#include "features/materials/personal/personal.hpp"
#include "features/materials/subjects.hpp"
#include "features/materials/upload.hpp"
#include "services/fetch/guard.hpp"
#include "services/jobs/queue.hpp"
#include "services/personal/fields.hpp"

namespace bb::materials {
namespace {

using personal::ArchivedId;

// Found by the id it had first, or by what was made of that here. What has been deleted since is made again.
constexpr const char* material_here_sql =
    "SELECT id FROM materials WHERE owner_id = $1 AND deleted_at IS NULL AND (id = $2 OR id = "
    "(SELECT made_id FROM imported WHERE owner_id = $1 AND kind = 'material' AND original_id = $2)) LIMIT 1";
// What a deleted material holds is not marked itself, and is not here any more.
constexpr const char* entry_here_sql =
    "SELECT e.id FROM entries e "
    "JOIN materials m ON m.owner_id = e.owner_id AND m.id = e.material_id AND m.deleted_at IS NULL "
    "WHERE e.owner_id = $1 AND e.deleted_at IS NULL AND (e.id = $2 OR e.id = "
    "(SELECT made_id FROM imported WHERE owner_id = $1 AND kind = 'entry' AND original_id = $2)) LIMIT 1";
constexpr const char* file_here_sql =
    "SELECT f.id FROM files f "
    "JOIN materials m ON m.owner_id = f.owner_id AND m.id = f.material_id AND m.deleted_at IS NULL "
    "WHERE f.owner_id = $1 AND f.deleted_at IS NULL AND (f.id = $2 OR f.id = "
    "(SELECT made_id FROM imported WHERE owner_id = $1 AND kind = 'file' AND original_id = $2)) LIMIT 1";
constexpr const char* count_subjects_sql = "SELECT count(*) FROM subjects WHERE owner_id = $1";
constexpr const char* material_sql =
    "INSERT INTO materials (id, owner_id, subject_id, title, description, active, created_at, updated_at) "
    "VALUES ($2, $1, $3, $4, $5, $6, $7, $8)";
constexpr const char* entry_sql =
    "INSERT INTO entries (id, owner_id, material_id, title, content, characters, position, created_at, "
    "updated_at) VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9)";
constexpr const char* file_sql =
    "INSERT INTO files (id, owner_id, material_id, name, media_type, bytes, digest, text, characters, "
    "created_at, updated_at, source_url, fetched_at, state) VALUES ($2, $1, $3, $4, $5, $6, $7, "
    "coalesce($8, ''), $9, $10, $11, $12, $13, CASE WHEN $8 IS NULL THEN 'reading' ELSE 'ready' END)";

/// What an archive says of a file.
struct ArchivedFile {
    std::string name;
    std::string sha256;
    Time created, updated;
    std::optional<std::string> source_url;
    std::optional<Time> fetched_at;
};

/// Of a web page: its address, and when it was fetched.
void read_source(FieldReader& in, ArchivedFile& file) {
    if (const auto url = in.optional_text("sourceUrl", {1, fetch::longest_address})) {
        const auto address = client::parse_web_address(*url);
        const bool is_page = address && (address->scheme == "http" || address->scheme == "https") &&
                             address->url.size() <= fetch::longest_address;
        if (!is_page) in.complain("sourceUrl", "must be the address of a web page");
        if (is_page) file.source_url = address->url;
        file.fetched_at = file.created;
    }
    if (in.raw("fetchedAt") != nullptr) file.fetched_at = personal::read_time(in, "fetchedAt");
}

/// One import of one person.
class Arrival {
public:
    Arrival(db::Transaction& tx, UserId owner, blobs::FileStore& files, std::int64_t storage,
            personal::Import& import)
        : tx_(tx),
          storage_(storage),
          owner_(owner),
          files_(files),
          pool_(files.pool()),
          archive_(import.archive),
          tallies_(import.tallies),
          here_(import.here) {}

    Task<Result<void>> run();

private:
    Task<Result<boost::json::value>> json(std::string name);
    Task<SubjectId> subject(std::string name);
    Task<Result<void>> subjects();
    Task<Result<void>> material(std::string folder);
    Task<Result<void>> below(std::string name);
    Task<Result<void>> entry(MaterialId material, std::string stem);
    Task<Result<void>> file(MaterialId material, std::string stem);
    Task<Result<void>> put_file(MaterialId material, const ArchivedId& ids, std::string stem,
                                const ArchivedFile& file);
    Task<void> index_text(MaterialId material, index::Source source, std::string title, std::string text,
                          text::Format format);

    db::Transaction& tx_;
    std::int64_t storage_;
    UserId owner_;
    blobs::FileStore& files_;
    net::BlockingPool& pool_;
    const personal::Unpacked& archive_;
    std::map<std::string, personal::Tally>& tallies_;
    std::unordered_map<Uuid, Uuid>& here_;
    std::unordered_map<std::string, MaterialId> materials_;  // by the folder's name
};

Error wrong_place(const std::string& name) {
    return Error(ErrorCode::malformed, name + ": does not stand where its id says.");
}

Task<Result<boost::json::value>> Arrival::json(std::string name) {
    auto work = [this, &name] {
        return archive_.json(name);
    };
    co_return co_await pool_.run(std::move(work));
}

Task<SubjectId> Arrival::subject(std::string name) {
    const auto before = co_await tx_.query(count_subjects_sql, owner_);
    const auto id = co_await subject_named(tx_, owner_, name);
    const auto after = co_await tx_.query(count_subjects_sql, owner_);
    const bool made = before[0].get<std::int64_t>(0) != after[0].get<std::int64_t>(0);
    if (made) ++tallies_["subjects"].made;
    co_return id;
}

Task<Result<void>> Arrival::subjects() {
    const std::string name = "subjects.json";
    if (!archive_.has(name)) co_return Result<void>();
    const auto body = co_await json(name);
    if (!body) co_return body.error();
    FieldReader in(*body);
    const auto* list = in.raw("subjects");
    if (!list || !list->is_array()) in.complain("subjects", "must be a list");
    if (auto bad = in.error()) co_return personal::in_file(name, std::move(*bad));
    for (const auto& one : list->get_array()) {
        FieldReader item(one);
        auto subject_name = item.text("name", {1, 80});
        personal::read_time(item, "createdAt");
        if (auto bad = item.error()) co_return personal::in_file(name, std::move(*bad));
        const int made = tallies_["subjects"].made;
        co_await subject(std::move(subject_name));
        if (tallies_["subjects"].made == made) ++tallies_["subjects"].present;
    }
    co_return Result<void>();
}

Task<Result<void>> Arrival::material(std::string folder) {
    const std::string name = "materials/" + folder + "/material.json";
    const auto body = co_await json(name);
    if (!body) co_return body.error();
    FieldReader in(*body);
    const auto ids = personal::read_ids(in);
    const auto title = in.text("title", {1, 200});
    const auto subject_name = in.nullable_text("subject", {1, 80});
    const auto description = in.text("description", {0, 2000, true});
    const auto active = in.optional_bool("active").value_or(true);
    const auto created = personal::read_time(in, "createdAt");
    const auto updated = personal::read_time(in, "updatedAt");
    if (auto bad = in.error()) co_return personal::in_file(name, std::move(*bad));
    if (ids.id.text() != folder) co_return wrong_place(name);
    const auto here = co_await tx_.query(material_here_sql, owner_, ids.original);
    if (!here.empty()) {
        materials_[folder] = here[0].get<MaterialId>(0);
        here_[ids.id] = here[0].get<Uuid>(0);
        ++tallies_["materials"].present;
        co_return Result<void>();
    }
    std::optional<SubjectId> subject_id;
    if (subject_name && *subject_name) subject_id = co_await subject(**subject_name);
    const auto made = MaterialId::make();
    co_await tx_.query(material_sql, owner_, made, subject_id, title, description, active, created, updated);
    co_await personal::remember(tx_, owner_.value, "material", ids.original, made.value);
    materials_[folder] = made;
    here_[ids.id] = made.value;
    ++tallies_["materials"].made;
    co_return Result<void>();
}

Task<void> Arrival::index_text(MaterialId material, index::Source source, std::string title, std::string text,
                               text::Format format) {
    const auto document = co_await index::prepared(pool_, std::move(title), std::move(text), format);
    co_await index::put(tx_, owner_, material, source, document);
}

Task<Result<void>> Arrival::entry(MaterialId material, std::string stem) {
    const auto body = co_await json(stem + ".json");
    if (!body) co_return body.error();
    FieldReader in(*body);
    const auto ids = personal::read_ids(in);
    const auto title = in.text("title", {1, 200});
    const auto position = in.optional_integer("position", 1, 1'000'000).value_or(1);
    const auto created = personal::read_time(in, "createdAt");
    const auto updated = personal::read_time(in, "updatedAt");
    if (auto bad = in.error()) co_return personal::in_file(stem + ".json", std::move(*bad));
    if (!stem.ends_with(ids.id.text())) co_return wrong_place(stem + ".json");
    const auto here = co_await tx_.query(entry_here_sql, owner_, ids.original);
    if (!here.empty()) {
        here_[ids.id] = here[0].get<Uuid>(0);
        ++tallies_["entries"].present;
        co_return Result<void>();
    }
    const std::string name = stem + ".md";
    if (!archive_.has(name)) co_return Error(ErrorCode::malformed, "The archive holds no \"" + name + "\".");
    const auto content = archive_.read(name);
    if (!utf8::valid(content) || utf8::has_controls(content) || utf8::length(content) > 1'000'000)
        co_return Error(ErrorCode::malformed, name + ": is no text of at most 1000000 characters.");
    const auto made = EntryId::make();
    co_await tx_.query(entry_sql, owner_, made, material, title, content,
                       static_cast<std::int32_t>(utf8::length(content)), static_cast<std::int32_t>(position),
                       created, updated);
    index::Source source;
    source.entry = made;
    co_await index_text(material, source, title, content, text::Format::markdown);
    co_await personal::remember(tx_, owner_.value, "entry", ids.original, made.value);
    here_[ids.id] = made.value;
    ++tallies_["entries"].made;
    co_return Result<void>();
}

Task<Result<void>> Arrival::file(MaterialId material, std::string stem) {
    const auto body = co_await json(stem + ".json");
    if (!body) co_return body.error();
    FieldReader in(*body);
    const auto ids = personal::read_ids(in);
    ArchivedFile file;
    file.name = in.text("name", {1, 255});
    file.sha256 = in.text("sha256", {64, 64});
    in.ignore("mediaType");
    in.ignore("bytes");
    const bool missing = in.optional_bool("missing").value_or(false);
    file.created = personal::read_time(in, "createdAt");
    file.updated = personal::read_time(in, "updatedAt");
    read_source(in, file);
    if (auto bad = in.error()) co_return personal::in_file(stem + ".json", std::move(*bad));
    if (!stem.ends_with(ids.id.text())) co_return wrong_place(stem + ".json");
    if (missing) co_return Result<void>();
    const auto here = co_await tx_.query(file_here_sql, owner_, ids.original);
    if (!here.empty()) {
        here_[ids.id] = here[0].get<Uuid>(0);
        ++tallies_["files"].present;
        co_return Result<void>();
    }
    co_return co_await put_file(material, ids, std::move(stem), file);
}

Task<Result<void>> Arrival::put_file(MaterialId material, const ArchivedId& ids, std::string stem,
                                     const ArchivedFile& file) {
    const auto place = archived_original(stem, file.name);
    if (!archive_.has(place))
        co_return Error(ErrorCode::malformed, "The archive holds no \"" + place + "\".");
    const auto bytes = archive_.read(place);
    http::Part part;
    part.file_name = file.name;
    part.content = bytes;
    auto checked = check_upload(part);
    if (!checked) co_return personal::in_file(place, checked.error());
    if (crypto::hex(crypto::sha256(bytes)) != file.sha256)
        co_return Error(ErrorCode::malformed, place + ": is not the file that was packed.");
    std::vector<Content> content(1, Content{crypto::sha256(bytes), static_cast<std::int64_t>(bytes.size())});
    const auto room = co_await check_room(tx_, owner_, std::move(content), storage_);
    if (!room) co_return personal::in_file(place, room.error());
    const auto digest = co_await files_.put(owner_.value, bytes);
    const auto made = FileId::make();
    co_await tx_.query(file_sql, owner_, made, material, checked->name, checked->media_type,
                       static_cast<std::int64_t>(bytes.size()), digest, checked->text,
                       static_cast<std::int32_t>(utf8::length(checked->text.value_or(""))), file.created,
                       file.updated, file.source_url, file.fetched_at);
    index::Source source;
    source.file = made;
    if (checked->text)
        co_await index_text(material, source, checked->name, std::string(*checked->text),
                            format_of_name(checked->name));
    else
        co_await jobs::add(tx_, reading_job, owner_.value, made.value);
    co_await personal::remember(tx_, owner_.value, "file", ids.original, made.value);
    here_[ids.id] = made.value;
    ++tallies_["files"].made;
    co_return Result<void>();
}

/// materials/<material>/entries/<id>.json or .../files/<id>.json; anything else is of no interest here.
Task<Result<void>> Arrival::below(std::string name) {
    constexpr std::size_t folder_at = 10;  // behind "materials/"
    constexpr std::size_t id_length = 36;
    const auto rest = std::string_view(name).substr(std::min(name.size(), folder_at + id_length));
    const bool is_entry = rest.starts_with("/entries/");
    const bool is_file = rest.starts_with("/files/");
    const auto prefix = is_entry ? 9 : 7;
    if ((!is_entry && !is_file) || !name.ends_with(".json") || rest.size() != prefix + id_length + 5)
        co_return Result<void>();
    const auto material = materials_.find(name.substr(folder_at, id_length));
    if (material == materials_.end()) co_return wrong_place(name);
    auto stem = name.substr(0, name.size() - 5);
    if (is_entry) co_return co_await entry(material->second, std::move(stem));
    co_return co_await file(material->second, std::move(stem));
}

Task<Result<void>> Arrival::run() {
    if (auto done = co_await subjects(); !done) co_return done;
    const auto names = archive_.names_below("materials/");
    constexpr std::string_view last = "/material.json";
    for (const auto& name : names) {
        if (name.size() != 10 + 36 + last.size() || !name.ends_with(last)) continue;
        if (auto done = co_await material(name.substr(10, 36)); !done) co_return done;
    }
    for (const auto& name : names)
        if (auto done = co_await below(name); !done) co_return done;
    co_return Result<void>();
}

}  // namespace

Task<Result<void>> PersonalMaterials::read(db::Transaction& tx, Uuid owner, personal::Import& import) {
    for (const char* kind : {"subjects", "materials", "entries", "files"}) import.tallies[kind];
    const UserId person{owner};
    co_await lock_storage(tx, person);
    Arrival arrival(tx, person, files_, storage_, import);
    co_return co_await arrival.run();
}

}  // namespace bb::materials
