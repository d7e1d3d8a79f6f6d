// The archive of a person: made here, brought there.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { startDatabase } from "../support/database.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { unzip, zip } from "../support/zip.mjs";

let database, server, elsewhere;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    elsewhere = await startServer();
});
after(async () => {
    await elsewhere?.stop();
    await server?.stop();
    await database?.stop();
});

const old = (email) =>
    database.query(
        `UPDATE sessions SET proved_at = now() - interval '1 hour' WHERE user_id = (SELECT id FROM users WHERE email = '${email}')`,
    );

async function create(person, target, json) {
    const made = await person.request(target, { method: "POST", json });
    assert.equal(made.status, 201, `${target}: ${made.text}`);
    return made.json.id;
}

function upload(person, material, name, content) {
    const form = new FormData();
    form.append("file", new Blob([content], { type: "text/plain" }), name);
    return person.request(`/api/materials/${material}/files`, { method: "POST", body: form });
}

/** The archive of a person, as bytes. */
async function archiveOf(person, where = server) {
    const answer = await fetch(`${where.url}/api/me/export`, { headers: { cookie: person.cookie } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200, bytes.toString());
    assert.equal(answer.headers.get("content-type"), "application/zip");
    assert.match(
        answer.headers.get("content-disposition"),
        /^attachment; filename="brainbytes-[0-9-]+\.zip"$/,
    );
    return bytes;
}

const bring = (person, body, headers = { "content-type": "application/zip" }) =>
    person.request("/api/me/import", { method: "POST", body, headers });

async function fill(person) {
    await create(person, "/api/subjects", { name: "Lonely" });
    const cells = await create(person, "/api/materials", {
        title: "Cells",
        subject: "Biology",
        description: "Two\nlines",
    });
    await create(person, `/api/materials/${cells}/entries`, {
        title: "Walls",
        content: "# Walls\n\nCell walls are stiff.",
    });
    await create(person, `/api/materials/${cells}/entries`, {
        title: "Núcleo",
        content: "The nucleus rules.",
    });
    assert.equal((await upload(person, cells, "ñandú notes.txt", "Mitochondria make power.")).status, 201);
    const off = await create(person, "/api/materials", { title: "Off" });
    await person.request(`/api/materials/${off}`, { method: "PATCH", json: { active: false } });
    const chat = await create(person, "/api/threads", { title: "About cells", materialIds: [cells] });
    for (const text of ["What makes power?", "And what is stiff?"]) {
        const message = { id: text.slice(0, 3) + "1", role: "user", parts: [{ type: "text", text }] };
        const said = await person.request("/api/chat", {
            method: "POST",
            json: { id: chat, message: { ...message, id: message.id.trim().replace(/ /g, "") } },
        });
        assert.equal(said.status, 200, said.text);
    }
    return { cells, chat };
}

/** What two archives must have in common: everything but the ids of one installation and moments. */
function comparable(bytes) {
    const files = unzip(bytes);
    const json = (name) => JSON.parse(files[name]);
    const originals = {};
    for (const name of Object.keys(files))
        if (name.endsWith(".json") && /^(materials|chats)/.test(name)) {
            const { id, originalId } = json(name);
            originals[id] = originalId ?? id;
        }
    const text = Object.fromEntries(
        Object.entries(files)
            .filter(([name]) => /^(materials|chats|subjects)/.test(name))
            .map(([name, content]) => [name, content.toString()]),
    );
    let whole = JSON.stringify(text, Object.keys(text).sort());
    for (const [id, original] of Object.entries(originals)) whole = whole.replaceAll(id, original);
    const parsed = JSON.parse(whole);
    return Object.fromEntries(
        Object.entries(parsed)
            .map(([name, content]) => {
                if (!name.endsWith(".json")) return [name, content];
                const value = JSON.parse(content);
                delete value.originalId;
                // Those of the same moment stand in any order; each names its parent.
                value.messages?.sort((one, other) => (one.id < other.id ? -1 : 1));
                if (value.subjects) value.subjects = value.subjects.map((s) => s.name).sort();
                return [name, value];
            })
            .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
}

test("an archive holds everything, for people and for programs", async () => {
    const ana = await server.as("ana@export.example");
    const { cells, chat } = await fill(ana);
    const reader = { name: "Reader", scopes: ["read"] };
    const { token } = (await ana.request("/api/keys", { method: "POST", json: reader })).json;
    const files = unzip(await archiveOf(ana));
    const manifest = JSON.parse(files["brainbytes.json"]);
    assert.deepEqual([manifest.format, manifest.version], ["brainbytes-export", 1]);
    const account = JSON.parse(files["account.json"]);
    assert.equal(account.email, "ana@export.example");
    assert.equal(account.sessions.length, 1);
    assert.deepEqual(
        account.apiKeys.map(({ name, scopes }) => [name, scopes]),
        [["Reader", ["read"]]],
    );
    assert.ok(!files["account.json"].toString().includes(token), "a key itself is in no archive");
    assert.deepEqual(account.notices, { newDevice: true, weekly: false });
    assert.deepEqual([account.passkeys, account.recoveryCodes.left, account.addressAsked], [[], 0, null]);
    assert.ok(Array.isArray(account.knownDevices));
    const done = (entries, action) => entries.some((e) => e.action === action && e.by === "you");
    assert.ok(done(account.log, "key.created") && !done(account.log, "data.exported"), "no archive before");
    const later = JSON.parse(unzip(await archiveOf(ana))["account.json"]);
    assert.ok(done(later.log, "data.exported"), "the first one stands in the second");
    const names = Object.keys(files);
    const original = names.find((n) => n.startsWith(`materials/${cells}/files/`) && n.endsWith(".txt"));
    assert.equal(files[original].toString(), "Mitochondria make power.");
    assert.equal(JSON.parse(files[`materials/${cells}/material.json`]).description, "Two\nlines");
    assert.ok(names.some((n) => n.endsWith(".md") && files[n].toString() === "The nucleus rules."));
    const told = JSON.parse(files[`chats/${chat}/chat.json`]);
    assert.equal(told.messages.length, 4);
    assert.deepEqual(told.materialIds, [cells]);
    assert.match(
        files[`chats/${chat}/chat.md`].toString(),
        /^# About cells\n\n\*\*You\*\*\n\nWhat makes power\?/,
    );
});

test("an archive wants a session, a new proof, and is of its person alone", async () => {
    assert.equal((await server.request("/api/me/export")).status, 401);
    const ben = await server.as("ben@export.example");
    const files = unzip(await archiveOf(ben));
    assert.ok(!Object.values(files).some((content) => /Mitochondria|ana@/.test(content.toString())));
    await old("ben@export.example");
    const refused = await ben.request("/api/me/export");
    assert.equal(refused.status, 403);
    assert.equal(refused.json.type, "/problems/reauthentication-required");
    assert.equal((await ben.request("/api/me/privacy")).json.proved, false);
});

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
    assert.deepEqual(comparable(first.bytes), comparable(await archiveOf(gia)));
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

test("a brought archive is the same on another installation, and comes only once", async () => {
    const cora = await server.as("cora@export.example");
    await fill(cora);
    const first = await archiveOf(cora);
    const there = await elsewhere.as("cora@elsewhere.example");
    const brought = await bring(there, first);
    assert.equal(brought.status, 200, brought.text);
    const counts = { chats: 1, entries: 2, files: 1, materials: 2, subjects: 2 };
    for (const [kind, made] of Object.entries(counts)) assert.equal(brought.json[kind].made, made, kind);
    const second = await archiveOf(there, elsewhere);
    assert.deepEqual(comparable(second), comparable(first));
    const found = await there.request("/api/search?q=mitochondria");
    assert.equal(found.json.results[0].kind, "file");

    const again = (await bring(there, first)).json;
    for (const kind of Object.keys(counts)) assert.deepEqual(again[kind].made, 0, kind);
    assert.deepEqual([again.chats.present, again.materials.present, again.files.present], [1, 2, 1]);
    assert.deepEqual(comparable(await archiveOf(there, elsewhere)), comparable(first));
    // Back where it came from, it is known too.
    const home = (await bring(cora, second)).json;
    for (const kind of Object.keys(counts)) assert.deepEqual(home[kind].made, 0, kind);
    // As a form, by somebody else: theirs from now on, and the first person's stays as it is.
    const dan = await server.as("dan@export.example");
    const form = new FormData();
    form.append("file", new Blob([first], { type: "application/zip" }), "x.zip");
    const formed = await dan.request("/api/me/import", { method: "POST", body: form });
    assert.equal(formed.json.chats.made, 1, formed.text);
    assert.deepEqual(comparable(await archiveOf(cora)), comparable(first));
    // What was deleted here can be brought again.
    const { threads } = (await dan.request("/api/threads")).json;
    await dan.request(`/api/threads/${threads[0].id}`, { method: "DELETE" });
    assert.equal((await bring(dan, first)).json.chats.made, 1);
});

test("an archive that is not one changes nothing and says why", async () => {
    const eve = await server.as("eve@export.example");
    const head = ["brainbytes.json", '{"format":"brainbytes-export","version":1,"exportedAt":"x"}'];
    const id = "0190a000-0000-7000-8000-000000000001";
    const at = "2026-01-01T00:00:00.000000Z";
    const material = JSON.stringify({
        id,
        title: "T",
        subject: null,
        description: "",
        active: true,
        createdAt: at,
        updatedAt: at,
    });
    const chat = (messages) =>
        JSON.stringify({
            id,
            title: "T",
            titleSource: "person",
            materialIds: [],
            createdAt: at,
            updatedAt: at,
            messages,
        });
    const place = [`materials/${id}/material.json`, material];
    const good = zip([head, place]);
    const question = { id: "a", role: "user", text: "x", state: "complete", createdAt: at };
    const cases = {
        "no zip": [Buffer.from("hello"), 400, /not a whole ZIP/],
        empty: [Buffer.alloc(0), 400, /ZIP/],
        "cut off": [good.subarray(0, good.length - 30), 400, /ZIP|damaged/],
        "another zip": [zip([["a.txt", "x"]]), 400, /no brainbytes\.json/],
        "a later version": [zip([["brainbytes.json", head[1].replace("1,", "2,")]]), 422, /version/],
        "a way out": [zip([head, ["../../etc/passwd", "x"]]), 400, /no plain file/],
        "an absolute name": [zip([head, ["/etc/passwd", "x"]]), 400, /no plain file/],
        "a link": [zip([head, ["link", "/etc/passwd"]], { link: 0o120777 }), 400, /no plain file/],
        "the same name twice": [zip([head, place, place]), 400, /twice/],
        "a bomb": [zip([head, ["big", Buffer.alloc(80 << 20)]]), 413, /too large/],
        "no JSON": [zip([head, [place[0], "{"]]), 400, /material\.json/],
        "a wrong field": [zip([head, [place[0], material.replace('"T"', '""')]]), 422, /title/],
        "a wrong place": [
            zip([head, [`materials/${id.replace("1", "2")}/material.json`, material]]),
            400,
            /does not stand/,
        ],
        "an entry without text": [
            zip([
                head,
                place,
                [
                    `materials/${id}/entries/${id}.json`,
                    JSON.stringify({ id, title: "E", position: 1, createdAt: at, updatedAt: at }),
                ],
            ]),
            400,
            /holds no/,
        ],
        "messages in a circle": [
            zip([
                head,
                place,
                [
                    `chats/${id}/chat.json`,
                    chat([
                        { ...question, parent: "b" },
                        { ...question, id: "b", parent: "a" },
                    ]),
                ],
            ]),
            422,
            /follow/,
        ],
        "a message of nobody": [
            zip([head, place, [`chats/${id}/chat.json`, chat([{ ...question, role: "system" }])]]),
            422,
            /role/,
        ],
    };
    for (const [name, [body, status, why]] of Object.entries(cases)) {
        const answer = await bring(eve, body);
        assert.equal(answer.status, status, `${name}: ${answer.text}`);
        assert.match(answer.text, why, name);
        assert.match(answer.headers.get("content-type"), /problem\+json/);
    }
    assert.equal((await bring(eve, good, { "content-type": "text/plain" })).status, 415);
    assert.equal((await server.request("/api/me/import", { method: "POST", body: good })).status, 401);
    const damaged = Buffer.from(good);
    damaged[damaged.indexOf("material.json") + 20] ^= 0xff;
    assert.equal((await bring(eve, damaged)).status, 400);
    assert.deepEqual((await eve.request("/api/materials")).json.materials, []);
    assert.deepEqual((await eve.request("/api/threads")).json.threads, []);
    assert.equal((await bring(eve, good)).json.materials.made, 1);
});

test("a large archive takes no more memory than a small one", { timeout: 300_000 }, async () => {
    const big = await server.as("big@export.example");
    const material = await create(big, "/api/materials", { title: "Much" });
    // Twenty files of 10 MiB by their rows: the store keeps one original for all of them.
    const line = "The quick brown fox jumps over the lazy dog 0123456789.\n";
    const sent = await upload(big, material, "big.txt", line.repeat(Math.floor((10 << 20) / line.length)));
    assert.equal(sent.status, 201, sent.text);
    await database.query(
        `INSERT INTO files (id, owner_id, material_id, name, media_type, bytes, digest, text, characters) ` +
            `SELECT gen_random_uuid(), owner_id, material_id, n || '.txt', media_type, bytes, digest, '', 0 ` +
            `FROM files, generate_series(1, 19) n WHERE material_id = '${material}'`,
    );
    const resident = () =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024;
    await archiveOf(await server.as("small@export.example"));
    const before = resident();
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, resident())), 20);
    const files = unzip(await archiveOf(big));
    clearInterval(watch);
    const bytes = Object.entries(files)
        .filter(([name]) => name.endsWith(".txt"))
        .reduce((sum, [, one]) => sum + one.length, 0);
    assert.ok(bytes > 195 * 2 ** 20, `${bytes} bytes of files`);
    assert.ok(peak - before < 48, `from ${before} to ${peak} MiB`);
});
