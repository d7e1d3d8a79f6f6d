#pragma once

// JSON Schemas of the materials routes for the OpenAPI document.

namespace bb::materials::schema {

#define BB_UUID R"({"type":"string","format":"uuid"})"
#define BB_MAYBE_UUID R"({"type":["string","null"],"format":"uuid"})"
#define BB_MOMENTS \
    R"("createdAt":{"type":"string","format":"date-time"},"updatedAt":{"type":"string","format":"date-time"})"

constexpr auto subject =
    R"({"type":"object","required":["id","name","materials","createdAt","updatedAt"],"properties":{"id":)" BB_UUID
    R"(,"name":{"type":"string"},"materials":{"type":"integer"},)" BB_MOMENTS "}}";
constexpr auto subjects =
    R"({"type":"object","required":["subjects","next"],"properties":{"subjects":{"type":"array","items":)"
    R"({"type":"object"}},"next":{"type":["string","null"]}}})";
constexpr auto subject_body =
    R"({"type":"object","required":["name"],"additionalProperties":false,"properties":{)"
    R"("name":{"type":"string","minLength":1,"maxLength":80}}})";

constexpr auto material =
    R"({"type":"object","required":["id","title","subject","subjectId","description","active","entries","files","origin",)"
    R"("createdAt","updatedAt"],"properties":{"id":)" BB_UUID
    R"(,"title":{"type":"string"},"subject":{"type":["string","null"]},"subjectId":)" BB_MAYBE_UUID
    R"(,"description":{"type":"string"},"active":{"type":"boolean"},"entries":{"type":"integer"},)"
    R"("files":{"type":"integer"},"origin":{"type":["object","null"],"required":["materialId","owner"],)"
    R"("properties":{"materialId":)" BB_UUID R"(,"owner":{"type":["string","null"]}}},)" BB_MOMENTS "}}";
constexpr auto materials =
    R"({"type":"object","required":["materials","next"],"properties":{"materials":{"type":"array","items":)"
    R"({"type":"object"}},"next":{"type":["string","null"]}}})";
constexpr auto new_material =
    R"({"type":"object","required":["title"],"additionalProperties":false,"properties":{)"
    R"("title":{"type":"string","minLength":1,"maxLength":200},)"
    R"("subject":{"type":["string","null"],"minLength":1,"maxLength":80},)"
    R"("description":{"type":"string","maxLength":2000},"active":{"type":"boolean"}}})";
constexpr auto material_change =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("title":{"type":"string","minLength":1,"maxLength":200},)"
    R"("subject":{"type":["string","null"],"minLength":1,"maxLength":80},)"
    R"("description":{"type":"string","maxLength":2000},"active":{"type":"boolean"}}})";

constexpr auto entry =
    R"({"type":"object","required":["id","materialId","title","characters","position","content","createdAt",)"
    R"("updatedAt"],"properties":{"id":)" BB_UUID R"(,"materialId":)" BB_UUID
    R"(,"title":{"type":"string"},"characters":{"type":"integer"},"position":{"type":"integer","minimum":1},)"
    R"("content":{"type":"string"},)" BB_MOMENTS "}}";
constexpr auto entries =
    R"({"type":"object","required":["entries","next"],"properties":{"entries":{"type":"array","items":)"
    R"({"type":"object"}},"next":{"type":["string","null"]}}})";
constexpr auto new_entry =
    R"({"type":"object","required":["title","content"],"additionalProperties":false,"properties":{)"
    R"("title":{"type":"string","minLength":1,"maxLength":200},"content":{"type":"string","maxLength":1000000}}})";
constexpr auto entry_change =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("title":{"type":"string","minLength":1,"maxLength":200},"content":{"type":"string","maxLength":1000000},)"
    R"("position":{"type":"integer","minimum":1},"materialId":)" BB_UUID "}}";

constexpr auto file =
    R"({"type":"object","required":["id","materialId","name","bytes","mediaType","state","fault","reason","characters",)"
    R"("sourceUrl","fetchedAt","createdAt","updatedAt"],"properties":{"id":)" BB_UUID
    R"(,"materialId":)" BB_UUID
    R"(,"name":{"type":"string"},"bytes":{"type":"integer"},"mediaType":{"type":"string"},)"
    R"("state":{"enum":["ready","fetching","reading","failed"]},"fault":{"type":["string","null"]},"reason":{"type":["string","null"]},"characters":{"type":"integer"},)"
    R"("sourceUrl":{"type":["string","null"],"format":"uri"},"fetchedAt":{"type":["string","null"],"format":"date-time"},)"
    R"("format":{"enum":["markdown","plain"]},"text":{"type":"string"},)" BB_MOMENTS "}}";
constexpr auto upload =
    R"({"type":"object","required":["id","materialId","name","bytes","offset","done"],"properties":{)"
    R"("id":{"type":"string","format":"uuid"},"materialId":{"type":"string","format":"uuid"},)"
    R"("name":{"type":"string"},"bytes":{"type":"integer"},"offset":{"type":"integer"},)"
    R"("done":{"type":"boolean"}}})";
constexpr auto new_page = R"({"type":"object","required":["url"],"additionalProperties":false,"properties":{)"
                          R"("url":{"type":"string","format":"uri","minLength":1,"maxLength":2000}}})";
constexpr auto files =
    R"({"type":"object","required":["files","next"],"properties":{"files":{"type":"array","items":)"
    R"({"type":"object"}},"next":{"type":["string","null"]}}})";
constexpr auto file_change =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("name":{"type":"string","minLength":1,"maxLength":255},"materialId":)" BB_UUID "}}";

constexpr auto results =
    R"({"type":"object","required":["results","answerable"],"properties":{"answerable":{"type":"boolean"},)"
    R"("results":{"type":"array","items":{"type":"object","required":["kind","title","headingPath","page","start",)"
    R"("end","text","score","highlights"],"properties":{)"
    R"("kind":{"enum":["entry","file","material","message","thread"]},"materialId":)" BB_UUID
    R"(,"entryId":)" BB_UUID R"(,"fileId":)" BB_UUID R"(,"threadId":)" BB_UUID
    R"(,"messageId":{"type":"string"},"title":{"type":"string"},)"
    R"("description":{"type":"string"},"headingPath":{"type":"array","items":{"type":"string"}},)"
    R"("page":{"type":["integer","null"]},"start":{"type":"integer"},"end":{"type":"integer"},)"
    R"("text":{"type":"string"},"score":{"type":"number"},"highlights":{"type":"array","items":{"type":"array",)"
    R"("items":{"type":"integer"},"minItems":2,"maxItems":2}}}}}}})";

constexpr auto shares =
    R"({"type":"object","required":["shares"],"properties":{"shares":{"type":"array","items":{"type":"object",)"
    R"("required":["id","kind","email","expiresAt","createdAt","readers"],"properties":{"id":)" BB_UUID
    R"(,"kind":{"enum":["link","person"]},"email":{"type":["string","null"]},)"
    R"("expiresAt":{"type":["string","null"],"format":"date-time"},)"
    R"("createdAt":{"type":"string","format":"date-time"},"readers":{"type":"array","items":{"type":"object",)"
    R"("required":["name","openedAt"],"properties":{"name":{"type":"string"},)"
    R"("openedAt":{"type":"string","format":"date-time"}}}}}}}}})";
constexpr auto new_share =
    R"({"type":"object","required":["kind"],"additionalProperties":false,"properties":{)"
    R"("kind":{"enum":["link","person"]},"email":{"type":"string","minLength":3,"maxLength":254},)"
    R"("expiresAt":{"type":["string","null"],"format":"date-time"}}})";
constexpr auto made_share =
    R"({"type":"object","required":["share","path"],"properties":{"share":{"type":"object"},)"
    R"("path":{"type":["string","null"]}}})";
constexpr auto share_token =
    R"({"type":"object","required":["token"],"additionalProperties":false,"properties":{)"
    R"("token":{"type":"string","minLength":1,"maxLength":100}}})";
constexpr auto opened_share =
    R"({"type":"object","required":["materialId","own"],"properties":{"materialId":)" BB_UUID
    R"(,"own":{"type":"boolean"}}})";
constexpr auto shared_material =
    R"({"type":"object","required":["id","title","description","owner","entries","files","updatedAt"],"properties":{"id":)" BB_UUID
    R"(,"title":{"type":"string"},"description":{"type":"string"},"owner":{"type":"string"},)"
    R"("entries":{"type":"integer"},"files":{"type":"integer"},)"
    R"("updatedAt":{"type":"string","format":"date-time"}}})";

#undef BB_UUID
#undef BB_MAYBE_UUID
#undef BB_MOMENTS

}  // namespace bb::materials::schema
