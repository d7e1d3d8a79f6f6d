#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/privileges.hpp"
#include "base/core/time.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/stages/boxes.hpp"

namespace bb::stages {

Result<void> Words::add(const Word& word) const {
    const auto box = box_named(word.box);
    if (!box)
        return bad_field("box",
                         "is no box of the checklists: \"brainbytes checklist setup|pre|during|post\".");
    if (word.kind == "signed" && box->look && !box->may_be_signed)
        return bad_field(
            "box", "is probed: it is decided by evidence, and nobody can sign it; it can only be waived.");
    JsonWriter json;
    json.object()
        .field("at", now())
        .field("box", word.box)
        .field("release", word.release)
        .field("kind", word.kind)
        .field("by", word.by.empty() ? deploy::who_we_are() : word.by + ", " + deploy::who_we_are())
        .field("note", word.note);
    const auto line = json.end().take() + '\n';
    const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const bool kept = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                      ::fsync(fd) == 0;
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    if (!kept) throw std::system_error(reason, std::generic_category(), file_.string());
    privileges::give_to_owner_around(file_);
    return {};
}

std::vector<Word> Words::of(const std::string& release) const {
    std::vector<Word> words;
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);) {
        const auto parsed = parse_json(line);
        if (!parsed || !parsed->is_object()) continue;
        const auto& object = parsed->get_object();
        if (text_member(object, "release") == release)
            words.push_back({text_member(object, "box"), release, text_member(object, "kind"),
                             text_member(object, "by"), text_member(object, "note")});
    }
    return words;
}

}  // namespace bb::stages
