#pragma once
#include <optional>
#include <string>

#include "operations/deploy/ledger.hpp"
#include "operations/stages/aws_service.hpp"

namespace bb::stages {

/// Migrations that a release knows.
struct SchemaRange {
    int least = 0;
    int newest = 0;
};

/// As a ledger of deployments has kept it; nothing: it has not.
std::optional<SchemaRange> schema_in_ledger(const deploy::Ledger& ledger, const std::string& release);
/// The same, or as the image says itself. `definition`: of that image. Throws std::runtime_error.
SchemaRange schema_of_image(const deploy::Ledger& ledger, const AwsService& service,
                            const std::string& release, const std::string& definition);

/// Whether a release that knows migrations up to `newest` runs on the schema, in words; `serves`: definition
/// whose program is asked. Throws std::runtime_error with the reason and the way when it does not, or when
/// `accepted`: nothing here takes a schema back on AWS.
std::string fit_on_aws(const AwsService& service, const std::string& serves, const std::string& release,
                       int newest, bool accepted);

}  // namespace bb::stages
