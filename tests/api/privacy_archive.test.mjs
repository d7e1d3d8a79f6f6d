// Archives that are made aside while their person does something else.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { archiveFrom, comparable, fill } from "../support/archives.mjs";
import { startDatabase } from "../support/database.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

let database, server;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

const old = (email) =>
    database.query(
        `UPDATE sessions SET proved_at = now() - interval '1 hour' WHERE user_id = (SELECT id FROM users WHERE email = '${email}')`,
    );

/** The state of the archive that a person asked for, once it is `state`. */
async function archiveBecomes(person, state) {
    for (const deadline = Date.now() + 20_000; ; await pause(50)) {
        const { archive } = (await person.request("/api/me/privacy")).json;
        if (archive?.state === state) return archive;
        assert.ok(Date.now() < deadline, `${JSON.stringify(archive)}\n${server.tail()}`);
    }
}

test("an archive that was asked for is made aside, told by mail, and lies sealed for a week", async () => {
    const gia = await server.as("gia@export.example");
    await fill(gia);
    assert.equal((await server.request("/api/me/archive", { method: "POST" })).status, 401);
    assert.equal((await gia.request("/api/me/archive")).status, 404);
    assert.equal((await gia.request("/api/me/privacy")).json.archive, null);
    const asked = await gia.request("/api/me/archive", { method: "POST" });
    assert.equal(asked.status, 202, asked.text);
    assert.equal(asked.json.state, "making");
    const ready = await archiveBecomes(gia, "ready");
    const week = (Date.parse(ready.until) - Date.parse(ready.readyAt)) / 86_400_000;
    assert.equal(week, 7);
    const mail = await newestMail(server, gia.email);
    assert.match(mail.subject, /archive of your BrainBytes data is ready/);
    assert.match(mail.text, /\/settings\/data/);

    const taken = async (who = gia) => {
        const answer = await fetch(`${server.url}/api/me/archive`, { headers: { cookie: who.cookie } });
        return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
    };
    const first = await taken();
    assert.equal(first.bytes.length, ready.bytes);
    assert.deepEqual(comparable(first.bytes), comparable(await archiveFrom(server, gia)));
    assert.deepEqual((await taken()).bytes, first.bytes, "it can be taken again");
    assert.equal((await taken(await server.as("hugo@export.example"))).status, 404, "by its person alone");
    const sealed = () =>
        readdirSync(path.join(server.dataFolder, "files"), { recursive: true }).filter((name) =>
            name.endsWith(createHash("sha256").update(first.bytes).digest("hex")),
        );
    const [lying] = sealed();
    assert.ok(!readFileSync(path.join(server.dataFolder, "files", lying)).includes("brainbytes.json"));
    await old("gia@export.example");
    for (const method of ["GET", "POST"])
        assert.equal((await gia.request("/api/me/archive", { method })).status, 403, method);
    assert.equal((await gia.request("/api/me/archive", { method: "DELETE" })).status, 204);
    assert.equal((await gia.request("/api/me/privacy")).json.archive, null);
    assert.deepEqual(sealed(), []);
});

test("an archive outlives a server that dies over it, and goes after its week", async () => {
    const ida = await server.as("ida@export.example");
    const jo = await server.as("jo@export.example");
    for (const person of [ida, jo]) {
        assert.equal((await person.request("/api/me/archive", { method: "POST" })).status, 202);
        await archiveBecomes(person, "ready");
    }
    const of = (person) => `owner_id = (SELECT id FROM users WHERE email = '${person.email}')`;
    await server.kill();
    await database.query(
        `UPDATE archives SET begun_at = now() - interval '1 hour', ready_at = NULL, digest = NULL, bytes = NULL WHERE ${of(ida)}`,
    );
    await database.query(`UPDATE archives SET ready_at = now() - interval '8 days' WHERE ${of(jo)}`);
    await server.start();
    await archiveBecomes(ida, "ready");
    for (const deadline = Date.now() + 10_000; ; await pause(50)) {
        if ((await jo.request("/api/me/privacy")).json.archive === null) break;
        assert.ok(Date.now() < deadline);
    }
    assert.equal(await database.query(`SELECT count(*) FROM file_keys WHERE ${of(jo)}`), "0\n");
    // Given up after a day, and said so.
    await database.query(
        `UPDATE archives SET begun_at = now(), asked_at = now() - interval '2 days', ready_at = NULL, digest = NULL, bytes = NULL WHERE ${of(ida)}`,
    );
    await server.kill();
    await server.start();
    await archiveBecomes(ida, "failed");
    assert.equal((await ida.request("/api/me/archive", { method: "POST" })).json.state, "making");
    await archiveBecomes(ida, "ready");
});
