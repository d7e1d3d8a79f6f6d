// Edits of accounts and administration that go with the tag of what was read: nobody overwrites what they did not see.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Authenticator } from "../support/authenticator.mjs";
import { startServer } from "../support/server.mjs";

let server, admin, ana;
before(async () => {
    server = await startServer();
    admin = await server.admin();
    ana = await server.as("ana@example.org");
});
after(() => server.stop());

async function passkeyOf(person) {
    const origin = (await person.request("/api/session")).json.passkeyOrigins[0];
    const options = await person.request("/api/passkeys/options", { method: "POST", json: {} });
    const credential = new Authenticator(origin).create(options.json);
    const made = await person.request("/api/passkeys", { method: "POST", json: { credential } });
    assert.equal(made.status, 201, made.text);
    return made.json.passkey.id;
}

async function idOf(email) {
    return (await admin.request(`/api/admin/people?q=${email}`)).json.people[0].id;
}

/** What is edited: its name, who edits it, its address, and two changes, one after the other. */
const editable = [
    ["the profile", () => ana, () => "/api/me", { name: "Ana Cruz" }, { theme: "dark" }],
    ["notices", () => ana, () => "/api/me/notices", { weekly: true }, { newDevice: false }],
    [
        "a passkey",
        () => ana,
        async () => `/api/passkeys/${await passkeyOf(ana)}`,
        { name: "A" },
        { name: "B" },
    ],
    [
        "a person",
        () => admin,
        async () => {
            await server.as("ben@example.org");
            return `/api/admin/people/${await idOf("ben@example.org")}`;
        },
        { role: "teacher" },
        { state: "suspended" },
    ],
    [
        "the sign-up policy",
        () => admin,
        () => "/api/admin/policy",
        { signUp: "domains", domains: ["school.example"] },
        { signUp: "invited" },
    ],
    ["retention", () => admin, () => "/api/admin/retention", { chatsMonths: 6 }, { materialsMonths: 12 }],
];

for (const [what, who, address, first, second] of editable)
    test(`${what}: a change that goes with an old tag is refused, and changes nothing`, async () => {
        const target = await address();
        const read = () => who().request(target);
        const change = (json, tag) =>
            who().request(target, { method: "PATCH", json, headers: tag ? { "if-match": tag } : {} });
        const before = await read();
        assert.equal(before.status, 200, before.text);
        const tag = before.headers.get("etag");
        assert.match(tag, /^"[0-9a-f]+\.[0-9a-f]+"$/);
        const known = await who().request(target, { headers: { "if-none-match": tag } });
        assert.equal(known.status, 304);

        // Of several who read the same, one wins.
        const answers = await Promise.all(Array.from({ length: 6 }, () => change(first, tag)));
        const won = answers.filter(({ status }) => status === 200);
        assert.equal(won.length, 1, answers.map(({ status, text }) => `${status} ${text}`).join("\n"));
        for (const lost of answers.filter((one) => one !== won[0])) {
            assert.equal(lost.status, 412, lost.text);
            assert.equal(lost.json.type, "/problems/stale");
        }
        assert.equal((await change(second, '"x"')).status, 412);
        const now = await read();
        assert.deepEqual(now.json, {
            ...before.json,
            ...first,
            ...(now.json.sessions >= 0 && { sessions: 0 }),
        });
        assert.equal(now.headers.get("etag"), won[0].headers.get("etag"));

        // The tag of an answer goes with the next change; without one it is as ever.
        const next = await change(second, won[0].headers.get("etag"));
        assert.equal(next.status, 200, next.text);
        assert.notEqual(next.headers.get("etag"), tag);
        assert.equal((await change(first)).status, 200);
        assert.equal((await change(second, "*")).status, 200);
    });

test("what is merely seen of a person does not make the tag of an edit old", async () => {
    const cora = await server.as("cora@example.org");
    const target = `/api/admin/people/${await idOf("cora@example.org")}`;
    const tag = (await admin.request(target)).headers.get("etag");
    await cora.request("/api/materials", { method: "POST", json: { title: "New" } });
    const seen = await admin.request(target, { headers: { "if-none-match": tag } });
    assert.equal(seen.status, 200, "another number of materials is shown");
    const headers = { "if-match": tag };
    const changed = await admin.request(target, { method: "PATCH", json: { role: "teacher" }, headers });
    assert.equal(changed.status, 200, changed.text);
});

test("a single passkey and oneself can be read", async () => {
    const dan = await server.as("dan@example.org");
    assert.equal((await dan.request("/api/me")).json.email, "dan@example.org");
    const id = await passkeyOf(dan);
    assert.equal((await dan.request(`/api/passkeys/${id}`)).json.id, id);
    assert.equal((await ana.request(`/api/passkeys/${id}`)).status, 404);
});
