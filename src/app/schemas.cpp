#include "app/schemas.hpp"

namespace bb::app {

std::string_view api_schemas() {
    return R"json({
"Problem":{"type":"object","required":["type","title","status"],"properties":{
  "type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"},
  "requestId":{"type":"string"},"errors":{"type":"array","items":{"type":"object","required":["pointer","detail"],
  "properties":{"pointer":{"type":"string"},"detail":{"type":"string"}}}}}},
"Ready":{"type":"object","required":["status"],"properties":{"status":{"enum":["ready","draining","database away","schema does not fit"]}}},
"Health":{"type":"object","required":["status","timestamp","version","services"],"properties":{
  "status":{"enum":["healthy","degraded","unhealthy"]},"timestamp":{"type":"string","format":"date-time"},
  "version":{"type":"string"},"services":{"type":"object","required":["database","openai","auth"],"properties":{
  "database":{"type":"string"},"openai":{"type":"string"},"auth":{"type":"string"}}},"details":{"type":"object"}}}
})json";
}

}  // namespace bb::app
