#include <gtest/gtest.h>

#include "features/materials/index/document.hpp"
#include "features/materials/index/postings.hpp"
#include "features/materials/index/question.hpp"
#include "features/materials/index/ranking.hpp"
#include "features/materials/index/trigrams.hpp"
#include "features/materials/records.hpp"
#include "features/materials/upload.hpp"

namespace bb::materials {
namespace {

using namespace index;

TEST(Postings, ComeBackAsTheyWerePacked) {
    const std::vector<Hit> hits = {{0, 1, 10}, {1, 3, 120}, {40, 8, 500}, {1'000'000, 20, 0}};
    std::vector<Hit> back;
    const std::string packed = pack(hits);
    for (const char c : packed) EXPECT_TRUE(c >= '0' && c <= 'o') << static_cast<int>(c);
    unpack(packed, [&](const Hit& hit) { back.push_back(hit); });
    ASSERT_EQ(back.size(), hits.size());
    for (std::size_t i = 0; i < hits.size(); ++i) {
        EXPECT_EQ(back[i].ordinal, hits[i].ordinal);
        EXPECT_EQ(back[i].times, std::min(hits[i].times, 8));
    }
    EXPECT_EQ(back[1].length, 110);
}

TEST(Postings, DoNotReadOnWhenDamaged) {
    int hits = 0;
    unpack("P", [&](const Hit&) { ++hits; });
    unpack("oooooooooooo", [&](const Hit&) { ++hits; });
    EXPECT_EQ(hits, 0);
}

TEST(Ranking, PutsRareAndFrequentWordsFirst) {
    Statistics statistics{100, 100};
    EXPECT_GT(rarity(statistics, 1), rarity(statistics, 50));
    EXPECT_GT(rarity(statistics, 100), 0);
    Ranking ranking(statistics);
    ranking.add(1, pack({{0, 1, 100}, {1, 4, 100}}), 0, rarity(statistics, 2));
    ranking.add(2, pack({{0, 4, 100}}), 1, rarity(statistics, 60));
    ranking.add(1, pack({{1, 1, 100}}), 1, rarity(statistics, 60));
    const auto best = ranking.best(10);
    ASSERT_EQ(best.size(), 3u);
    EXPECT_EQ(best[0].place, (Place{1, 1}));
    EXPECT_EQ(best[0].concepts, 3u);
    EXPECT_EQ(best[2].place, (Place{2, 0}));
    EXPECT_EQ(ranking.best(1).size(), 1u);
}

TEST(Ranking, LiftsWhatStandsAmongItsLikes) {
    Ranking ranking(Statistics{100, 100});
    ranking.add(1, pack({{0, 1, 100}, {1, 1, 100}, {7, 1, 100}}), 0, 2);
    ranking.add(2, pack({{0, 3, 100}}), 0, 2);
    const auto best = ranking.best(10);
    ASSERT_EQ(best.size(), 4u);
    EXPECT_EQ(best[0].place, (Place{2, 0})) << "a neighbour counts less than the passage itself";
    EXPECT_EQ(best[1].place, (Place{1, 0}));
    EXPECT_EQ(best[2].place, (Place{1, 1}));
    EXPECT_EQ(best[3].place, (Place{1, 7})) << "no neighbour across a source or a gap";
    EXPECT_NEAR(best[1].score, 1.2 * best[3].score, 1e-6);
}

TEST(Sounds, AreAlikeForMisspellings) {
    EXPECT_EQ(sound_of("fotosintesis"), sound_of("photosynthesis"));
    EXPECT_EQ(sound_of("cel"), "");
    EXPECT_EQ(sound_of("c4plant"), "");
    EXPECT_EQ(trigrams_of("").size(), 0u);
    EXPECT_EQ(trigrams_of("kat").size(), 4u);
    EXPECT_EQ(edit_distance("mitochondria", "mitocondria", 2), 1);
    EXPECT_EQ(edit_distance("recieve", "receive", 2), 1);
    EXPECT_EQ(edit_distance("cell", "plant", 2), 3);
    EXPECT_EQ(edit_distance("", "abc", 3), 3);
}

TEST(Question, KeepsItsTopicOnly) {
    const auto question =
        read_question("Can you please explain what photosynthesis is, and what Photosynthesis needs?");
    ASSERT_EQ(question.words.size(), 2u);
    EXPECT_EQ(question.words[0].word, "photosynthesis");
    EXPECT_EQ(question.words[1].word, "needs");
    EXPECT_FALSE(question.only_chatter);
    EXPECT_TRUE(read_question("Can you give me another example please?").only_chatter);
    EXPECT_TRUE(read_question("what is it?").words.empty());
    EXPECT_EQ(read_question("Paano gumagawa ng pagkain ang mga halaman?").words.size(), 3u);
}

Concept known(std::int64_t passages, double closeness = 1) {
    MatchedTerm term;
    term.passages = passages;
    term.closeness = closeness;
    Concept asked;
    asked.terms.push_back(term);
    return asked;
}

TEST(Coverage, CountsUnknownWordsAgainstAPassage) {
    const Statistics statistics{1000, 100};
    const Coverage coverage({known(5), known(900), Concept()}, statistics);
    EXPECT_NEAR(coverage.of(0b011), 0.6, 0.01);
    EXPECT_TRUE(can_answer({0b011}, coverage));
    EXPECT_FALSE(can_answer({0b010}, coverage));
    EXPECT_FALSE(can_answer({}, coverage));
    const Coverage unlike({known(5, 0.65)}, statistics);
    EXPECT_TRUE(can_answer({1}, unlike));
}

TEST(Coverage, AsksForLessOfALongQuestion) {
    const Statistics statistics{1000, 100};
    const std::vector<Concept> five = {known(5), known(5), Concept(), Concept(), Concept()};
    EXPECT_TRUE(can_answer({0b11}, Coverage(five, statistics))) << "two words of five";
    EXPECT_FALSE(can_answer({0b1, 0b10}, Coverage(five, statistics))) << "in one passage";
    EXPECT_FALSE(can_answer({0b1}, Coverage({known(5), Concept(), known(5)}, statistics)));
    std::vector<Concept> nine(9, Concept());
    for (int i = 0; i < 3; ++i) nine[static_cast<std::size_t>(i)] = known(5);
    EXPECT_TRUE(can_answer({0b111}, Coverage(nine, statistics))) << "three rare words are much by themselves";
    EXPECT_FALSE(can_answer({0b11}, Coverage(nine, statistics)));
    EXPECT_FALSE(can_answer({0, 0, 0, 0b111}, Coverage(nine, statistics))) << "only far down";
}

TEST(Concepts, AreCutToTheRarestThatFitIntoABitSet) {
    std::vector<Concept> concepts;
    for (int i = 0; i < 50; ++i) concepts.push_back(known(100 - i));
    concepts.push_back(Concept());
    keep_rarest(concepts);
    ASSERT_EQ(concepts.size(), 32u);
    EXPECT_EQ(concepts[0].passages(), 51);
}

TEST(Document, CollectsWordsOfTextHeadingsAndTitle) {
    const auto document = prepare("Biology",
                                  "# Cells\n\nThe cell has a wall. Cells grow.\n\n# Buhay\n\nAng mga "
                                  "selula ay kumakain ng pagkain para sa buhay.\n",
                                  text::Format::markdown);
    ASSERT_EQ(document.passages.size(), 2u);
    EXPECT_EQ(document.lengths[0], 4);
    const auto find = [&](std::string_view word) -> const DocumentWord* {
        for (const auto& one : document.words)
            if (one.word == word) return &one;
        return nullptr;
    };
    ASSERT_TRUE(find("cells"));
    EXPECT_FALSE(find("cells")->is_term);
    EXPECT_EQ(find("cells")->hits[0].times, 2);  // in the text and in the heading
    ASSERT_TRUE(find("biology"));
    ASSERT_TRUE(find("kain"));
    EXPECT_TRUE(find("kain")->is_term);
    EXPECT_FALSE(find("the"));
}

TEST(Document, JoinsWordsWithTheSameTerm) {
    std::vector<DocumentWord> words = {{"cell", false, {{0, 1, 9}, {2, 1, 9}}},
                                       {"cells", false, {{0, 2, 9}, {1, 1, 9}}},
                                       {"the", false, {{0, 1, 9}}}};
    const auto joined = join_terms(words, {"cell", "cell", ""});
    ASSERT_EQ(joined.size(), 1u);
    ASSERT_EQ(joined[0].hits.size(), 3u);
    EXPECT_EQ(joined[0].hits[0].times, 3);
}

TEST(Cursors, AreReadStrictly) {
    const Cursor cursor{1234567, Uuid::make()};
    const auto back = Cursor::parse(cursor.text());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->rank, 1234567);
    EXPECT_EQ(back->id, cursor.id);
    for (const char* bad : {"", "x", ".", "1.", "1.x", "-1.00000000-0000-0000-0000-000000000000",
                            "99999999999999999999.00000000-0000-0000-0000-000000000000",
                            "9999999999999999.00000000-0000-0000-0000-000000000000"})
        EXPECT_FALSE(Cursor::parse(bad)) << bad;
}

http::Request upload(std::string name, std::string content) {
    http::Request request;
    request.headers.emplace_back("content-type", "multipart/form-data; boundary=b");
    request.body = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" +
                   content + "\r\n--b--\r\n";
    return request;
}

TEST(Upload, TakesTextAtOnceAndOtherFilesToBeRead) {
    const auto request = upload("Notes é.MD", "\xef\xbb\xbfText");
    const auto files = read_upload(request);
    ASSERT_TRUE(files);
    EXPECT_EQ((*files)[0].name, "Notes é.MD");
    EXPECT_EQ((*files)[0].media_type, "text/markdown");
    EXPECT_EQ((*files)[0].text, "Text");
    EXPECT_EQ((*files)[0].bytes.size(), 7u);

    for (const auto& later : {upload("a.pdf", "x"), upload("a.txt", "\xff\xfe")}) {
        const auto taken = read_upload(later);
        ASSERT_TRUE(taken);
        EXPECT_FALSE((*taken)[0].text);
    }

    const std::pair<http::Request, ErrorCode> bad[] = {
        {upload("a.exe", "x"), ErrorCode::wrong_type},
        {upload("a.txt", "  \n"), ErrorCode::invalid_input},
        {upload("a.pdf", ""), ErrorCode::invalid_input},
        {upload("a.txt", std::string(max_text_bytes + 1, 'x')), ErrorCode::too_large},
        {upload("a.pdf", std::string(max_file_bytes + 1, 'x')), ErrorCode::too_large},
        {upload("", "x"), ErrorCode::invalid_input},
    };
    for (const auto& [one, code] : bad) {
        const auto refused = read_upload(one);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, code) << refused.error().detail;
    }
    EXPECT_NE(read_upload(bad[0].first).error().detail.find("a.exe"), std::string::npos);
}

TEST(Upload, KeepsTheEndingOfAName) {
    EXPECT_TRUE(may_be_renamed("a.txt", "b.md"));
    EXPECT_TRUE(may_be_renamed("a.pdf", "B.PDF"));
    EXPECT_TRUE(may_be_renamed("page.htm", "page.html"));
    EXPECT_FALSE(may_be_renamed("a.pdf", "a.txt"));
    EXPECT_FALSE(may_be_renamed("a.txt", "a.docx"));
    EXPECT_FALSE(may_be_renamed("a.txt", "a"));
}

TEST(ContentDisposition, NamesTheFileForEveryClient) {
    EXPECT_EQ(content_disposition("notes.txt"), "attachment; filename=\"notes.txt\"");
    EXPECT_EQ(content_disposition("a\"b é.md"),
              "attachment; filename=\"a_b _.md\"; filename*=UTF-8''a%22b%20%C3%A9.md");
    EXPECT_EQ(content_disposition("x\r\nSet-Cookie: a.txt").find('\n'), std::string::npos);
}

}  // namespace
}  // namespace bb::materials
