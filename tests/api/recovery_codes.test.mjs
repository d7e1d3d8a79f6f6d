// Recovery codes, and the limits of signing in with them and with passkeys.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startServer } from "../support/server.mjs";

let server;
before(async () => {
    server = await startServer();
});
after(() => server.stop());

const enter = (email, code, from = server) =>
    from.request("/api/auth/recovery", { method: "POST", json: { email, code } });
const renew = (person) => person.request("/api/recovery-codes", { method: "POST", json: {} });
const standing = async (person) => (await person.request("/api/recovery-codes")).json;

test("ten codes sign in once each and say how many are left", async () => {
    const person = await server.as("ana@example.org");
    assert.deepEqual(await standing(person), { left: 0, createdAt: null });
    const made = await renew(person);
    assert.equal(made.status, 200);
    assert.equal(made.headers.get("cache-control"), "no-store");
    const { recoveryCodes } = made.json;
    assert.equal(new Set(recoveryCodes).size, 10);
    for (const code of recoveryCodes)
        assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    const typed = ` ${recoveryCodes[0].toLowerCase().replaceAll("-", " ")} `;
    const answer = await enter("Ana@example.org", typed);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json, { recoveryCodesLeft: 9 });
    const [cookie] = answer.headers.getSetCookie()[0].split(";");
    assert.equal((await server.request("/api/session", { cookie })).json.user.email, "ana@example.org");
    assert.equal((await enter("ana@example.org", typed)).status, 401);
    const { left, createdAt } = await standing(person);
    assert.equal(left, 9);
    assert.match(createdAt, /Z$/);
    const once = await Promise.all([1, 2, 3].map(() => enter("ana@example.org", recoveryCodes[1])));
    assert.deepEqual(once.map((a) => a.status).sort(), [200, 401, 401]);
});

test("new codes void the old ones", async () => {
    const person = await server.as("ben@example.org");
    const [old] = (await renew(person)).json.recoveryCodes;
    const [fresh] = (await renew(person)).json.recoveryCodes;
    assert.equal((await enter("ben@example.org", old)).status, 401);
    assert.equal((await enter("ben@example.org", fresh)).status, 200);
});

test("a code is one address's, and a wrong one tells nothing of accounts", async () => {
    const [code] = (await renew(await server.as("cora@example.org"))).json.recoveryCodes;
    await server.as("dan@example.org");
    const other = await enter("dan@example.org", code);
    const nobody = await enter("nobody@example.org", code);
    assert.equal(other.status, 401);
    assert.equal(nobody.status, 401);
    assert.equal(other.json.detail, nobody.json.detail);
    assert.equal((await enter("cora@example.org", code)).status, 200);
});

test("every bad field is named", async () => {
    const pointers = async (json) =>
        (await server.request("/api/auth/recovery", { method: "POST", json })).json.errors.map(
            (e) => e.pointer,
        );
    assert.deepEqual(await pointers({}), ["#/email", "#/code"]);
    assert.deepEqual(await pointers({ email: "x", code: "short", more: 1 }), ["#/email", "#/code", "#/more"]);
});

test("tries by code and by passkey count among all tries to sign in", async () => {
    const env = { BRAINBYTES_RATE_LIMITS: "try-address=3+1/h,try-network=7+1/h" };
    const limited = await startServer({ env });
    try {
        const code = "0000-0000-0000-0000";
        for (let i = 0; i < 2; i += 1)
            assert.equal((await enter("eva@example.org", code, limited)).status, 401);
        const json = { email: "eva@example.org", code: "000000" };
        assert.equal((await limited.request("/api/auth/code", { method: "POST", json })).status, 401);
        const refused = await enter("eva@example.org", code, limited);
        assert.equal(refused.status, 429);
        assert.deepEqual(refused.json["violated-policies"], ["try-address"]);
        const bytes = "AAAA";
        const response = {
            clientDataJSON: bytes,
            authenticatorData: bytes,
            signature: bytes,
            userHandle: bytes,
        };
        const show = () =>
            limited.request("/api/auth/passkey", {
                method: "POST",
                json: { credential: { id: bytes, type: "public-key", response } },
            });
        for (let i = 0; i < 3; i += 1) assert.equal((await show()).status, 401);
        const last = await show();
        assert.equal(last.status, 429);
        assert.deepEqual(last.json["violated-policies"], ["try-network"]);
    } finally {
        await limited.stop();
    }
});
