#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "features/materials/types.hpp"
#include "features/tutor/citations.hpp"
#include "features/tutor/live_reply.hpp"
#include "features/tutor/ui_stream.hpp"

namespace bb::tutor {

/// The passages as citations say them, numbered from 1.
std::vector<SourceDocument> sources_of(const std::vector<materials::FoundPassage>& passages);

/// Passes a reply's text on and cites each source when it is first named in it.
class Writer {
public:
    Writer(std::shared_ptr<LiveReply> live, std::vector<SourceDocument> sources);
    void write(std::string_view piece);

private:
    std::shared_ptr<LiveReply> live_;
    std::vector<SourceDocument> sources_;
    CitationWatch watch_;
};

}  // namespace bb::tutor
