#include "operations/stages/aws_schema.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "operations/deploy/schema_back.hpp"

namespace bb::stages {
namespace {

/// By the program that serves, which knows every migration of the database.
std::vector<std::string> dropped(const AwsService& service, const std::string& serves, int to) {
    return deploy::gone_for_good(service.ask(
        serves, {"db", "rollback", "--to", std::to_string(to), "--dry-run", "--json"}, "rolledBack"));
}

}  // namespace

std::optional<SchemaRange> schema_in_ledger(const deploy::Ledger& ledger, const std::string& release) {
    std::optional<SchemaRange> found;
    for (const auto& one : ledger.read())
        if (one.step == "keep" && one.release == release && one.schema_max > 0)
            found = SchemaRange{one.schema_min, one.schema_max};
    return found;
}

SchemaRange schema_of_image(const deploy::Ledger& ledger, const AwsService& service,
                            const std::string& release, const std::string& definition) {
    if (const auto known = schema_in_ledger(ledger, release)) return *known;
    const auto about = service.ask(definition, {"release", "about"}, "schemaMax");
    return {about.at("schemaMin").to_number<int>(), about.at("schemaMax").to_number<int>()};
}

std::string fit_on_aws(const AwsService& service, const std::string& serves, const std::string& release,
                       int newest, bool accepted) {
    const auto gap =
        deploy::schema_gap(service.ask(serves, {"db", "status", "--json"}, "migrations"), newest);
    if (!gap) return fmt::format("Code only: the database stays as it is, and {} runs on it", release);
    if (const auto gone = dropped(service, serves, gap->to); !gone.empty())
        throw std::runtime_error(fmt::format(
            "{} RDS brings the moment before {} back, into a new database, and loses {} minutes of work "
            "(docs/aws.md).",
            gap->lost(gone, release), to_rfc3339(gap->taken_at),
            std::chrono::ceil<std::chrono::minutes>(now() - gap->taken_at).count()));
    throw std::runtime_error(fmt::format(
        "{}{} docs/aws.md says how that is done there.", gap->reason(release),
        accepted ? " --accept-data-loss is for hosts: on AWS nothing takes the schema back by itself." : ""));
}

}  // namespace bb::stages
