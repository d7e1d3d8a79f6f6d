#include "services/secrets/sealed.hpp"

#include <gtest/gtest.h>

#include "base/core/crypto.hpp"

namespace {

using namespace bb;
using namespace bb::secrets;

class Sealed : public ::testing::Test {
protected:
    Sealed() { crypto::initialize(); }

    const KeyId id_{1, 2, 3, 4, 5, 6, 7, 8};
    const Key key_ = Key::derive("a secret", "test");
    const Place place_{"things.text", Uuid::make()};
};

TEST_F(Sealed, OpensWhereItWasSealed) {
    for (const std::string text : {"", "x", "a longer text with \0 in it", "ñ"}) {
        const auto sealed = seal(id_, key_, place_, text);
        EXPECT_EQ(open(key_, place_, sealed), text);
        EXPECT_EQ(key_id_of(sealed), id_);
    }
}

TEST_F(Sealed, NeverLooksTheSameTwiceNorShowsTheText) {
    const std::string text = "gho_0123456789";
    const auto one = seal(id_, key_, place_, text);
    EXPECT_NE(one, seal(id_, key_, place_, text));
    EXPECT_EQ(one.find(text), std::string::npos);
}

TEST_F(Sealed, EveryChangedByteIsNoticed) {
    const auto sealed = seal(id_, key_, place_, "text");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_EQ(open(key_, place_, changed), std::nullopt) << "byte " << i;
        EXPECT_EQ(open(key_, place_, sealed.substr(0, i)), std::nullopt) << "cut at " << i;
    }
    EXPECT_EQ(open(key_, place_, sealed + "x"), std::nullopt);
}

TEST_F(Sealed, OpensInNoOtherRowAndNoOtherColumn) {
    const auto sealed = seal(id_, key_, place_, "text");
    const Place row{place_.column, Uuid::make()};
    const Place column{"things.other", place_.row};
    EXPECT_EQ(open(key_, row, sealed), std::nullopt);
    EXPECT_EQ(open(key_, column, sealed), std::nullopt);
}

TEST_F(Sealed, OpensWithNoOtherKey) {
    const auto sealed = seal(id_, key_, place_, "text");
    EXPECT_EQ(open(Key::derive("another secret", "test"), place_, sealed), std::nullopt);
    EXPECT_EQ(open(Key::derive("a secret", "another use"), place_, sealed), std::nullopt);
    EXPECT_EQ(open(Key::random(), place_, sealed), std::nullopt);
}

TEST_F(Sealed, WhatIsNotSealedHasNoKey) {
    for (const std::string text :
         {"", "\x01", "plain text that is long enough to be taken for something sealed"})
        EXPECT_EQ(key_id_of(text), std::nullopt);
}

}  // namespace
