#include "operations/dns/change.hpp"

#include <gtest/gtest.h>

#include "unit/support/unprivileged.hpp"

namespace bb::dns {
namespace {

const Zone zone{"z1", "school.example"};

Record record(std::string id, std::string type, std::string content) {
    return {std::move(id), "tutor.school.example", std::move(type), std::move(content), 300, false};
}

Wish wish(std::string type, std::string content) {
    return {"tutor.school.example", {std::move(type), std::move(content)}, false, {}, {}};
}

TEST(Names, AreWrittenAsTheApiAnswers) {
    EXPECT_EQ(parse_name("Tutor.School.Example.").value(), "tutor.school.example");
    EXPECT_EQ(parse_name("*.school.example").value(), "*.school.example");
    EXPECT_EQ(parse_name("_dmarc.school.example").value(), "_dmarc.school.example");
    for (const auto* bad : {"", ".", "school", "a..b", "a.*.b", "-a.b", "a-.b", "a b.c", "a.b/../c",
                            "\xc3\xa9.b", "a.b?page=2", "a.b&name=c"})
        EXPECT_FALSE(parse_name(bad)) << bad;
    std::string too_long(64, 'a');
    too_long += ".b";
    EXPECT_FALSE(parse_name(too_long));
}

TEST(Targets, KnowTheirType) {
    EXPECT_EQ(parse_target("203.0.113.5").value(), (Target{"A", "203.0.113.5"}));
    EXPECT_EQ(parse_target("2001:DB8::0:5").value(), (Target{"AAAA", "2001:db8::5"}));
    EXPECT_EQ(parse_target("Host.Example.").value(), (Target{"CNAME", "host.example"}));
    for (const auto* bad :
         {"203.0.113.500", "203.0.113", "*.host.example", "http://host.example", "2001:db8::g"})
        EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(PlanChange, KeepsWhatNobodySpokeOf) {
    const auto change = plan_change(zone, {record("r1", "A", "203.0.113.5")}, wish("A", "198.51.100.9"));
    ASSERT_TRUE(change);
    EXPECT_EQ(change->after->id, "r1");
    EXPECT_EQ(change->after->ttl, 300);
    EXPECT_EQ(change->before->content, "203.0.113.5");
    EXPECT_FALSE(change->changes_nothing());
    EXPECT_TRUE(
        plan_change(zone, {record("r1", "A", "203.0.113.5")}, wish("A", "203.0.113.5"))->changes_nothing());
}

TEST(PlanChange, LeavesRecordsThatAreNoAddressesAlone) {
    const auto change = plan_change(zone, {record("t1", "TXT", "text"), record("m1", "MX", "mail.example")},
                                    wish("A", "203.0.113.5"));
    ASSERT_TRUE(change);
    EXPECT_FALSE(change->before);
}

TEST(PlanChange, RefusesWhatIsNotClear) {
    const auto four = record("r1", "A", "203.0.113.5"), six = record("r2", "AAAA", "2001:db8::5");
    EXPECT_FALSE(plan_change(zone, {four, record("r3", "A", "203.0.113.6")}, wish("A", "198.51.100.9")));
    EXPECT_FALSE(plan_change(zone, {four, six}, wish("A", "198.51.100.9")));
    EXPECT_FALSE(plan_change(zone, {four}, wish("CNAME", "host.example")));
    EXPECT_FALSE(plan_change(zone, {record("c1", "CNAME", "host.example")}, wish("A", "203.0.113.5")));
    auto sure = wish("A", "198.51.100.9");
    sure.type_said = true;
    EXPECT_EQ(plan_change(zone, {four, six}, sure)->after->id, "r1");
}

TEST(LastChange, IsReadAsItWasWritten) {
    const test::Folder folder;
    const LastChange last(folder.path);
    EXPECT_FALSE(last.read());
    const Change change{zone, {}, record("r1", "A", "203.0.113.5")};
    last.write(change);
    const auto read = last.read();
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->before);
    EXPECT_EQ(*read->after, *change.after);
    EXPECT_EQ(read->zone.id, "z1");
    last.put_back("{\"zone\":");
    EXPECT_EQ(last.read().error().code, ErrorCode::malformed);
    last.forget();
    EXPECT_EQ(last.read().error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace bb::dns
