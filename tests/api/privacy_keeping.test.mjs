// How long things of a person are kept, and who looked at them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

let database, server, admin;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    admin = await server.admin();
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

const idOf = async (person) => (await person.request("/api/session")).json.user.id;
const old = (email) =>
    database.query(
        `UPDATE sessions SET proved_at = now() - interval '1 hour' WHERE user_id = (SELECT id FROM users WHERE email = '${email}')`,
    );

async function create(person, target, json) {
    const made = await person.request(target, { method: "POST", json });
    assert.equal(made.status, 201, `${target}: ${made.text}`);
    return made.json.id;
}

test("people see who looked, and nobody else's log", async () => {
    const fay = await server.as("fay@export.example");
    const id = await idOf(fay);
    assert.equal((await server.request("/api/me/access-log")).status, 401);
    assert.equal((await admin.request(`/api/admin/people/${id}`)).status, 200);
    await admin.request(`/api/admin/people/${id}`);
    const first = (await fay.request("/api/me/access-log?limit=1")).json;
    assert.equal(first.entries.length, 1);
    assert.deepEqual(
        [first.entries[0].action, first.entries[0].by],
        ["person.viewed", { kind: "person", name: "admin" }],
    );
    const rest = (await fay.request(`/api/me/access-log?limit=50&after=${first.next}`)).json;
    assert.ok(rest.entries.some((e) => e.action === "person.viewed"));
    assert.ok(rest.entries.some((e) => e.action === "person.created" && e.by.kind === "operator"));
    const other = (await (await server.as("gil@export.example")).request("/api/me/access-log")).json;
    assert.ok(!other.entries.some((e) => e.action === "person.viewed"));
    assert.equal((await fay.request("/api/me/access-log?after=x")).status, 422);
    const { kept } = (await fay.request("/api/me/privacy")).json;
    assert.deepEqual([kept.chats, kept.materials, kept.sessions], [0, 0, 1]);
});

test("what nobody uses goes when the school says so, and not before", async () => {
    const hal = await server.as("hal@export.example");
    const chat = await create(hal, "/api/threads", { title: "Old" });
    const fresh = await create(hal, "/api/threads", { title: "New" });
    const material = await create(hal, "/api/materials", { title: "Old" });
    const restored = await create(hal, "/api/threads", { title: "Old, and back since today" });
    const age = (table, id, columns) =>
        database.query(
            `UPDATE ${table} SET ${columns.map((c) => `${c} = now() - interval '7 months'`)} WHERE id = '${id}'`,
        );
    await age("threads", chat, ["updated_at", "kept_from"]);
    await age("threads", restored, ["updated_at", "kept_from"]);
    assert.equal((await hal.request(`/api/threads/${restored}`, { method: "DELETE" })).status, 204);
    assert.equal((await hal.request(`/api/threads/${restored}/restore`, { method: "POST" })).status, 200);
    await age("materials", material, ["updated_at", "kept_from"]);
    assert.match((await server.command("retention", "run", "--dry-run")).stderr, /^0 would be/);
    const set = (json, who = admin) => who.request("/api/admin/retention", { method: "PATCH", json });
    assert.equal((await set({ chatsMonths: 1.5 })).status, 422);
    assert.equal((await set({ chatsMonths: 121 })).status, 422);
    assert.equal((await set({ chatsMonths: 6 }, hal)).status, 403);
    assert.equal((await set({ chatsMonths: 6 })).status, 200);
    assert.deepEqual((await admin.request("/api/admin/retention")).json, {
        chatsMonths: 6,
        materialsMonths: 0,
    });
    assert.match(
        (await server.command("retention", "show")).stdout,
        /chats\t6 months.*\nmaterials\tfor ever/,
    );
    const dry = await server.command("retention", "run", "--dry-run");
    assert.match(dry.stdout, new RegExp(`^chat\t${chat}\tof .*kept 6 months`));
    assert.equal((await hal.request(`/api/threads/${chat}`)).status, 200);
    assert.match((await server.command("retention", "run")).stderr, /^1 deleted/);
    assert.equal((await hal.request(`/api/threads/${chat}`)).status, 404);
    assert.equal((await hal.request(`/api/threads/${restored}`)).status, 200, "kept as if made today");
    assert.equal((await hal.request(`/api/threads/${fresh}`)).status, 200);
    assert.equal((await hal.request(`/api/materials/${material}`)).status, 200);
    assert.equal(
        (await hal.request(`/api/threads/${chat}/restore`, { method: "POST", json: {} })).status,
        200,
    );
    await set({ chatsMonths: 0, materialsMonths: 0 });
    await old("admin@example.org");
    assert.equal((await set({ chatsMonths: 1 })).status, 403);
});

test("a temporary chat is in no list and no search", async () => {
    const ivy = await server.as("ivy@export.example");
    const made = await ivy.request("/api/threads", { method: "POST", json: { temporary: true } });
    assert.equal(made.json.temporary, true);
    assert.equal(
        (await ivy.request("/api/threads", { method: "POST", json: { temporary: "yes" } })).status,
        422,
    );
    const id = crypto.randomUUID();
    const message = { id: "q1", role: "user", parts: [{ type: "text", text: "Zanzibarquestion" }] };
    const said = await ivy.request("/api/chat", { method: "POST", json: { id, message, temporary: true } });
    assert.equal(said.status, 200, said.text);
    assert.equal((await ivy.request(`/api/threads/${id}`)).json.temporary, true);
    assert.equal((await ivy.request(`/api/threads/${id}/messages`)).json.messages.length, 2);
    assert.deepEqual((await ivy.request("/api/threads")).json.threads, []);
    assert.deepEqual((await ivy.request("/api/threads?q=zanzibar")).json.threads, []);
    assert.deepEqual((await ivy.request("/api/search?q=zanzibarquestion")).json.results, []);
    assert.equal(
        (await server.request("/api/threads", { method: "POST", json: { temporary: true } })).status,
        401,
    );
    // It stays what it was begun as.
    const more = { ...message, id: "q2" };
    await ivy.request("/api/chat", { method: "POST", json: { id, message: more, temporary: false } });
    assert.equal((await ivy.request(`/api/threads/${id}`)).json.temporary, true);
    await database.query(`UPDATE threads SET updated_at = now() - interval '25 hours' WHERE id = '${id}'`);
    await server.stop({ keep: true });
    await server.start();
    // A minute after the start, then hourly.
    const deadline = Date.now() + 90_000;
    while ((await ivy.request(`/api/threads/${id}`)).status === 200) {
        assert.ok(Date.now() < deadline, "still there");
        await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.equal(
        (await database.query(`SELECT count(*) FROM messages WHERE thread_id = '${id}'`)).trim(),
        "0",
    );
    assert.equal((await ivy.request(`/api/threads/${made.json.id}`)).status, 200);
});
