// `brainbytes backup restore --purge`: the uploaded files of a former database go with it, and no others.
import assert from "node:assert/strict";
import { readdirSync, statSync, utimesSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { create, upload } from "../support/archives.mjs";
import { startServer } from "../support/server.mjs";

let server, ana, material;
before(async () => {
    server = await startServer({ env: { BACKUP_WAL_DAYS: "0" } });
    ana = await server.as("ana@former.example");
    material = await create(ana, "/api/materials", { title: "Cells" });
});
after(async () => server?.stop());

const good = async (...words) => {
    const done = await server.command(...words);
    assert.equal(done.code, 0, done.stderr);
    return done;
};
const store = async (name, content) => {
    let done;
    // Each loop of the server connects anew after a restore.
    for (const deadline = Date.now() + 15_000; Date.now() < deadline; await pause(100)) {
        done = await upload(ana, material, name, content);
        if (done.status !== 503) break;
    }
    assert.equal(done.status, 201, done.text);
    return done.json.id;
};
const root = () => path.join(server.dataFolder, "files");
const stored = () =>
    readdirSync(root(), { recursive: true })
        .filter((name) => /[0-9a-f]{64}$/.test(name))
        .sort();
/** As if all of them had been there for two hours: younger ones may belong to an upload under way. */
function age() {
    const then = Date.now() / 1000 - 7200;
    for (const name of stored()) utimesSync(path.join(root(), name), then, then);
}
const opens = async (file, content) => {
    const answer = await ana.request(`/api/materials/${material}/files/${file}/content`);
    assert.deepEqual([answer.status, answer.text], [200, content]);
};
const purge = async () => (await good("backup", "restore", "--purge", "--yes")).stderr;

test("what the present database names stays, and what nothing names any more goes at once", async () => {
    const kept = await store("kept.txt", "In the backup and after it.");
    const before = stored();
    await good("backup", "create");
    await store("later.txt", "Only in the former database.");
    await store("again.txt", "In both by another upload.");
    assert.equal(stored().length, before.length + 2);
    await server.stop({ keep: true });
    await good("backup", "restore", "latest", "--yes", "--no-safety");
    await server.start();
    const again = await store("again.txt", "In both by another upload.");
    age();
    assert.match(await purge(), /Dropped, and 1 uploaded files erased that nothing else names/);
    assert.equal(stored().length, before.length + 1);
    for (const name of before) assert.ok(stored().includes(name), name);
    await opens(kept, "In the backup and after it.");
    await opens(again, "In both by another upload.");
    const verified = JSON.parse((await good("blobs", "verify", "--json")).stdout);
    assert.equal(verified.faults ?? 0, 0, JSON.stringify(verified));
});

test("of two former databases the files of both go, and none of one that is young", async () => {
    await good("backup", "create");
    const before = stored();
    await store("first.txt", "Of the first.");
    age();
    await good("backup", "restore", "latest", "--yes", "--no-safety");
    await store("second.txt", "Of the second.");
    age();
    await store("young.txt", "Just stored.");
    await good("backup", "restore", "latest", "--yes", "--no-safety");
    const told = await purge();
    assert.match(told, /and 2 uploaded files erased/);
    assert.match(told, /1 more were stored within the last hour: the server erases them in 30 days/);
    assert.equal(stored().length, before.length + 1);
    assert.ok(stored().every((name) => statSync(path.join(root(), name)).isFile()));
});
