#include "operations/deploy/ledger.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/privileges.hpp"
#include "base/core/process.hpp"

namespace bb::deploy {
namespace {

constexpr const char* begun = "begun";

LedgerEntry entry_of(const boost::json::object& object) {
    LedgerEntry entry;
    entry.at = parse_rfc3339(text_member(object, "at")).value_or(Time{});
    entry.deployment = text_member(object, "deployment");
    entry.release = text_member(object, "release");
    entry.step = text_member(object, "step");
    entry.result = text_member(object, "result");
    entry.who = text_member(object, "who");
    entry.detail = text_member(object, "detail");
    entry.host = text_member(object, "host");
    entry.process = text_member(object, "process");
    if (const auto* seconds = object.if_contains("seconds"); seconds && seconds->is_number())
        entry.seconds = seconds->to_number<double>();
    const auto number = [&object](const char* name) {
        const auto* value = object.if_contains(name);
        return value && value->is_int64() ? static_cast<int>(value->get_int64()) : 0;
    };
    entry.schema_min = number("schemaMin");
    entry.schema_max = number("schemaMax");
    return entry;
}

}  // namespace

std::string to_json(const LedgerEntry& entry) {
    JsonWriter json;
    json.object()
        .field("at", entry.at)
        .field("deployment", entry.deployment)
        .field("release", entry.release)
        .field("step", entry.step)
        .field("result", entry.result)
        .field("who", entry.who)
        .field("seconds", entry.seconds)
        .field("detail", entry.detail);
    if (!entry.host.empty()) json.field("host", entry.host);
    if (!entry.process.empty()) json.field("process", entry.process);
    if (entry.schema_max > 0) json.field("schemaMin", entry.schema_min).field("schemaMax", entry.schema_max);
    return json.end().take();
}

void Ledger::add(LedgerEntry entry) const {
    entry.at = now();
    if (entry.who.empty()) entry.who = who_we_are();
    const auto fail = [this]() {
        throw std::system_error(errno, std::generic_category(), file_.string());
    };
    const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) fail();
    ::flock(fd, LOCK_EX);
    // A line that was cut off stays alone.
    char last = '\n';
    const auto size = ::lseek(fd, 0, SEEK_END);
    if (size > 0) (void)!::pread(fd, &last, 1, size - 1);
    const auto line = (last == '\n' ? "" : "\n") + to_json(entry) + '\n';
    const bool stored =
        ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
    const int reason = errno;
    ::close(fd);
    errno = reason;
    if (!stored) fail();
    privileges::give_to_owner_around(file_);
}

void Ledger::begin(LedgerEntry entry) const {
    entry.result = begun;
    entry.process = process::own_name();
    add(std::move(entry));
}

std::vector<LedgerEntry> Ledger::read() const {
    std::vector<LedgerEntry> entries;
    std::vector<std::size_t> open;  // begun, with no end yet
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);) {
        const auto parsed = parse_json(line);
        if (!parsed || !parsed->is_object()) continue;
        auto entry = entry_of(parsed->get_object());
        if (entry.result == begun) {
            open.push_back(entries.size());
        } else {
            std::erase_if(open, [&](std::size_t at) {
                auto& one = entries[at];
                const bool ended =
                    one.deployment == entry.deployment && one.step == entry.step && one.host == entry.host;
                if (ended) one.result.clear();
                return ended;
            });
        }
        entries.push_back(std::move(entry));
    }
    for (const auto at : open)
        entries[at].result = process::has_ended(entries[at].process) ? "broken off" : "under way";
    std::erase_if(entries, [](const LedgerEntry& one) { return one.result.empty(); });
    return entries;
}

namespace {

bool is_kept(const LedgerEntry& entry) {
    return entry.step == "keep" && entry.result == "done";
}

}  // namespace

bool has_served(const std::vector<LedgerEntry>& entries, const std::string& release) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const auto& entry) { return is_kept(entry) && entry.release == release; });
}

std::string broken_off(const std::vector<LedgerEntry>& entries) {
    const auto run = std::find_if(entries.rbegin(), entries.rend(), [](const LedgerEntry& one) {
        return one.host.empty() && (one.step == "deploy" || one.step == "rollback");
    });
    const bool left = run != entries.rend() && run->step == "deploy" && run->result == "broken off";
    return left ? run->release : std::string();
}

std::string release_before(const std::vector<LedgerEntry>& entries, const std::string& current) {
    std::vector<std::string> way;
    for (const auto& entry : entries) {
        if (!is_kept(entry)) continue;
        const auto known = std::find(way.begin(), way.end(), entry.release);
        if (known == way.end())
            way.push_back(entry.release);
        else
            way.erase(known + 1, way.end());
    }
    const auto now = std::find(way.begin(), way.end(), current);
    if (now == way.end()) return way.empty() ? std::string() : way.back();
    return now == way.begin() ? std::string() : *(now - 1);
}

std::vector<std::string> way_back(const std::vector<LedgerEntry>& entries, std::string current,
                                  std::size_t steps) {
    std::vector<std::string> releases;
    while (releases.size() < steps) {
        const auto before = release_before(entries, current);
        if (before.empty() || before == current) break;
        releases.push_back(current = before);
    }
    return releases;
}

std::string who_we_are() {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    return privileges::current().label() + "@" + host;
}

}  // namespace bb::deploy
