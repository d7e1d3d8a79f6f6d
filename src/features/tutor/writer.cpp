#include "features/tutor/writer.hpp"

#include <utility>

namespace bb::tutor {
namespace {

SourceDocument source_of(const materials::FoundPassage& passage, int number) {
    SourceDocument source;
    source.number = number;
    source.title = passage.title;
    if (passage.file) source.file_name = passage.title;
    source.material_id = passage.material.text();
    if (passage.entry) source.entry_id = passage.entry->text();
    if (passage.file) source.file_id = passage.file->text();
    source.passage_id = passage.passage;
    source.heading_path = passage.heading_path;
    source.page = passage.page;
    source.start = passage.start;
    source.end = passage.end;
    source.quote = passage.text;
    return source;
}

}  // namespace

std::vector<SourceDocument> sources_of(const std::vector<materials::FoundPassage>& passages) {
    std::vector<SourceDocument> sources;
    for (const auto& passage : passages)
        sources.push_back(source_of(passage, static_cast<int>(sources.size()) + 1));
    return sources;
}

Writer::Writer(std::shared_ptr<LiveReply> live, std::vector<SourceDocument> sources)
    : live_(std::move(live)), sources_(std::move(sources)), watch_(static_cast<int>(sources_.size())) {
    watch_.feed(live_->text());  // a continued reply has cited these already
}

void Writer::write(std::string_view piece) {
    live_->append(piece);
    for (const int number : watch_.feed(piece)) live_->cite(sources_[static_cast<std::size_t>(number) - 1]);
}

}  // namespace bb::tutor
