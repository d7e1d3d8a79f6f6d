#include "services/webauthn/verify.hpp"

#include <gtest/gtest.h>

#include "base/core/base64url.hpp"
#include "unit/services/webauthn/vectors.hpp"

namespace {

using namespace bb;
using namespace bb::webauthn;

const std::string handle = "sixteen bytes id";

std::string decoded(const char* text) {
    return crypto::parse_base64url(text).value();
}

Registration made(const vectors::MadeVector& vector) {
    return {decoded(vector.id), decoded(vector.client_data), decoded(vector.attestation_object)};
}

Assertion shown(const vectors::ShownVector& vector) {
    return {decoded(vector.id), decoded(vector.client_data), decoded(vector.authenticator_data),
            decoded(vector.signature), handle};
}

Expected expected(const char* challenge) {
    return {{vectors::party_id, vectors::origin}, crypto::sha256(challenge)};
}
Expected to_make() {
    return expected(vectors::challenge_to_make);
}
Expected to_show() {
    return expected(vectors::challenge_to_show);
}

Credential known() {
    return verify_registration(made(vectors::es256_made), to_make()).value();
}

template <class T>
std::string refusal(const Result<T>& result) {
    if (result) return "accepted";
    EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
    return result.error().detail;
}

std::string refusal_of(const Assertion& assertion, const Expected& wanted = to_show()) {
    return refusal(verify_assertion(assertion, known(), handle, wanted));
}

TEST(WebauthnVerify, EveryAlgorithmRegistersAndSignsIn) {
    struct Case {
        int algorithm;
        std::size_t key_size;
        vectors::MadeVector made;
        vectors::ShownVector shown;
    };
    const Case cases[] = {{-7, 64, vectors::es256_made, vectors::es256_shown},
                          {-8, 32, vectors::eddsa_made, vectors::eddsa_shown},
                          {-257, 259, vectors::rs256_made, vectors::rs256_shown}};
    for (const auto& one : cases) {
        SCOPED_TRACE(one.algorithm);
        const auto credential = verify_registration(made(one.made), to_make());
        ASSERT_TRUE(credential) << credential.error().detail;
        EXPECT_EQ(credential->algorithm, one.algorithm);
        EXPECT_EQ(credential->id, decoded(one.made.id));
        EXPECT_EQ(credential->public_key.size(), one.key_size);
        EXPECT_EQ(credential->counter, 3u);
        EXPECT_FALSE(credential->backup_eligible);
        const auto counter = verify_assertion(shown(one.shown), *credential, handle, to_show());
        ASSERT_TRUE(counter) << counter.error().detail;
        EXPECT_EQ(*counter, 7u);
    }
}

TEST(WebauthnVerify, AnAttestationIsCheckedThoughNoneIsAskedFor) {
    EXPECT_TRUE(verify_registration(made(vectors::attested_made), to_make()));
    auto tampered = made(vectors::attested_made);
    const auto at = tampered.attestation_object.find("authData");
    ASSERT_NE(at, std::string::npos);
    tampered.attestation_object[at - 1 - 4] ^= 1;  // within the signature that stands before it
    EXPECT_EQ(refusal(verify_registration(tampered, to_make())), "the attestation does not fit");
    // "none" with a statement is no format at all (section 8.7).
    auto named_none = made(vectors::attested_made);
    const auto format = named_none.attestation_object.find("\x66packed");
    ASSERT_NE(format, std::string::npos);
    named_none.attestation_object.replace(format, 7, "\x64none");
    EXPECT_EQ(refusal(verify_registration(named_none, to_make())), "the attestation does not fit");
}

TEST(WebauthnVerify, RegistrationRefusesWhatDoesNotFit) {
    const auto refused = [](const vectors::MadeVector& vector) {
        return refusal(verify_registration(made(vector), to_make()));
    };
    EXPECT_EQ(refused(vectors::made_without_user_verified), "the user was not verified");
    EXPECT_EQ(refused(vectors::made_without_user_present), "the user was not present");
    EXPECT_EQ(refused(vectors::made_without_credential), "there is no credential in it");
    EXPECT_EQ(refused(vectors::made_in_frame), "it was made within a page of another origin");
    EXPECT_EQ(refused(vectors::made_below_page), "it was made within a page of another origin");
    EXPECT_EQ(refused(vectors::made_backed_up_only), "the backup flags do not agree");

    const auto good = made(vectors::es256_made);
    EXPECT_EQ(refusal(verify_registration(good, to_show())), "the challenge does not fit");
    auto elsewhere = to_make();
    elsewhere.party.origin = "https://learn.example.org:8443";
    EXPECT_EQ(refusal(verify_registration(good, elsewhere)), "the origin does not fit");
    elsewhere = to_make();
    elsewhere.party.id = "example.org";
    EXPECT_EQ(refusal(verify_registration(good, elsewhere)), "the relying party does not fit");
    auto renamed = good;
    renamed.credential_id[0] ^= 1;
    EXPECT_EQ(refusal(verify_registration(renamed, to_make())), "the credential id does not fit");
    auto signed_in = good;
    signed_in.client_data = decoded(vectors::es256_shown.client_data);
    EXPECT_EQ(refusal(verify_registration(signed_in, to_show())), "the type does not fit");
}

TEST(WebauthnVerify, NoCutOfAnAttestationObjectIsTaken) {
    const auto good = made(vectors::es256_made);
    for (std::size_t size = 0; size < good.attestation_object.size(); ++size) {
        auto cut = good;
        cut.attestation_object.resize(size);
        EXPECT_FALSE(verify_registration(cut, to_make())) << size;
    }
    auto longer = good;
    longer.attestation_object += '\0';
    EXPECT_EQ(refusal(verify_registration(longer, to_make())), "the attestation object cannot be read");
}

TEST(WebauthnVerify, SignInRefusesWhatDoesNotFit) {
    EXPECT_EQ(refusal_of(shown(vectors::es256_shown)), "accepted");
    EXPECT_EQ(refusal_of(shown(vectors::shown_without_user_verified)), "the user was not verified");
    EXPECT_EQ(refusal_of(shown(vectors::shown_without_user_present)), "the user was not present");
    EXPECT_EQ(refusal_of(shown(vectors::shown_as_created)), "the type does not fit");
    EXPECT_EQ(refusal_of(shown(vectors::shown_in_frame)), "it was made within a page of another origin");
    EXPECT_EQ(refusal_of(shown(vectors::shown_at_other_site)), "the relying party does not fit");
    EXPECT_EQ(refusal_of(shown(vectors::shown_on_other_port)), "the origin does not fit");
    EXPECT_EQ(refusal_of(shown(vectors::shown_eligible)), "whether it can be backed up has changed");
    EXPECT_EQ(refusal_of(shown(vectors::es256_shown), to_make()), "the challenge does not fit");
    EXPECT_EQ(refusal_of(shown(vectors::eddsa_shown)), "the credential does not fit");
}

TEST(WebauthnVerify, EveryBitOfWhatIsSignedCounts) {
    const auto good = shown(vectors::es256_shown);
    for (std::size_t i = 0; i < good.signature.size(); ++i) {
        auto tampered = good;
        tampered.signature[i] ^= 1;
        EXPECT_EQ(refusal_of(tampered), "the signature does not fit") << i;
    }
    auto counted_up = good;
    counted_up.authenticator_data[36] ^= 0x08;  // the counter
    EXPECT_EQ(refusal_of(counted_up), "the signature does not fit");
    auto spaced = good;
    spaced.client_data += ' ';
    EXPECT_EQ(refusal_of(spaced), "the signature does not fit");
    auto unsigned_one = good;
    unsigned_one.signature.clear();
    EXPECT_EQ(refusal_of(unsigned_one), "the signature does not fit");
}

TEST(WebauthnVerify, AnotherKeyDoesNotVerify) {
    auto other = verify_registration(made(vectors::eddsa_made), to_make()).value();
    other.id = decoded(vectors::es256_shown.id);
    EXPECT_EQ(refusal(verify_assertion(shown(vectors::es256_shown), other, handle, to_show())),
              "the signature does not fit");
}

TEST(WebauthnVerify, AHandleOfSomebodyElseOrNoneIsRefused) {
    auto assertion = shown(vectors::es256_shown);
    EXPECT_EQ(refusal(verify_assertion(assertion, known(), "another person's", to_show())),
              "the user handle does not fit");
    assertion.user_handle.clear();
    EXPECT_EQ(refusal(verify_assertion(assertion, known(), "", to_show())), "the user handle does not fit");
}

TEST(WebauthnVerify, TheCounterMustGrowUnlessThereIsNone) {
    const auto counted = [](std::uint32_t before, const vectors::ShownVector& vector) {
        auto credential = known();
        credential.counter = before;
        return refusal(verify_assertion(shown(vector), credential, handle, to_show()));
    };
    EXPECT_EQ(counted(6, vectors::es256_shown), "accepted");
    EXPECT_EQ(counted(7, vectors::es256_shown), "the counter went backwards");
    EXPECT_EQ(counted(8, vectors::es256_shown), "the counter went backwards");
    EXPECT_EQ(counted(0xffffffff, vectors::es256_shown), "the counter went backwards");
    EXPECT_EQ(counted(0, vectors::shown_uncounted), "accepted");
    EXPECT_EQ(counted(1, vectors::shown_uncounted), "the counter went backwards");
}

TEST(WebauthnVerify, ClientDataThatIsNoneIsRefused) {
    for (const char* text : {"", "{", "[]", "null", "{}", R"({"challenge":5})", R"({"challenge":""})"})
        EXPECT_FALSE(challenge_hash_of(text)) << text;
    EXPECT_EQ(challenge_hash_of(R"({"challenge":"abc"})"), crypto::sha256("abc"));
    auto odd = shown(vectors::es256_shown);
    odd.client_data = "[]";
    EXPECT_EQ(refusal_of(odd), "the client data is not a JSON object");
}

}  // namespace
