#include "base/db/cluster_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <thread>

namespace bb::db {
namespace {

// Small shared_buffers on purpose: a start takes longer with each MB, and the cache of the system does the
// rest.
constexpr const char* conf_text =
    R"(# Written by brainbytes at each start. Your own settings belong into local.conf beside this file.
cluster_name = 'brainbytes'
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_files_per_process = 256
max_connections = {connections}
superuser_reserved_connections = 3
shared_buffers = {buffers}MB
effective_cache_size = {cache}MB
work_mem = 8MB
maintenance_work_mem = {maintenance}MB
huge_pages = try
max_parallel_workers_per_gather = 0
jit = off
random_page_cost = 1.1
fsync = on
full_page_writes = on
synchronous_commit = on
wal_level = replica
wal_compression = lz4
min_wal_size = 64MB
max_wal_size = 1GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
recovery_init_sync_method = syncfs
max_wal_senders = 10
max_replication_slots = 10
max_slot_wal_keep_size = 1GB
idle_in_transaction_session_timeout = 60s
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
default_toast_compression = 'lz4'
default_text_search_config = 'pg_catalog.english'
update_process_title = off
# stderr goes to postgres.log, whose size brainbytes bounds. No statements and no values: they are people's data.
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] '
log_min_messages = warning
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = 'none'
log_checkpoints = off
{statements}include_if_exists = 'local.conf'
)";

// Statements without their values are kept in a file of the cluster: of a thousand, what they took. Utility
// statements would show values.
constexpr const char* statements_text = R"(shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.max = 1000
pg_stat_statements.track_utility = off
pg_stat_statements.save = off
)";

std::uint64_t memory_of_machine() {
    std::ifstream in("/proc/meminfo");
    std::string word;
    std::uint64_t kib = 0;
    while (in >> word)
        if (word == "MemTotal:" && in >> kib) return kib / 1024;
    return 1024;
}

std::uint64_t memory_of_container() {
    std::uint64_t bytes = 0;
    for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::ifstream in(path);
        if (in >> bytes) return bytes / (1024 * 1024);
    }
    return 0;  // no limit ("max")
}

}  // namespace

Machine this_machine() {
    auto memory = memory_of_machine();
    if (const auto limit = memory_of_container(); limit > 0) memory = std::min(memory, limit);
    return {memory, std::max(1, static_cast<int>(std::thread::hardware_concurrency()))};
}

std::string cluster_conf(const Machine& machine, const std::filesystem::path& sockets, bool statements) {
    const auto share = [&](std::uint64_t part, std::uint64_t least, std::uint64_t greatest) {
        return std::clamp(machine.memory_mib / part, least, greatest);
    };
    std::string quoted;
    for (const char c : sockets.string()) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    return fmt::format(conf_text, fmt::arg("sockets", quoted),
                       fmt::arg("statements", statements ? statements_text : ""),
                       fmt::arg("connections", std::clamp(40 + 8 * machine.cores, 50, 300)),
                       fmt::arg("buffers", share(16, 32, 128)), fmt::arg("cache", share(2, 64, 65536)),
                       fmt::arg("maintenance", share(16, 32, 512)));
}

std::string cluster_hba() {
    return "# Written by brainbytes at each start.\n"
           "local all         all peer map=owner\n"
           "local replication all peer map=owner\n";
}

std::string cluster_ident(const std::string& user) {
    std::string text = "# Written by brainbytes at each start. Root could become the owner anyway.\n";
    for (const auto& who : {user, std::string("root")})
        for (const char* role : {cluster_role, cluster_superuser})
            text += fmt::format("owner \"{}\" {}\n", who, role);
    return text;
}

}  // namespace bb::db
