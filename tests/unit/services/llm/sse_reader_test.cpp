#include "services/llm/sse_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bb::llm {
namespace {

using Events = std::vector<std::string>;

Events read(std::string_view stream, std::size_t piece_size) {
    Events events;
    SseReader reader;
    const auto keep = [&](std::string_view data) {
        events.emplace_back(data);
        return true;
    };
    while (!stream.empty()) {
        reader.feed(stream.substr(0, piece_size), keep);
        stream.remove_prefix(std::min(piece_size, stream.size()));
    }
    reader.end(keep);
    return events;
}

TEST(SseReader, ReadsTheSameHoweverTheBytesAreSplit) {
    struct Case {
        const char* name;
        std::string_view stream;
        Events events;
    };
    const Case cases[] = {
        {"nothing", "", {}},
        {"two events", "data: a\n\ndata: b\n\n", {"a", "b"}},
        {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", {"a", "b"}},
        {"CR", "data: a\r\rdata: b\r\r", {"a", "b"}},
        {"no space after the colon", "data:a\n\n", {"a"}},
        {"only one space goes", "data:  a \n\n", {" a "}},
        {"lines are joined", "data: a\ndata: b\ndata\n\n", {"a\nb\n"}},
        {"comments and other fields", ": hi\nevent: x\nid: 1\nretry: 5\ndatum: z\ndata: a\n\n", {"a"}},
        {"an event without data is none", "event: x\n\n\n\n", {}},
        {"a byte order mark",
         "\xEF\xBB\xBF"
         "data: a\n\n",
         {"a"}},
        {"the last empty line is missing", "data: a\n\ndata: b", {"a", "b"}},
        {"an empty data line", "data:\n\n", {""}},
    };
    for (const auto& c : cases)
        for (std::size_t size = 1; size <= c.stream.size() + 1; ++size)
            EXPECT_EQ(read(c.stream, size), c.events) << c.name << ", pieces of " << size;
}

TEST(SseReader, AnEndlessLineIsRefusedAndNotKept) {
    SseReader reader(100);
    const auto keep = [](std::string_view) {
        return true;
    };
    EXPECT_EQ(reader.feed("data: " + std::string(60, 'x'), keep), SseReader::Status::more);
    EXPECT_EQ(reader.feed(std::string(60, 'x'), keep), SseReader::Status::too_long);
    EXPECT_EQ(reader.feed("\n\ndata: a\n\n", keep), SseReader::Status::too_long);
}

TEST(SseReader, EndlessLinesOfOneEventAreRefused) {
    SseReader reader(100);
    const auto keep = [](std::string_view) {
        return true;
    };
    auto status = SseReader::Status::more;
    for (int i = 0; i < 20; ++i) status = reader.feed("data: 0123456789\n", keep);
    EXPECT_EQ(status, SseReader::Status::too_long);
}

TEST(SseReader, StopsWhenTheReceiverHasEnough) {
    SseReader reader;
    int events = 0;
    const auto first = [&](std::string_view) {
        return ++events < 1;
    };
    EXPECT_EQ(reader.feed("data: a\n\ndata: b\n\n", first), SseReader::Status::stopped);
    EXPECT_EQ(events, 1);
}

}  // namespace
}  // namespace bb::llm
