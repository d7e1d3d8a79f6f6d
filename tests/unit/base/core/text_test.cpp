#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/time.hpp"
#include "base/core/utf8.hpp"
#include "base/core/uuid.hpp"

namespace bb {
namespace {

TEST(Utf8, TellsWellFormedText) {
    for (const char* good : {"", "plain", "Ñandú", "\u20ac", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(utf8::valid(good)) << good;
    for (const char* bad :
         {"\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\x80", "a\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3("})
        EXPECT_FALSE(utf8::valid(bad)) << bad;
}

TEST(Utf8, CountsAndCutsByCodePoint) {
    const std::string_view text = "aé€😀z";
    EXPECT_EQ(utf8::length(text), 5u);
    EXPECT_EQ(utf8::prefix(text, 3), "aé€");
    EXPECT_EQ(utf8::prefix(text, 99), text);
    EXPECT_EQ(utf8::prefix(text, 0), "");
    EXPECT_EQ(utf8::offset_of(text, 4), 10u);
    EXPECT_EQ(utf8::offset_of(text, 5), text.size());
    std::u32string decoded;
    for (std::size_t at = 0; at < text.size();) decoded += utf8::next(text, at);
    EXPECT_EQ(decoded, U"aé€😀z");
    std::string again;
    for (const char32_t c : decoded) utf8::append(again, c);
    EXPECT_EQ(again, text);
}

TEST(Utf8, RepairsBytesThatAreNotText) {
    EXPECT_EQ(utf8::repaired("aé"), "aé");
    EXPECT_EQ(utf8::repaired("a\xff"
                             "b"),
              "a\ufffdb");
    EXPECT_EQ(utf8::repaired("\xe2\x82"), "\ufffd\ufffd");
    std::size_t at = 0;
    EXPECT_EQ(utf8::next("\xff", at), U'\ufffd');
    EXPECT_EQ(at, 1u);
}

TEST(Utf8, TrimsAndFindsControls) {
    EXPECT_EQ(utf8::trim(" \t\r\n a b \n"), "a b");
    EXPECT_EQ(utf8::trim(" \n"), "");
    EXPECT_FALSE(utf8::has_controls("a\tb\r\né"));
    EXPECT_TRUE(utf8::has_controls(std::string_view("a\0b", 3)));
    EXPECT_TRUE(utf8::has_controls("\x1b[0m"));
    EXPECT_TRUE(utf8::has_controls("\x7f"));
}

TEST(Uuids, AreVersion7AndSortByTime) {
    const auto before = std::chrono::duration_cast<std::chrono::milliseconds>(now() - Time()).count();
    const auto first = Uuid::make();
    std::int64_t stamped = 0;
    for (std::size_t i = 0; i < 6; ++i) stamped = stamped << 8 | first.bytes[i];
    EXPECT_GE(stamped, before);
    EXPECT_LT(stamped, before + 1'000);
    EXPECT_EQ(first.bytes[6] >> 4, 7);
    EXPECT_EQ(first.bytes[8] >> 6, 2);
    std::vector<Uuid> all;
    for (int i = 0; i < 10'000; ++i) all.push_back(Uuid::make());
    EXPECT_LT(first, all.front());
    EXPECT_EQ(std::adjacent_find(all.begin(), all.end(), std::greater_equal<>()), all.end())
        << "events of one moment are told in their order";
    EXPECT_NE(std::hash<Uuid>()(first), std::hash<Uuid>()(all.front()));
}

TEST(Uuids, AreMadeOnceByManyThreads) {
    std::array<std::vector<Uuid>, 4> made;
    std::vector<std::thread> threads;
    for (auto& mine : made)
        threads.emplace_back([&mine] {
            for (int i = 0; i < 5'000; ++i) mine.push_back(Uuid::make());
        });
    for (auto& thread : threads) thread.join();
    std::set<std::uint64_t> stamps;  // without what is random
    for (const auto& mine : made)
        for (const auto& uuid : mine) {
            std::uint64_t stamp = 0;
            for (std::size_t i = 0; i < 8; ++i) stamp = stamp << 8 | uuid.bytes[i];
            stamps.insert(stamp);
        }
    EXPECT_EQ(stamps.size(), 20'000u);
}

TEST(Uuids, ReadTheirTextFormOnly) {
    const auto uuid = Uuid::parse("0192F3A4-5b6c-7d8e-9f00-112233445566");
    ASSERT_TRUE(uuid);
    EXPECT_EQ(uuid->text(), "0192f3a4-5b6c-7d8e-9f00-112233445566");
    using ThingId = Id<struct ThingTag>;
    EXPECT_EQ(ThingId::parse(uuid->text())->value, *uuid);
    EXPECT_EQ(ThingId::make().text().size(), 36u);
    for (const char* bad : {"", "0192f3a4-5b6c-7d8e-9f00-11223344556",
                            "0192f3a4-5b6c-7d8e-9f00-1122334455667", "0192f3a45b6c-7d8e-9f00-112233445566-",
                            "g192f3a4-5b6c-7d8e-9f00-112233445566", "{192f3a4-5b6c-7d8e-9f00-112233445566"}) {
        EXPECT_FALSE(Uuid::parse(bad)) << bad;
        EXPECT_FALSE(ThingId::parse(bad));
    }
}

TEST(Times, AreWrittenInUtc) {
    const Time time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(20) +
                      std::chrono::minutes(10) + std::chrono::microseconds(123456);
    EXPECT_EQ(to_rfc3339(time), "2026-11-22T20:10:00.123456Z");
    EXPECT_EQ(to_http_date(time), "Sun, 22 Nov 2026 20:10:00 GMT");
    EXPECT_EQ(to_rfc3339(Time(std::chrono::microseconds(-1))), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(to_http_date(Time()), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_LT(now() - Time(), std::chrono::hours(24 * 365 * 200));
}

TEST(Crypto, KnowsTheStandardVectors) {
    crypto::initialize();
    const auto digest = crypto::sha256("abc");
    EXPECT_EQ(crypto::hex(digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(crypto::base64(digest), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    EXPECT_EQ(crypto::hex(std::string("\x00\xff", 2)), "00ff");
}

TEST(Crypto, MakesWhatNobodyGuesses) {
    EXPECT_EQ(crypto::random_token().size(), 43u);
    EXPECT_NE(crypto::random_token(), crypto::random_token());
    EXPECT_EQ(crypto::random_token().find_first_of("+/="), std::string::npos);
    EXPECT_EQ(crypto::random_digits(6).size(), 6u);
    EXPECT_EQ(crypto::random_digits(6).find_first_not_of("0123456789"), std::string::npos);
    std::set<std::string> all;
    for (int i = 0; i < 2000; ++i) {
        std::string bytes(16, '\0');
        crypto::random_fill(bytes.data(), bytes.size());
        all.insert(bytes);
    }
    EXPECT_EQ(all.size(), 2000u);
    std::string large(5000, '\0');
    crypto::random_fill(large.data(), large.size());
    EXPECT_NE(large.substr(0, 2500), large.substr(2500));
}

TEST(Crypto, DoesNotRepeatItselfInAForkedChild) {
    char mine[16], theirs[16];
    crypto::random_fill(mine, sizeof mine);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        crypto::random_fill(theirs, sizeof theirs);
        ::_exit(::write(ends[1], theirs, sizeof theirs) == sizeof theirs ? 0 : 1);
    }
    ASSERT_EQ(::read(ends[0], theirs, sizeof theirs), static_cast<ssize_t>(sizeof theirs));
    crypto::random_fill(mine, sizeof mine);
    EXPECT_NE(std::string(mine, sizeof mine), std::string(theirs, sizeof theirs));
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(Crypto, ComparesWholeTexts) {
    EXPECT_TRUE(crypto::equal("abc", "abc"));
    EXPECT_FALSE(crypto::equal("abc", "abd"));
    EXPECT_FALSE(crypto::equal("abc", "ab"));
    EXPECT_TRUE(crypto::equal("", ""));
}

}  // namespace
}  // namespace bb
