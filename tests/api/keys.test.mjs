// API keys: made, used, seen, revoked; what they may do, and that they are forgotten on every node.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertProblem, until } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

let database, server, second, ana, admin;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    second = await startServer({ env: { DATABASE_URL: database.url } });
    ana = await server.as("ana@example.org");
    admin = await server.admin();
});
after(async () => {
    await second?.stop();
    await server?.stop();
    await database?.stop();
});

const make = (person, json, options = {}) =>
    person.request("/api/keys", { method: "POST", json, ...options });
const list = async (person) => (await person.request("/api/keys")).json.keys;

async function newKey(person, scopes = ["write"], name = "A program") {
    const made = await make(person, { name, scopes });
    assert.equal(made.status, 201, made.text);
    return made.json;
}

/** A client that holds nothing but a key. */
function bearer(token, node = server) {
    return (target, options = {}) =>
        node.request(target, {
            ...options,
            headers: { authorization: `Bearer ${token}`, ...options.headers },
        });
}

async function entries(action) {
    return (await admin.request(`/api/admin/audit?action=${action}&limit=50`)).json.entries;
}

test("a key is shown once, acts for its person, and is stored as a hash", async () => {
    const made = await make(ana, { name: "Backup", scopes: ["write", "read"], days: 7 });
    assert.equal(made.status, 201, made.text);
    assert.match(made.json.token, /^bb_[\w-]{43}$/);
    assert.equal(made.headers.get("location"), `/api/keys/${made.json.id}`);
    assert.equal(made.headers.get("cache-control"), "no-store");
    assert.deepEqual(made.json.scopes, ["read", "write"]);
    const days = (new Date(made.json.expiresAt) - new Date(made.json.createdAt)) / 86_400_000;
    assert.equal(days, 7);

    const [shown] = await list(ana);
    assert.equal(shown.token, undefined);
    assert.equal(shown.start, made.json.token.slice(0, 8));
    assert.deepEqual([shown.lastUsedAt, shown.lastUsedNetwork], [null, null]);
    const stored = await database.query("SELECT row_to_json(k) FROM api_keys k");
    assert.ok(!stored.includes(made.json.token.slice(9)));

    const program = bearer(made.json.token);
    const thread = await program("/api/threads", { method: "POST", json: { title: "By key" } });
    assert.equal(thread.status, 201, thread.text);
    assert.equal((await ana.request(`/api/threads/${thread.json.id}`)).status, 200);
    const who = await program("/api/session");
    assert.equal(who.json.user.email, ana.email);
    assert.deepEqual(who.headers.getSetCookie(), []);
    await until("the use is noted", async () => (await list(ana))[0].lastUsedAt !== null);
    assert.equal((await list(ana))[0].lastUsedNetwork, "127.0.0.x");
});

test("without a number of days a key is good for 90", async () => {
    const made = await newKey(ana, ["read"]);
    assert.equal((new Date(made.expiresAt) - new Date(made.createdAt)) / 86_400_000, 90);
});

test("bad input names every field", async () => {
    const bad = [
        [{}, ["#/name", "#/scopes"]],
        [{ name: "", scopes: [] }, ["#/name", "#/scopes"]],
        [{ name: "x".repeat(81), scopes: ["read", "king"] }, ["#/name", "#/scopes"]],
        [{ name: "x", scopes: "read", days: 367 }, ["#/days", "#/scopes"]],
        [{ name: "x", scopes: ["read"], days: 0, token: "bb_mine" }, ["#/days", "#/token"]],
    ];
    for (const [json, pointers] of bad) assertProblem(await make(ana, json), 422, "invalid-input", pointers);
});

test("a key wants a proof of at most fifteen minutes, and is not made twice for one Idempotency-Key", async () => {
    const json = { name: "Old proof", scopes: ["read"] };
    await database.query("UPDATE sessions SET proved_at = now() - interval '16 minutes'");
    assertProblem(await make(ana, json), 403, "reauthentication-required");
    await database.query("UPDATE sessions SET proved_at = now()");
    const headers = { "idempotency-key": "once" };
    const [one, other] = [await make(ana, json, { headers }), await make(ana, json, { headers })];
    assert.notEqual(one.json.id, other.json.id);
    const rows = await database.query("SELECT count(*) FROM idempotency_keys WHERE key = 'once'");
    assert.equal(rows.trim(), "0");
});

test("only administrators make keys for administration, and a lost role takes the power from them", async () => {
    assertProblem(await make(ana, { name: "King", scopes: ["admin"] }), 403, "forbidden");
    const eve = await server.as("eve@example.org", "administrator");
    const { token, id } = await newKey(eve, ["admin"]);
    const program = bearer(token);
    assert.equal((await program("/api/admin/people")).status, 200);
    assertProblem(await program("/api/threads"), 403, "forbidden");
    const own = (await program("/api/session")).json.user.id;
    const promoted = await program(`/api/admin/people/${own}`, {
        method: "PATCH",
        json: { role: "teacher" },
    });
    assertProblem(promoted, 403, "forbidden");
    assert.match(promoted.json.detail, /no API key/);
    await program(`/api/admin/people/${own}`);
    const [viewed] = await entries("person.viewed");
    assert.equal(viewed.details.key, id);
    await server.command("user", "role", "eve@example.org", "student");
    await until("forgotten", async () => (await program("/api/admin/people")).status === 403);
});

test("a revoked key is nobody's at once, on every node", async () => {
    const { token, id } = await newKey(ana);
    for (const node of [server, second])
        for (let i = 0; i < 8; i += 1) assert.equal((await bearer(token, node)("/api/threads")).status, 200);
    const ben = await server.as("ben@example.org");
    assertProblem(await ben.request(`/api/keys/${id}`, { method: "DELETE" }), 404, "not-found");
    assert.equal((await bearer(token)("/api/threads")).status, 200);
    assert.equal((await ana.request(`/api/keys/${id}`, { method: "DELETE" })).status, 204);
    for (let i = 0; i < 8; i += 1) assertProblem(await bearer(token)("/api/threads"), 401, "signed-out");
    await until("there soon", async () => (await bearer(token, second)("/api/threads")).status === 401);
    assertProblem(await ana.request(`/api/keys/${id}`, { method: "DELETE" }), 404, "not-found");
    const about = (
        await Promise.all(["created", "first_used", "revoked"].map((a) => entries(`key.${a}`)))
    ).map((found) => found.filter((entry) => entry.subject.id === id).length);
    assert.deepEqual(about, [1, 1, 1]);
});

test("the keys of a suspended person open nothing", async () => {
    const cy = await server.as("cy@example.org");
    const { token } = await newKey(cy);
    const program = bearer(token, second);
    assert.equal((await program("/api/threads")).status, 200);
    await server.command("user", "suspend", "cy@example.org");
    await until("forgotten", async () => (await program("/api/threads")).status === 401);
});

test("a bad key is refused even beside a good cookie, and other schemes are none of ours", async () => {
    for (const value of ["Bearer bb_x", `bearer bb_${"A".repeat(43)}`, "Bearer ", "Bearer something-else"]) {
        const headers = { authorization: value };
        const answer = await ana.request("/api/threads", { headers });
        assertProblem(answer, 401, "signed-out");
        assert.match(answer.headers.get("www-authenticate"), /^Bearer/);
        assert.equal((await ana.request("/api/session", { headers })).status, 401);
        assert.equal((await ana.request("/api/health", { headers })).status, 200);
    }
    const basic = { authorization: "Basic YTpi" };
    assert.equal((await ana.request("/api/threads", { headers: basic })).status, 200);
});

test("the page of another site does not matter to a key, but does to a cookie", async () => {
    const { token } = await newKey(ana);
    const options = { method: "POST", json: {}, headers: { origin: "https://other.example" } };
    assert.equal((await bearer(token)("/api/threads", options)).status, 201);
    assertProblem(await ana.request("/api/threads", options), 403, "forbidden");
});

test("a key has buckets of its own", async () => {
    const tight = await startServer({
        env: { DATABASE_URL: database.url, BRAINBYTES_RATE_LIMITS: "person=3+1/m" },
    });
    try {
        const dan = await server.as("dan@example.org");
        const keys = [await newKey(dan), await newKey(dan)];
        const statuses = [];
        for (let i = 0; i < 4; i += 1)
            statuses.push((await bearer(keys[0].token, tight)("/api/threads")).status);
        assert.deepEqual(statuses, [200, 200, 200, 429]);
        assert.equal((await bearer(keys[1].token, tight)("/api/threads")).status, 200);
        assert.equal((await tight.request("/api/threads", { cookie: dan.cookie })).status, 200);
    } finally {
        await tight.stop();
    }
});

test("twenty keys are enough, also when the last is asked for twice at once", async () => {
    const fe = await server.as("fe@example.org");
    for (let i = 0; i < 19; i += 1) await newKey(fe);
    const both = await Promise.all([0, 1].map(() => make(fe, { name: "Last", scopes: ["read"] })));
    assert.deepEqual(both.map((answer) => answer.status).sort(), [201, 409]);
});

test("the operator lists keys and ends one", async () => {
    const { token, id } = await newKey(ana, ["read"], "Seen by the operator");
    const shown = await server.command("key", "list", "ana@example.org", "--json");
    assert.equal(shown.code, 0, shown.stderr);
    const row = JSON.parse(shown.stdout).keys.find((key) => key.id === id);
    assert.deepEqual([row.name, row.start], ["Seen by the operator", token.slice(0, 8)]);
    assert.ok(!shown.stdout.includes(token));
    assert.equal((await bearer(token)("/api/threads")).status, 200);
    assert.equal((await server.command("key", "revoke", id)).code, 0);
    await until("forgotten", async () => (await bearer(token)("/api/threads")).status === 401);
    assert.equal((await server.command("key", "revoke", id)).code, 1);
    assert.equal((await server.command("key", "revoke", "x")).code, 2);
    assert.equal((await server.command("key", "list", "nobody@example.org")).code, 1);
});
