#include "base/core/json_writer.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/passkey_input.hpp"
#include "features/accounts/recovery_codes.hpp"

namespace bb::accounts {

Answer show_recovery_codes(http::Request& request, Services& services) {
    RecoveryCodes codes(services.db, services.secret);
    const auto standing = co_await codes.standing(owner_of(request));
    JsonWriter json;
    json.object().field("left", standing.left).field("createdAt", standing.created_at).end();
    co_return http::json_response(json.take());
}

Answer renew_recovery_codes(http::Request& request, Services& services) {
    const auto owner = owner_of(request);
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    RecoveryCodes codes(services.db, services.secret);
    const auto made = co_await codes.renew(owner, audit::origin_of(request));
    JsonWriter json;
    json.object().key("recoveryCodes").array();
    for (const auto& code : made) json.value(code);
    json.end().end();
    co_return http::json_response(json.take());
}

Answer enter_recovery_code(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto input = parse_recovery_entry(*body);
    if (!input) co_return input.error();
    if (auto refused = co_await refuse_try(request, services, "recovery code", input->email))
        co_return std::move(*refused);
    RecoveryCodes codes(services.db, services.secret);
    auto recovered = co_await codes.sign_in(input->email, input->code, client_of(request));
    if (!recovered) {
        co_await note_failure(request, services, recovered.error(), "recovery code", input->email);
        co_return recovered.error();
    }
    auto entered = co_await welcome(request, services, std::move(recovered->session), "recovery code");
    if (!entered) co_return entered.error();
    JsonWriter json;
    json.object().field("recoveryCodesLeft", recovered->left).end();
    auto response = http::json_response(json.take());
    for (auto& [name, value] : entered->headers)
        if (name == "Set-Cookie") response.header(name, std::move(value));
    co_return response;
}

}  // namespace bb::accounts
