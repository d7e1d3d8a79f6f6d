// Creates that are sent again with the same Idempotency-Key make one thing, whatever happens in between.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

const kills = process.env.BB_LONG ? 50 : 8;
let database, server, ana, ben, material;

before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    ana = await server.as("ana@example.org");
    ben = await server.as("ben@example.org");
    material = (await send("/api/materials", "m", { title: "Cells" })).json.id;
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

function send(target, key, json, person = ana) {
    const headers = key === undefined ? {} : { "idempotency-key": key };
    return person.request(target, { method: "POST", json, headers });
}

function upload(key, text) {
    const form = new FormData(); // each with a boundary of its own
    form.append("file", new Blob([text]), "notes.md");
    const headers = { "idempotency-key": key };
    return ana.request(`/api/materials/${material}/files`, { method: "POST", body: form, headers });
}

const count = async (target, list) => (await ana.request(`${target}?limit=200`)).json[list].length;

/** How many rows of any table of creates have this id. */
async function rowsWith(id) {
    const tables = ["subjects", "materials", "entries", "files", "threads"];
    const sums = tables.map((table) => `(SELECT count(*) FROM ${table} WHERE id = '${id}')`);
    return Number(await database.query(`SELECT ${sums.join(" + ")}`));
}

function assertProblem(answer, status) {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
    assert.equal(answer.json.status, status);
    assert.ok(answer.json.requestId);
}

const kinds = () => ({
    subjects: ["/api/subjects", "subjects", (key, n) => send("/api/subjects", key, { name: `Biology ${n}` })],
    materials: ["/api/materials", "materials", (key, n) => send("/api/materials", key, { title: `M ${n}` })],
    entries: [
        `/api/materials/${material}/entries`,
        "entries",
        (key, n) => send(`/api/materials/${material}/entries`, key, { title: `E ${n}`, content: "x" }),
    ],
    files: [`/api/materials/${material}/files`, "files", (key, n) => upload(key, `Text ${n}`)],
    threads: ["/api/threads", "threads", (key, n) => send("/api/threads", key, { title: `T ${n}` })],
});

for (const kind of Object.keys(kinds())) {
    test(`${kind}: the same key gives the same answer, and makes one`, async () => {
        const [target, list, make] = kinds()[kind];
        const before = await count(target, list);
        const first = await make("one", 1);
        assert.equal(first.status, 201, first.text);
        const again = await make('"one"', 1); // a structured-field string is the same as a bare one
        assert.equal(again.status, 201);
        assert.equal(again.text, first.text);
        for (const name of ["location", "etag", "content-type", "cache-control"])
            assert.equal(again.headers.get(name), first.headers.get(name), name);
        assert.notEqual(again.headers.get("x-request-id"), first.headers.get("x-request-id"));
        assert.equal(await count(target, list), before + 1);
        assertProblem(await make("one", 2), 422);
        assert.equal((await make("another", 3)).status, 201);
        assert.equal(await count(target, list), before + 2);
    });

    test(`${kind}: simultaneous sends make one`, async () => {
        const [target, list, make] = kinds()[kind];
        const before = await count(target, list);
        const key = randomUUID();
        const answers = await Promise.all(Array.from({ length: 12 }, () => make(key, "many")));
        const made = answers.filter((answer) => answer.status === 201);
        assert.ok(made.length >= 1);
        assert.equal(new Set(made.map((answer) => answer.text)).size, 1);
        for (const answer of answers.filter((one) => one.status !== 201)) {
            assertProblem(answer, 409);
            assert.ok(Number(answer.headers.get("retry-after")) >= 1);
        }
        assert.equal(await count(target, list), before + 1);
        assert.equal((await make(key, "many")).text, made[0].text);
    });

    test(`${kind}: what a killed node left can be sent again after a minute, made or not`, async () => {
        const [target, list, make] = kinds()[kind];
        const key = randomUUID();
        const first = await make(key, `left ${key}`);
        assert.equal(first.status, 201);
        const where = `key = '${key}'`;
        // As if the node had been killed after making it and before it could say so.
        await database.query(`UPDATE idempotency_keys SET status = NULL, body = NULL WHERE ${where}`);
        assertProblem(await make(key, `left ${key}`), 409);
        const age = "UPDATE idempotency_keys SET claimed_at = claimed_at - interval '61 seconds'";
        await database.query(`${age} WHERE ${where}`);
        const before = await count(target, list);
        const again = await make(key, `left ${key}`);
        assert.equal(again.status, 201, again.text);
        assert.equal(again.json.id, first.json.id);
        assert.equal(again.headers.get("location"), first.headers.get("location"));
        assert.equal(await count(target, list), before);
        // As if it had been killed before it could make it.
        const unmade = randomUUID();
        const id = randomUUID();
        await database.query(
            "INSERT INTO idempotency_keys (owner_id, route, key, fingerprint, claim, made_id, claimed_at) " +
                `SELECT owner_id, route, '${unmade}', fingerprint, '${id}', '${id}', now() - interval '2 minutes' ` +
                `FROM idempotency_keys WHERE ${where}`,
        );
        if (kind === "subjects") await ana.request(first.headers.get("location"), { method: "DELETE" });
        const late = await make(unmade, `left ${key}`);
        assert.equal(late.status, 201, late.text);
        assert.equal(late.json.id, id);
        assert.equal(await rowsWith(id), 1);
    });
}

test("keys are a person's own, and a route's own", async () => {
    const mine = await send("/api/threads", "shared", { title: "Mine" });
    const theirs = await send("/api/threads", "shared", { title: "Theirs" }, ben);
    assert.deepEqual([mine.status, theirs.status], [201, 201]);
    assert.notEqual(mine.json.id, theirs.json.id);
    assert.equal((await send("/api/subjects", "shared", { name: "Shared" })).status, 201);
    assertProblem(await send("/api/threads", "shared", { title: "Mine" }, server), 401);
    // The address belongs to the request: the same key for another material is another request.
    const other = (await send("/api/materials", "m2", { title: "Other" })).json.id;
    const entry = { title: "E", content: "" };
    assert.equal((await send(`/api/materials/${material}/entries`, "where", entry)).status, 201);
    assertProblem(await send(`/api/materials/${other}/entries`, "where", entry), 422);
});

test("without a key every send makes one", async () => {
    const before = await count("/api/threads", "threads");
    for (let i = 0; i < 2; i += 1) await send("/api/threads", undefined, { title: "Twice" });
    assert.equal(await count("/api/threads", "threads"), before + 2);
});

test("a malformed key is refused and makes nothing", async () => {
    const before = await count("/api/threads", "threads");
    const long = "k".repeat(201);
    for (const key of [
        '""',
        '"open',
        '"a"b"',
        'a"b',
        "a b",
        "a,b",
        '"a", "b"',
        '"\\x"',
        "é",
        long,
        `"${long}"`,
    ])
        assertProblem(await send("/api/threads", key, {}), 400);
    assert.equal(await count("/api/threads", "threads"), before);
    for (const key of ["k".repeat(200), '"a \\"quoted\\" one"', "8e03978e-40d5-43dd-bc93-6894a57f9324"])
        assert.equal((await send("/api/threads", key, {})).status, 201, key);
});

test("a refusal is an outcome, too; bad input is told again", async () => {
    await send("/api/subjects", undefined, { name: "Taken" });
    const first = await send("/api/subjects", "clash", { name: "Taken" });
    assertProblem(first, 409);
    assert.equal((await send("/api/subjects", "clash", { name: "Taken" })).text, first.text);
    const bad = await send("/api/subjects", "bad", { name: "" });
    assertProblem(bad, 422);
    assert.equal((await send("/api/subjects", "bad", { name: "" })).text, bad.text);
});

test("a long answer is read again instead of being kept", async () => {
    const entry = { title: "Long", content: "word ".repeat(20_000) };
    const first = await send(`/api/materials/${material}/entries`, "long", entry);
    const again = await send(`/api/materials/${material}/entries`, "long", entry);
    assert.equal(first.status, 201);
    assert.equal(again.status, 201);
    assert.deepEqual(again.json, first.json);
    assert.equal(again.headers.get("location"), first.headers.get("location"));
    await ana.request(first.headers.get("location"), { method: "DELETE" });
    assertProblem(await send(`/api/materials/${material}/entries`, "long", entry), 404);
});

test("every route that makes something takes the header, and says so", async () => {
    const { paths } = (await server.request("/api/openapi.json")).json;
    const creates = Object.entries(paths).filter(([, methods]) => methods.post?.responses["201"]);
    assert.ok(creates.length >= 5);
    // Their answers hold secrets, which must not be stored; and a copy is shown elsewhere than where it is made.
    const exempt = ["/api/keys", "/api/passkeys", "/api/materials/{id}/shares", "/api/shared/{id}/copy"];
    for (const [path, { post }] of creates.filter(([path]) => !exempt.includes(path)))
        assert.ok(
            post.parameters.some((one) => one.name === "Idempotency-Key" && one.in === "header"),
            path,
        );
});

test(`${kills} kills in the middle: each key makes one`, { timeout: kills * 30_000 }, async () => {
    const killed = await startServer({ env: { DATABASE_URL: database.url } });
    try {
        const person = await killed.as("killed@example.org");
        const keys = [];
        for (let round = 0; round < kills; round += 1) {
            const open = Array.from({ length: 12 }, () => randomUUID());
            keys.push(...open);
            const sends = open.map((key) =>
                send("/api/materials", key, { title: key, subject: "Killed" }, person).catch(() => undefined),
            );
            await pause(Math.random() * 25);
            await killed.kill();
            await Promise.all(sends);
            await killed.start();
        }
        await database.query("UPDATE idempotency_keys SET claimed_at = claimed_at - interval '61 seconds'");
        for (const key of keys) {
            const answer = await send("/api/materials", key, { title: key, subject: "Killed" }, person);
            assert.equal(answer.status, 201, answer.text);
            assert.equal(answer.json.title, key);
        }
        const titles = await database.query(
            "SELECT count(*), count(DISTINCT title) FROM materials m JOIN users u ON u.id = m.owner_id " +
                "WHERE u.email = 'killed@example.org'",
        );
        assert.equal(titles.trim(), `${keys.length}|${keys.length}`);
    } finally {
        await killed.stop();
    }
});

test("keys are forgotten after a day", async () => {
    await send("/api/threads", "old", { title: "Old" });
    const age = (hours) =>
        database.query(`UPDATE idempotency_keys SET created_at = now() - interval '${hours} hours'`);
    const there = async () => Number(await database.query("SELECT count(*) FROM idempotency_keys"));
    const restart = async () => {
        await server.stop({ keep: true });
        await server.start();
        await pause(300);
    };
    await age(23);
    await restart();
    assert.ok((await there()) > 0);
    await age(25);
    await restart();
    for (let i = 0; i < 100 && (await there()) > 0; i += 1) await pause(100);
    assert.equal(await there(), 0);
});
