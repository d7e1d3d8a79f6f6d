// Files that an older reader has read are read again, and nobody notices but by a better text.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

let database;
let server;
let ana;
let files;

const sections = ["Rivers", "Lakes", "Seas"];
const html = sections.map((one) => `<h1>${one}</h1><p>${one} are full of water and fish.</p>`).join("\n");
const query = async (sql) => (await database.query(sql)).trim();
const lines = async (sql) => (await query(sql)).split("\n").filter(Boolean);

before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    ana = await server.as("ana@example.org");
    const made = await ana.request("/api/materials", { method: "POST", json: { title: "Brought" } });
    files = `/api/materials/${made.json.id}/files`;
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

async function look(file) {
    return (await ana.request(`${files}/${file.id}`)).json;
}

/** A file that was brought, when it is read or cannot be. */
async function brought(name, content, state = "ready") {
    const data = new FormData();
    data.append("file", new Blob([content]), name);
    const { json: file, status, text } = await ana.request(files, { method: "POST", body: data });
    assert.equal(status, 201, text);
    await until(`${name} to be read`, async () => (await look(file)).state !== "reading", 60_000);
    const seen = await look(file);
    assert.equal(seen.state, state, JSON.stringify(seen));
    return seen;
}

const passages = (file) =>
    lines(
        `SELECT p.id || ' ' || p.heading_path[1] FROM passages p JOIN sources s ON s.id = p.source_id
         WHERE s.file_id = '${file.id}' ORDER BY p.ordinal`,
    );
const reader = async (file) => Number(await query(`SELECT reader FROM files WHERE id = '${file.id}'`));
const found = async (words) =>
    (await ana.request(`/api/search?q=${encodeURIComponent(words)}&in=materials`)).json.results;

/** What the database says of a file but when it was last touched and by which reader. */
const row = (file) =>
    query(`SELECT md5((to_jsonb(f) - 'reader')::text) FROM files f WHERE id = '${file.id}'`);

async function counted(outcome) {
    const line = `brainbytes_files_read_again_total{outcome="${outcome}"} `;
    const { text } = await server.request("/api/metrics");
    const there = text.split("\n").find((one) => one.startsWith(line));
    return Number(there?.slice(line.length) ?? 0);
}

/** Takes the files to have been read by an older reader, and starts a server that has a newer one. */
async function startNewer(change) {
    await server.stop({ keep: true });
    await database.query(change);
    await server.start();
}

const noneWaits = async () => (await query("SELECT count(*) FROM jobs")) === "0";

test("files of an older reader are read again, stay ready meanwhile, and passages keep their ids", async () => {
    const page = await brought("water.html", html);
    const table = await brought("fine.csv", "fruit,price\nmango,3\n");
    const note = await brought("note.md", "# Plums\n\nPlums are blue.\n");
    const bad = await brought("bad.pdf", "no PDF at all", "failed");
    const kept = await brought("kept.html", "<h1>Kept</h1><p>The needle is in here.</p>");
    const newest = await reader(page);
    assert.ok(newest > 0);
    assert.deepEqual([await reader(table), await reader(bad)], [newest, 0]);
    const before = await passages(page);
    assert.deepEqual(
        before.map((one) => one.split(" ")[1]),
        sections,
    );
    const [oldTable, oldNote, oldBad] = [await row(table), await row(note), await row(bad)];
    await startNewer(`
        CREATE TABLE seen (id uuid, state text);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO seen VALUES (NEW.id, NEW.state); RETURN NEW; END';
        CREATE TRIGGER see AFTER UPDATE ON files FOR EACH ROW EXECUTE FUNCTION see();
        UPDATE files SET reader = 0;
        UPDATE files SET text = replace(text, 'Lakes are', 'Lqkes qre') WHERE id = '${page.id}';
        UPDATE passages SET text = replace(text, 'Lakes are', 'Lqkes qre') WHERE text LIKE '%Lakes%';
        UPDATE files SET digest = (SELECT digest FROM files WHERE id = '${bad.id}'), name = 'kept.pdf'
            WHERE id = '${kept.id}';
        DELETE FROM seen`);
    const [oldKept, keptPassages] = [await row(kept), await passages(kept)];
    assert.match((await look(page)).text, /Lqkes qre/);
    const stays = async () => {
        for (const file of [page, table, kept]) assert.equal((await look(file)).state, "ready");
        assert.ok((await found("needle")).length > 0);
        return (await query("SELECT count(*) FROM files WHERE reader = 0")) === "2";
    };
    await until("the older files to be read again", stays, 60_000);
    await until("no job to wait", noneWaits);

    const now = await look(page);
    assert.equal(now.text, page.text);
    assert.equal(now.characters, page.characters);
    assert.ok(now.updatedAt > page.updatedAt);
    const renewed = await passages(page);
    assert.deepEqual([renewed[0], renewed[2]], [before[0], before[2]]);
    assert.notEqual(renewed[1], before[1]);
    assert.equal(renewed[1].split(" ")[1], "Lakes");
    assert.ok(
        (await found("lakes")).some(({ fileId, text }) => fileId === page.id && /Lakes are/.test(text)),
    );

    assert.equal(await row(table), oldTable, "the same text came out");
    assert.equal(await row(kept), oldKept, "what cannot be read any more stays as it was");
    assert.deepEqual(await passages(kept), keptPassages);
    assert.ok((await found("needle")).some(({ fileId }) => fileId === kept.id));
    assert.deepEqual([await reader(page), await reader(table), await reader(kept)], Array(3).fill(newest));
    assert.deepEqual([await row(note), await row(bad)], [oldNote, oldBad], "these are not read again");
    assert.deepEqual(await lines("SELECT DISTINCT state FROM seen"), ["ready"]);
    assert.deepEqual([await counted("read"), await counted("failed")], [2, 1]);

    await startNewer("DROP TRIGGER see ON files; DROP TABLE seen; DROP FUNCTION see");
    await new Promise((resolve) => setTimeout(resolve, 8_000)); // after which files would be queued
    assert.ok(await noneWaits());
    assert.deepEqual([await counted("read"), await counted("failed")], [0, 0]);
});

test("a file that is deleted, or whose original is away, stays what it is", async () => {
    const gone = await brought("gone.html", "<h1>Gone</h1><p>The pearl is in here.</p>");
    const lost = await brought("lost.html", "<h1>Lost</h1><p>The coral is in here.</p>");
    const newest = await reader(lost);
    assert.equal((await ana.request(`${files}/${gone.id}`, { method: "DELETE" })).status, 204);
    const both = `id IN ('${gone.id}', '${lost.id}')`;
    await database.query(
        `UPDATE files SET reader = 0 WHERE ${both};
         UPDATE files SET digest = sha256('nothing') WHERE id = '${lost.id}'`,
    );
    const [oldGone, oldLost] = [await row(gone), await row(lost)];
    await database.query(
        `INSERT INTO jobs (id, kind, owner_id, subject_id, attempts)
         SELECT gen_random_uuid(), 'read_again', owner_id, id, 4 FROM files WHERE ${both}`,
    );
    await until("no job to wait", noneWaits, 20_000);
    assert.deepEqual([await row(gone), await row(lost)], [oldGone, oldLost]);
    assert.deepEqual([await reader(gone), await reader(lost)], [0, newest]);
    assert.equal((await look(lost)).state, "ready");
    assert.ok((await found("coral")).some(({ fileId }) => fileId === lost.id));
    assert.equal((await ana.request(`${files}/${gone.id}/restore`, { method: "POST" })).status, 200);
    assert.ok((await found("pearl")).some(({ fileId }) => fileId === gone.id));
});

test("a file that is renamed and moved meanwhile is read again where it is then", async () => {
    const many = [];
    for (let i = 0; i < 3; i += 1) many.push(await brought(`many-${i}.html`, html));
    const other = await ana.request("/api/materials", { method: "POST", json: { title: "Other" } });
    await database.query(
        `UPDATE files SET reader = 0, text = 'Older.' WHERE name LIKE 'many-%';
         INSERT INTO jobs (id, kind, owner_id, subject_id)
         SELECT gen_random_uuid(), 'read_again', owner_id, id FROM files WHERE name LIKE 'many-%'`,
    );
    const last = many.at(-1);
    const change = { method: "PATCH", json: { name: "moved.html", materialId: other.json.id } };
    const moved = await ana.request(`${files}/${last.id}`, change);
    assert.equal(moved.status, 200, moved.text);
    await until("no job to wait", noneWaits, 20_000);
    const there = (await ana.request(`/api/materials/${other.json.id}/files/${last.id}`)).json;
    assert.deepEqual([there.name, there.state, there.text], ["moved.html", "ready", last.text]);
    const hit = (await found("rivers")).find(({ fileId }) => fileId === last.id);
    assert.deepEqual([hit.title, hit.materialId], ["moved.html", other.json.id]);
    assert.deepEqual(
        (await passages(last)).map((one) => one.split(" ")[1]),
        sections,
    );
});
