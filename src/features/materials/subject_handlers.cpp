#include "base/core/json_reader.hpp"
#include "features/materials/handlers.hpp"
#include "features/materials/render.hpp"
#include "features/materials/subjects.hpp"

namespace bb::materials {
namespace {

using accounts::owner_of;

Result<SubjectId> subject_in_path(const http::Request& request) {
    return request.path_id<SubjectId>("id", "subject");
}

Result<std::string> read_name(const http::Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    std::string name = in.text("name", TextLimits{1, 80});
    if (auto bad = in.error()) return *bad;
    return name;
}

http::Response one(const http::Request& request, const Subject& subject, int status = 200) {
    return tagged(request, http::json_response(to_json(subject), status), subject.version, tag_of(subject));
}

}  // namespace

Answer list_subjects(http::Request& request, Services& services) {
    auto page = http::page_query(request);
    if (!page) co_return page.error();
    Subjects subjects(services.db);
    auto found = co_await subjects.list(owner_of(request), *page);
    if (!found) co_return found.error();
    co_return http::with_etag(request, http::json_response(list_to_json("subjects", *found)));
}

Answer create_subject(http::Request& request, Services& services) {
    auto name = read_name(request);
    if (!name) co_return name.error();
    Subjects subjects(services.db);
    auto subject =
        co_await subjects.create(owner_of(request), request.id_to_make<SubjectId>(), std::move(*name));
    if (!subject) co_return subject.error();
    auto response = http::created(to_json(*subject), "/api/subjects/" + subject->id.text());
    co_return tagged(request, std::move(response), subject->version, tag_of(*subject));
}

Answer show_subject(http::Request& request, Services& services) {
    const auto id = subject_in_path(request);
    if (!id) co_return id.error();
    Subjects subjects(services.db);
    auto subject = co_await subjects.find(owner_of(request), *id);
    if (!subject) co_return subject.error();
    co_return one(request, *subject);
}

Answer change_subject(http::Request& request, Services& services) {
    const auto id = subject_in_path(request);
    if (!id) co_return id.error();
    auto name = read_name(request);
    if (!name) co_return name.error();
    Subjects subjects(services.db);
    auto subject =
        co_await subjects.rename(owner_of(request), *id, std::move(*name), http::IfMatch::of(request));
    if (!subject) co_return subject.error();
    co_return one(request, *subject);
}

Answer delete_subject(http::Request& request, Services& services) {
    const auto id = subject_in_path(request);
    if (!id) co_return id.error();
    Subjects subjects(services.db);
    auto gone = co_await subjects.remove(owner_of(request), *id, http::IfMatch::of(request));
    if (!gone) co_return gone.error();
    co_return http::no_content();
}

}  // namespace bb::materials
