#include "features/materials/sharing/copying.hpp"

#include <exception>

#include "features/materials/entries.hpp"
#include "features/materials/files.hpp"
#include "features/materials/materials.hpp"

namespace bb::materials {
namespace {

constexpr std::size_t most_copied = 1'000;
constexpr int copied_page = 200;

constexpr const char* remember_origin_sql =
    "INSERT INTO material_origins (material_id, owner_id, origin_material, origin_owner) VALUES ($2, $1, $3, "
    "$4)";

/// What has to be copied, without the texts.
struct Load {
    std::vector<Entry> entries;
    std::vector<File> files;

    std::size_t size() const { return entries.size() + files.size(); }
};

/// All pages of a list, while there are at most `most_copied` rows.
template <class Part, class Row>
Task<Result<void>> gather(Part& part, const SharedMaterial& from, std::vector<Row>& rows) {
    http::PageQuery query;
    query.limit = copied_page;
    do {
        auto page = co_await part.list(from.owner, from.id, query);
        if (!page) co_return page.error();
        for (auto& row : page->items) rows.push_back(std::move(row));
        query.after = page->next;
    } while (query.after && rows.size() <= most_copied);
    co_return Result<void>();
}

std::string all_bytes(const http::FileBody& body) {
    std::string bytes(body.size, '\0');
    bytes.resize(http::read_full(*body.source, bytes.data(), bytes.size()));
    return bytes;
}

/// One copy on its way.
class Copying {
public:
    Copying(Services& services, UserId reader, const SharedMaterial& from, std::string request)
        : services_(services),
          reader_(reader),
          from_(from),
          request_(std::move(request)),
          entries_(services.db, services.pool),
          files_(services.db, services.pool) {}

    Task<Result<void>> look();
    Task<Result<void>> fill(MaterialId made);

private:
    Task<Result<void>> entry(MaterialId made, EntryId id);
    Task<Result<void>> file(MaterialId made, FileId id);

    Services& services_;
    UserId reader_;
    const SharedMaterial& from_;
    std::string request_;
    Entries entries_;
    Files files_;
    Load load_;
};

Task<Result<void>> Copying::look() {
    auto entries = co_await gather(entries_, from_, load_.entries);
    if (!entries) co_return entries;
    auto files = co_await gather(files_, from_, load_.files);
    if (!files) co_return files;
    if (load_.size() > most_copied)
        co_return Error(ErrorCode::too_large,
                        "This material holds too many texts and files to be copied at once.");
    std::int64_t bytes = 0;
    for (const File& file : load_.files) bytes += file.bytes;
    co_return co_await files_.check_room(reader_, bytes, services_.storage);
}

Task<Result<void>> Copying::entry(MaterialId made, EntryId id) {
    auto text = co_await entries_.find(from_.owner, from_.id, id);
    if (!text) co_return Result<void>();  // deleted meanwhile
    NewEntry copy;
    copy.title = std::move(text->title);
    copy.content = std::move(text->content);
    auto done = co_await entries_.create(reader_, made, EntryId::make(), std::move(copy));
    if (!done) co_return done.error();
    co_return Result<void>();
}

Task<Result<void>> Copying::file(MaterialId made, FileId id) {
    auto original = co_await files_.find(from_.owner, from_.id, id);
    if (!original) co_return Result<void>();                 // deleted meanwhile
    if (original->is_unfetched()) co_return Result<void>();  // a web page of which there is nothing yet
    auto body = co_await services_.files.open(from_.owner.value, original->digest, request_);
    if (!body) throw std::runtime_error("the original of a shared file is missing in the file store");
    auto read = [&body] {
        return all_bytes(*body);
    };
    const auto bytes = co_await services_.pool.run(std::move(read));
    NewFile copy;
    copy.digest = co_await services_.files.put(reader_.value, bytes);
    copy.name = std::move(original->name);
    copy.media_type = std::move(original->media_type);
    copy.bytes = original->bytes;
    if (original->state == "ready") copy.text = std::move(original->text);
    std::vector<NewFile> one;
    one.push_back(std::move(copy));
    auto done = co_await files_.create(reader_, made, FileId::make(), std::move(one));
    if (!done) co_return done.error();
    co_return Result<void>();
}

Task<Result<void>> Copying::fill(MaterialId made) {
    for (const Entry& one : load_.entries) {
        auto done = co_await entry(made, one.id);
        if (!done) co_return done;
    }
    for (const File& one : load_.files) {
        auto done = co_await file(made, one.id);
        if (!done) co_return done;
    }
    co_return Result<void>();
}

}  // namespace

Task<Result<Material>> copy_material(Services& services, UserId reader, SharedMaterial from,
                                     std::string request) {
    Copying copying(services, reader, from, std::move(request));
    auto fits = co_await copying.look();
    if (!fits) co_return fits.error();
    Materials materials(services.db);
    const auto made = MaterialId::make();
    NewMaterial copy;
    copy.title = from.title;
    copy.description = from.description;
    auto done = co_await materials.create(reader, made, std::move(copy));
    if (!done) co_return done.error();
    std::exception_ptr failure;
    auto filled = Result<void>();
    try {
        co_await services.db.query(remember_origin_sql, reader, made, from.id, from.owner);
        filled = co_await copying.fill(made);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure || !filled) {
        const http::IfMatch always;
        co_await materials.remove(reader, made, always);
    }
    if (failure) std::rethrow_exception(failure);
    if (!filled) co_return filled.error();
    co_return co_await materials.find(reader, made);
}

}  // namespace bb::materials
