// The archive of a person: made here, brought there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { archiveFrom, comparable, create, fill, upload } from "../support/archives.mjs";
import { startDatabase } from "../support/database.mjs";
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

const archiveOf = (person, where = server) => archiveFrom(where, person);
const bring = (person, body, headers = { "content-type": "application/zip" }) =>
    person.request("/api/me/import", { method: "POST", body, headers });

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
