#include "features/accounts/passkey_input.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/core/address.hpp"
#include "base/core/base64url.hpp"
#include "base/core/json_reader.hpp"
#include "features/accounts/recovery_codes.hpp"

namespace bb::accounts {
namespace {

namespace json = boost::json;

constexpr TextLimits name_limits{1, 80};
constexpr std::size_t longest_part = 64 << 10;  // bytes; a certificate chain may be in it
constexpr std::size_t most_transports = 8;
constexpr std::size_t longest_transport = 32;

/// Reads a credential member by member and keeps every complaint.
class CredentialReader {
public:
    explicit CredentialReader(const json::value* credential) : whole_(object_at(credential, "#/credential")) {
        if (whole_ == nullptr) return;
        response_ = object_at(whole_->if_contains("response"), "#/credential/response");
        const auto* type = whole_->if_contains("type");
        if (type == nullptr || *type != json::value("public-key"))
            complain("#/credential/type", "must be public-key");
    }

    std::string id() { return bytes(whole_, "id", "#/credential/id"); }
    std::string response(std::string_view name) {
        return bytes(response_, name, fmt::format("#/credential/response/{}", name));
    }

    std::vector<std::string> transports() {
        std::vector<std::string> read;
        const auto* value = response_ ? response_->if_contains("transports") : nullptr;
        if (value == nullptr) return read;
        const auto* list = value->if_array();
        bool fits = list != nullptr && list->size() <= most_transports;
        for (std::size_t i = 0; fits && i < list->size(); ++i) {
            const auto* text = (*list)[i].if_string();
            fits = text != nullptr && is_transport({text->data(), text->size()});
            if (fits) read.emplace_back(text->data(), text->size());
        }
        if (!fits) complain("#/credential/response/transports", "must be a short list of words");
        return read;
    }

    std::vector<FieldError> take_faults() { return std::move(faults_); }

private:
    void complain(std::string pointer, std::string detail) {
        faults_.push_back({std::move(pointer), std::move(detail)});
    }

    const json::object* object_at(const json::value* value, std::string pointer) {
        const auto* object = value ? value->if_object() : nullptr;
        if (object == nullptr) complain(std::move(pointer), "must be an object");
        return object;
    }

    std::string bytes(const json::object* object, std::string_view name, std::string pointer) {
        if (object == nullptr) return {};  // complained about already
        const auto* value = object->if_contains({name.data(), name.size()});
        const auto* text = value ? value->if_string() : nullptr;
        if (text != nullptr && !text->empty() && text->size() <= longest_part * 4 / 3)
            if (auto read = crypto::parse_base64url({text->data(), text->size()})) return std::move(*read);
        complain(std::move(pointer), "must be bytes in base64url");
        return {};
    }

    static bool is_transport(std::string_view text) {
        const auto fits = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        };
        return !text.empty() && text.size() <= longest_transport &&
               std::all_of(text.begin(), text.end(), fits);
    }

    std::vector<FieldError> faults_;
    const json::object* whole_ = nullptr;
    const json::object* response_ = nullptr;
};

/// `value`, or everything that either reader complains about.
template <class T>
Result<T> finished(FieldReader& in, CredentialReader& credential, T value) {
    auto faults = credential.take_faults();
    auto bad = in.error();
    if (!bad && faults.empty()) return value;
    if (!bad) bad = Error(ErrorCode::invalid_input, "Some fields need attention.");
    bad->fields.insert(bad->fields.end(), faults.begin(), faults.end());
    return std::move(*bad);
}

}  // namespace

Result<NewPasskey> parse_new_passkey(const json::value& body, const std::string& standard_name) {
    FieldReader in(body);
    NewPasskey parsed;
    parsed.name = in.optional_text("name", name_limits).value_or(standard_name);
    CredentialReader credential(in.raw("credential"));
    parsed.made.credential_id = credential.id();
    parsed.made.client_data = credential.response("clientDataJSON");
    parsed.made.attestation_object = credential.response("attestationObject");
    parsed.transports = credential.transports();
    return finished(in, credential, std::move(parsed));
}

Result<webauthn::Assertion> parse_assertion(const json::value& body) {
    FieldReader in(body);
    CredentialReader credential(in.raw("credential"));
    webauthn::Assertion parsed;
    parsed.credential_id = credential.id();
    parsed.client_data = credential.response("clientDataJSON");
    parsed.authenticator_data = credential.response("authenticatorData");
    parsed.signature = credential.response("signature");
    parsed.user_handle = credential.response("userHandle");
    return finished(in, credential, std::move(parsed));
}

Result<std::string> parse_passkey_name(const json::value& body) {
    FieldReader in(body);
    auto name = in.text("name", name_limits);
    if (auto bad = in.error()) return std::move(*bad);
    return name;
}

Result<RecoveryEntry> parse_recovery_entry(const json::value& body) {
    FieldReader in(body);
    RecoveryEntry parsed{in.text("email", {1, 254}), in.text("code", {1, 80})};
    const auto address = parse_address(parsed.email);
    if (!address && !parsed.email.empty()) in.complain("email", "This is not an e-mail address.");
    const auto code = parse_recovery_code(parsed.code);
    if (!code && !parsed.code.empty()) in.complain("code", "A recovery code has 16 letters and digits.");
    if (auto bad = in.error()) return std::move(*bad);
    return RecoveryEntry{*address, *code};
}

}  // namespace bb::accounts
