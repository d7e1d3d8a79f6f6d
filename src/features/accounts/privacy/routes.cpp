#include "features/accounts/privacy/archives.hpp"
#include "features/accounts/route_table.hpp"

namespace bb::accounts {
namespace {

using http::Access;
using http::Method;

constexpr auto privacy_schema =
    R"({"type":"object","required":["proved","kept","retention","erasureDays","archiveBytes","archive"],)"
    R"("properties":{)"
    R"("proved":{"type":"boolean"},"kept":{"type":"object"},"retention":{"type":"object"},)"
    R"("erasureDays":{"type":"integer"},"archiveBytes":{"type":"integer"},)"
    R"("archive":{"type":["object","null"]}}})";
constexpr auto archive_schema =
    R"({"type":"object","required":["state","askedAt","readyAt","until","bytes"],"properties":{)"
    R"("state":{"enum":["making","ready","failed"]},"askedAt":{"type":"string","format":"date-time"},)"
    R"("readyAt":{"type":["string","null"],"format":"date-time"},)"
    R"("until":{"type":["string","null"],"format":"date-time"},"bytes":{"type":["integer","null"]}}})";
constexpr auto access_schema =
    R"({"type":"object","required":["entries","next"],"properties":{"entries":{"type":"array","items":{)"
    R"("type":"object","required":["at","action","by"]}},"next":{"type":["string","null"]}}})";
constexpr auto tally_schema =
    R"({"type":"object","additionalProperties":{"type":"object","required":["made","present"]}})";
constexpr auto erasure_schema =
    R"({"type":"object","required":["eraseAt"],"properties":{"eraseAt":{"type":"string","format":"date-time"}}})";
constexpr auto retention_schema = R"({"type":"object","additionalProperties":false,"properties":{)"
                                  R"("chatsMonths":{"type":"integer","minimum":0,"maximum":120},)"
                                  R"("materialsMonths":{"type":"integer","minimum":0,"maximum":120}}})";

constexpr AccountRoute table[] = {
    {Method::get, "/api/me/privacy", show_privacy, Access::signed_in, "What is kept of one, and how long", "",
     privacy_schema, 200},
    {Method::get, "/api/me/access-log", list_access, Access::signed_in,
     "What others did with one's account, newest first", "", access_schema, 200},
    {Method::get, "/api/me/export", export_data, Access::signed_in,
     "Everything that is kept of one, as a ZIP file", "", "", 200},
    {Method::post, "/api/me/archive", prepare_archive, Access::signed_in,
     "Have such a ZIP file made; a mail says when it is ready", "", archive_schema, 202},
    {Method::get, "/api/me/archive", download_archive, Access::signed_in,
     "The ZIP file that was asked for, for a week", "", "", 200},
    {Method::del, "/api/me/archive", discard_archive, Access::signed_in,
     "Delete the ZIP file that was asked for", "", "", 204},
    {Method::post, "/api/me/import", import_data, Access::signed_in, "Bring an exported ZIP file", "",
     tally_schema, 200, false, max_archive_bytes},
    {Method::del, "/api/me", erase_me, Access::signed_in, "Have one's account erased in seven days", "",
     erasure_schema, 200},
    {Method::get, "/api/admin/retention", show_retention, Access::administrator,
     "For how many months what nobody uses is kept", "", retention_schema, 200},
    {Method::patch, "/api/admin/retention", set_retention, Access::administrator, "Say for how many months",
     retention_schema, retention_schema, 200},
};

}  // namespace

void bind_privacy_routes(http::Router& router, const std::shared_ptr<Services>& shared) {
    add_routes(router, table, shared);
}

}  // namespace bb::accounts
