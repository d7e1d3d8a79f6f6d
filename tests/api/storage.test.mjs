// How much a person keeps (BRAINBYTES_STORAGE_MB): requests side by side do not pass the bound together, what is deleted
// makes room at once, and what is restored needs its room again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { upload } from "../support/archives.mjs";
import { personOf } from "../support/chat.mjs";
import { until } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

const base64 = (text) => Buffer.from(text).toString("base64");
let database, server;
before(async () => {
    database = await startDatabase();
    server = await startServer({
        env: { DATABASE_URL: database.url, BRAINBYTES_STORAGE_MB: "1", BRAINBYTES_THREADS: "6" },
    });
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

const text = (letter, bytes) => `${letter} `.repeat(bytes / 2);

async function expect(status, person, target, method = "GET", json) {
    const answer = await person.request(target, { method, json });
    assert.equal(answer.status, status, `${method} ${target}: ${answer.text}`);
    return answer.json;
}

async function material(person, title) {
    return (await expect(201, person, "/api/materials", "POST", { title })).id;
}

async function kept(person, id, letter, bytes) {
    const sent = await upload(person, id, `${letter}.txt`, text(letter, bytes));
    assert.equal(sent.status, 201, sent.text);
    return sent.json.id;
}

const isFull = ({ status, json, text: body }, pointer = "#/storage") => {
    assert.deepEqual([status, json.errors?.[0].pointer], [413, pointer], body);
};

const begin = (person, name, bytes, into) =>
    person.request("/api/uploads", {
        method: "POST",
        headers: {
            "tus-resumable": "1.0.0",
            origin: server.url,
            "upload-length": String(bytes),
            "upload-metadata": `filename ${base64(name)},materialId ${base64(into)}`,
        },
    });
const bring = (person, at, bytes) =>
    person.request(at, {
        method: "PATCH",
        headers: {
            "tus-resumable": "1.0.0",
            origin: server.url,
            "content-type": "application/offset+octet-stream",
            "upload-offset": "0",
        },
        body: bytes,
    });

const backends = async (state) =>
    Number(await database.query(`SELECT count(*) FROM pg_stat_activity WHERE ${state}`));
const wait = (count) =>
    until("who waits", async () => (await backends("wait_event_type = 'Lock'")) >= count, 60_000);

/** Holds a lock, until it is ended. */
async function holding(lock) {
    const asleep = "wait_event = 'PgSleep'";
    const held = database.query(`BEGIN; ${lock}; SELECT pg_sleep(120); COMMIT`).catch(() => undefined);
    await until("the lock", () => backends(asleep), 60_000);
    return async () => {
        await database.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE ${asleep}`);
        await held;
    };
}
const hold = (id) => holding(`SELECT FROM materials WHERE id = '${id}' FOR UPDATE`);

test("forms sent side by side do not pass the bound together", async () => {
    const ana = await server.as("forms@example.org");
    const id = await material(ana, "Plants");
    const end = await hold(id);
    const sent = ["a", "b", "c", "d"].map((letter) =>
        upload(ana, id, `${letter}.txt`, text(letter, 300_000)),
    );
    await wait(2);
    await end();
    const answers = await Promise.all(sent);
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, 201, 201, 413]);
    isFull(answers.find(({ status }) => status === 413));
    assert.equal((await expect(200, ana, `/api/materials/${id}/files`)).files.length, 3);
});

test("uploads begun side by side reserve no more than there is", async () => {
    const bea = await personOf(server, "pieces@example.org");
    const id = await material(bea, "Plants");
    const end = await holding("LOCK TABLE uploads IN SHARE MODE");
    const sent = [..."abcdefghijkl"].map((letter) => begin(bea, `${letter}.pdf`, 400_000, id));
    await wait(2);
    await end();
    const answers = await Promise.all(sent);
    const begun = answers.filter(({ status }) => status === 201);
    assert.equal(begun.length, 2, answers.map(({ status }) => status).join());
    isFull(answers.find(({ status }) => status === 413));
});

test("an upload that fills the room is taken: what it had reserved becomes that of its file", async () => {
    const cy = await personOf(server, "filling@example.org");
    const id = await material(cy, "Plants");
    const begun = await begin(cy, "all.txt", 1_000_000, id);
    assert.equal(begun.status, 201, begun.text);
    const brought = await bring(cy, `/api/uploads/${begun.json.id}`, text("a", 1_000_000));
    assert.equal(brought.status, 204, brought.text);
    assert.equal((await expect(200, cy, `/api/materials/${id}/files`)).files.length, 1);
    isFull(await begin(cy, "more.txt", 10, id));
});

test("an upload that is cancelled on another server while it ends leaves no file in the room it gave back", async () => {
    const dan = await personOf(server, "cancelling@example.org");
    const id = await material(dan, "Plants");
    const begun = await begin(dan, "late.txt", 900_000, id);
    const end = await hold(id);
    const brought = bring(dan, `/api/uploads/${begun.json.id}`, text("a", 900_000));
    await wait(1);
    await database.query(`DELETE FROM uploads WHERE id = '${begun.json.id}'`);
    await end();
    assert.equal((await brought).status, 404);
    assert.deepEqual((await expect(200, dan, `/api/materials/${id}/files`)).files, []);
});

test("a deleted file makes room, and is restored only where it fits again", async () => {
    const eva = await server.as("restoring@example.org");
    const id = await material(eva, "Plants");
    const files = `/api/materials/${id}/files`;
    const first = await kept(eva, id, "a", 600_000);
    await expect(204, eva, `${files}/${first}`, "DELETE");
    const second = await kept(eva, id, "b", 600_000);
    isFull(await eva.request(`${files}/${first}/restore`, { method: "POST" }));
    assert.deepEqual(
        (await expect(200, eva, files)).files.map((file) => file.id),
        [second],
    );
    await expect(204, eva, `${files}/${second}`, "DELETE");
    await expect(200, eva, `${files}/${first}/restore`, "POST");
    await expect(200, eva, `${files}/${first}/restore`, "POST");
    isFull(await upload(eva, id, "c.txt", text("c", 600_000)));
});

test("a deleted material makes room with all it holds, and is restored only where it fits again", async () => {
    const fay = await server.as("shelves@example.org");
    const [old, later] = [await material(fay, "Old"), await material(fay, "Later")];
    await kept(fay, old, "a", 300_000);
    await kept(fay, old, "b", 300_000);
    await expect(204, fay, `/api/materials/${old}`, "DELETE");
    const same = await kept(fay, later, "a", 300_000);
    const other = await kept(fay, later, "c", 600_000);
    isFull(await fay.request(`/api/materials/${old}/restore`, { method: "POST" }));
    await expect(404, fay, `/api/materials/${old}`);
    await expect(204, fay, `/api/materials/${later}/files/${other}`, "DELETE");
    await expect(200, fay, `/api/materials/${old}/restore`, "POST");
    // "a" is kept twice and counts once: 400 kB are left.
    assert.equal((await expect(200, fay, `/api/materials/${old}/files`)).files.length, 2);
    isFull(await upload(fay, later, "d.txt", text("d", 450_000)));
    await kept(fay, later, "d", 350_000);
    await expect(204, fay, `/api/materials/${later}/files/${same}`, "DELETE");
});

test("deleting and bringing again fills the disk to three times the bound, and no further", async () => {
    const ida = await server.as("thrower@example.org");
    const id = await material(ida, "Notes");
    const throwAway = async (letter) => {
        const file = await kept(ida, id, letter, 900_000);
        await expect(204, ida, `/api/materials/${id}/files/${file}`, "DELETE");
        return file;
    };
    const first = await throwAway("a");
    await throwAway("b");
    await throwAway("c");
    const refused = await upload(ida, id, "d.txt", text("d", 900_000));
    isFull(refused, "#/deleted");
    assert.match(refused.json.errors[0].detail, /holds 2 MB that you deleted, .* 30 days/);
    isFull(await begin(ida, "e.txt", 900_000, id), "#/deleted");
    // What lies there already takes no more of it.
    await expect(200, ida, `/api/materials/${id}/files/${first}/restore`, "POST");
});

test("nobody's room is another's", async () => {
    const gus = await server.as("gus@example.org");
    const hal = await server.as("hal@example.org");
    const [one, two] = [await material(gus, "One"), await material(hal, "Two")];
    const file = await kept(gus, one, "a", 900_000);
    await kept(hal, two, "a", 900_000);
    await expect(204, gus, `/api/materials/${one}/files/${file}`, "DELETE");
    await expect(404, hal, `/api/materials/${one}/files/${file}/restore`, "POST");
    await expect(404, hal, `/api/materials/${one}/restore`, "POST");
    await expect(200, gus, `/api/materials/${one}/files/${file}/restore`, "POST");
});
