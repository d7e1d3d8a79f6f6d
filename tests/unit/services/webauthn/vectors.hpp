#pragma once

namespace bb::webauthn::vectors {

/// Answers of authenticators in software (tests/support/authenticator.mjs) for https://learn.example.org, in
/// base64url as browsers send them.

struct MadeVector {
    const char* id;
    const char* client_data;
    const char* attestation_object;
};

struct ShownVector {
    const char* id;
    const char* client_data;
    const char* authenticator_data;
    const char* signature;
};

constexpr auto origin = "https://learn.example.org";
constexpr auto party_id = "learn.example.org";
constexpr auto challenge_to_make = "Y2hhbGxlbmdlIHRvIGFkZCBhIHBhc3NrZXkgMDAwMDA";
constexpr auto challenge_to_show = "Y2hhbGxlbmdlIHRvIHNpZ24gaW4gd2l0aCBpdCAwMDA";

constexpr MadeVector es256_made{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ89FAAAAAwAAAAAAAAAA"
    "AAAAAAAAAAAAIHrcSqpVc4dTYytABynv1TeTAxxM2V3JDn74vIctpUj0pQECAyYgASFYIILHchciY0G_0b2US5Dk0fOL8F6myjHB"
    "4HJ_jpIlTuOTIlggWnNaZgzDaGuoxzFocDjkghBzCDvYyPOAnp2jq4Ll1lg"};

constexpr ShownVector es256_shown{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88FAAAABw",
    "MEYCIQDG7VPMqriqhxUwtpXVyrDSe-e1b5e3bPgjRS2EJ7U8dgIhAL2UU8iDnUiVLnnMKsmnr2awe0IytS-0ijRR8wW8gDVi"};

constexpr MadeVector attested_made{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "o2NmbXRmcGFja2VkZ2F0dFN0bXSiY2FsZyZjc2lnWEcwRQIhAO56_w26eUzZ4jmxTO6WgZbSafcAaz1U5oLkyu_XEHopAiBTfMyc"
    "YNv968AXPJgimb-HkP_Ln0Trm5t6IX6G3UpfcmhhdXRoRGF0YVik7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ89FAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAIHrcSqpVc4dTYytABynv1TeTAxxM2V3JDn74vIctpUj0pQECAyYgASFYIILHchciY0G_0b2US5Dk"
    "0fOL8F6myjHB4HJ_jpIlTuOTIlggWnNaZgzDaGuoxzFocDjkghBzCDvYyPOAnp2jq4Ll1lg"};

constexpr MadeVector made_without_user_verified{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ89BAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAIHrcSqpVc4dTYytABynv1TeTAxxM2V3JDn74vIctpUj0pQECAyYgASFYIILHchciY0G_0b2US5Dk0fOL8F6myjHB"
    "4HJ_jpIlTuOTIlggWnNaZgzDaGuoxzFocDjkghBzCDvYyPOAnp2jq4Ll1lg"};

constexpr MadeVector made_without_user_present{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ89EAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAIHrcSqpVc4dTYytABynv1TeTAxxM2V3JDn74vIctpUj0pQECAyYgASFYIILHchciY0G_0b2US5Dk0fOL8F6myjHB"
    "4HJ_jpIlTuOTIlggWnNaZgzDaGuoxzFocDjkghBzCDvYyPOAnp2jq4Ll1lg"};

constexpr MadeVector made_without_credential{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88FAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAIHrcSqpVc4dTYytABynv1TeTAxxM2V3JDn74vIctpUj0pQECAyYgASFYIILHchciY0G_0b2US5Dk0fOL8F6myjHB"
    "4HJ_jpIlTuOTIlggWnNaZgzDaGuoxzFocDjkghBzCDvYyPOAnp2jq4Ll1lg"};

constexpr MadeVector made_in_frame{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6dHJ1ZX0",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ89FAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAIHrcSqpVc4dTYytABynv1TeTAxxM2V3JDn74vIctpUj0pQECAyYgASFYIILHchciY0G_0b2US5Dk0fOL8F6myjHB"
    "4HJ_jpIlTuOTIlggWnNaZgzDaGuoxzFocDjkghBzCDvYyPOAnp2jq4Ll1lg"};

constexpr MadeVector made_below_page{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2UsInRvcE9yaWdp"
    "biI6Imh0dHBzOi8vZXZpbC5leGFtcGxlIn0",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ89FAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAIHrcSqpVc4dTYytABynv1TeTAxxM2V3JDn74vIctpUj0pQECAyYgASFYIILHchciY0G_0b2US5Dk0fOL8F6myjHB"
    "4HJ_jpIlTuOTIlggWnNaZgzDaGuoxzFocDjkghBzCDvYyPOAnp2jq4Ll1lg"};

constexpr MadeVector made_backed_up_only{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ89VAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAIHrcSqpVc4dTYytABynv1TeTAxxM2V3JDn74vIctpUj0pQECAyYgASFYIILHchciY0G_0b2US5Dk0fOL8F6myjHB"
    "4HJ_jpIlTuOTIlggWnNaZgzDaGuoxzFocDjkghBzCDvYyPOAnp2jq4Ll1lg"};

constexpr ShownVector shown_without_user_verified{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88BAAAABw",
    "MEQCIEGeJNSE-fztrhIH-gNTUWp_a1WLDyOFr4qSwpJ_r9l4AiAcUjb1OnuY-aX7oy4wtQ7OX-h7WqyERLeS7BjvjSPQyQ"};

constexpr ShownVector shown_without_user_present{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88EAAAABw",
    "MEQCIGN12u15V1W9deduMcj2JCENf1itJsOGma7tL4ExrCx6AiA1lpBmS7elgWXn7dKuCZ7b3oU3Pne0RQ7i9EnDTOdF1g"};

constexpr ShownVector shown_as_created{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0Jw"
    "ZENBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88FAAAABw",
    "MEUCIQDh6cAHCpSLRueifNpzLNaO0xi0JzzKi3IxePb7sae8kgIgFbBXp0Sv0L4rMcPO0qb7t83hO9fZ9O3SinN68jPhqMI"};

constexpr ShownVector shown_in_frame{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6dHJ1ZX0",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88FAAAABw",
    "MEUCIQClT1-b7DnFCd3tv7tDytskK8Vu4qy26OhiDZbx9HfUOAIgZyVdXSxdhZz3gnLGcQwNJbo0oM_xCxs89z6H9_LL3MA"};

constexpr ShownVector shown_at_other_site{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "nBgN4M1pnueIl8R8_bPn7h11kG4xt3RqR0fepTaQmDcFAAAABw",
    "MEUCIQCx1TV-Y0WvLoE9gXDbUUKBRx7vU8CSZf47-zP2_HqPkAIgcP4XhigMyAqtd6272OE1uBymV4BZzEGK9DoGCKhoVTE"};

constexpr ShownVector shown_on_other_port{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmc6ODQ0MyIsImNyb3NzT3JpZ2luIjpmYWxzZX0",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88FAAAABw",
    "MEUCIQD7dafiGNfIZ7_PbxXtJBb5GOtXRznR22Bq7Jq5c9mB-QIgY7yWL3MpTwjN6pjotIlakqQmjCXoprtgHu_Zg5djp1s"};

constexpr ShownVector shown_uncounted{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88FAAAAAA",
    "MEUCIQCetc1AOWlEM68k12CogKtfV56cSvEjlMphhc_HxubA8wIgI7L8uJMYOQmNWEj2F5lXa6G_cImB4MgTdwh4vVnnp9s"};

constexpr ShownVector shown_eligible{
    "etxKqlVzh1NjK0AHKe_VN5MDHEzZXckOfvi8hy2lSPQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88NAAAABw",
    "MEUCIQCopCHat0HXP8JoyVP9du0U1C7Wn59WC-SIcidm2Z8lnQIgDdFFexpzgSN_VwuLPTNwMCrErmcSLftnePxp0Jx29_g"};

constexpr MadeVector eddsa_made{
    "tJnVCbGpWl6FlhEBpT4tji8JoTGSdIagPRC5Fw1awQ4",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YViB7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ89FAAAAAwAAAAAAAAAA"
    "AAAAAAAAAAAAILSZ1QmxqVpehZYRAaU-LY4vCaExknSGoD0QuRcNWsEOpAEBAycgBiFYIEcF79voE6WGZ5PSqV5mGpqO3xFvlcPC"
    "GRjWMi_G8nlQ"};

constexpr ShownVector eddsa_shown{
    "tJnVCbGpWl6FlhEBpT4tji8JoTGSdIagPRC5Fw1awQ4",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88FAAAABw",
    "286copsK1ELx6mwZpqDlkbm468YxXhZRLyrs6dbwOmAJOlHlplBDwwsxxH7cez_O0uYVliaf-9thLo33S-RlBg"};

constexpr MadeVector rs256_made{
    "6Twj8vJbwjVJFOXvcxcU9hZy2EHDRcdAdk5_mZlW1hc",
    "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklHRmtaQ0JoSUhCaGMzTnJaWGtn"
    "TURBd01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVkBZ-1-yGdfXjkQ_bSbvlqjxn24mCp5XCT7r4jbgtrqUWfPRQAAAAMAAAAAAAAA"
    "AAAAAAAAAAAAACDpPCPy8lvCNUkU5e9zFxT2FnLYQcNFx0B2Tn-ZmVbWF6QBAwM5AQAgWQEAxlAzBQso9XP7Axre_eQdBX87fnab"
    "pVhPXR2ctrnX1EOPq0PzszDLxmihV05u3fSRbb5luzwE14Lu2uvPwo9c8zCP9cdZDNu2c7ulm0u7uzy5FsvctQ898oi5gVPuveBh"
    "pHxKmzZQW5hCvfl2qiGyJ_mT5sTptoZIOsodcd9YAZCAp22Z4GYdGbfhRgaljUxGxlgOQUD9__iJXkOXZENp8BY0F0wBai7uN_ra"
    "i--5GuasL4iSe7tShLbPRDSsmcJ40fYmUWSnSFEAhyLaQ7FFxAhv9-xi6TpaFka_4R8v1pm42Jk7acfhaPTj0y9zJZY7UbIa6LlA"
    "ZIt2ScujEYCc0yFDAQAB"};

constexpr ShownVector rs256_shown{
    "6Twj8vJbwjVJFOXvcxcU9hZy2EHDRcdAdk5_mZlW1hc",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWTJoaGJHeGxibWRsSUhSdklITnBaMjRnYVc0Z2QybDBhQ0JwZENB"
    "d01EQSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVhcm4uZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "7X7IZ19eORD9tJu-WqPGfbiYKnlcJPuviNuC2upRZ88FAAAABw",
    "l6ifvl4DQ9ogdlzn3-RFya5O0-TQjrZIeIHFHycdJM7n6osg4YMuPL1cyAjMXDclQMaQS4rK886kIvZce0unMshtS8NBVGUZh7eP"
    "zT0Bdv9Y3qaVRIxoG9vPQMef96ZXZvid_t9IfM_fjeDGNzoxFuE3Ob6b_VV7Mn1R-0Sx8uIuOLGOSHKtXZIcxlH7ldF7hFrj3QU2"
    "N1YGAUBRabP6g0J91V3wvpgQC6bH5rxochGef7Wh_sQulgCqI4jbfVt37sUthdEmfdk8ncPof-3jcUtuUpdSaihCN0FcmQy_AMsz"
    "ZJ9C2EQQMXHsdjW-DOpZUUDKLpBmZAdVSX5vKJee0A"};

}  // namespace bb::webauthn::vectors
