// Copies of shared materials: how many, how much, what they keep of web pages, and that none is half made.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { upload } from "../support/archives.mjs";
import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

let database, server, giver;
before(async () => {
    database = await startDatabase();
    server = await startServer({
        env: {
            DATABASE_URL: database.url,
            BRAINBYTES_STORAGE_MB: "1",
            BRAINBYTES_RATE_LIMITS: "copies=3+1/h",
        },
    });
    giver = await server.as("giver@example.org", "teacher");
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

async function expect(status, person, target, method = "GET", json) {
    const answer = await person.request(target, { method, json });
    assert.equal(answer.status, status, `${method} ${target}: ${answer.text}`);
    return answer.json;
}

const copy = (person, id, status = 201) => expect(status, person, `/api/shared/${id}/copy`, "POST");

/** A material of the giver with these files by name, and with a text, for one who takes it: {id, files}. */
async function shared(taker, contents) {
    const { id } = await expect(201, giver, "/api/materials", "POST", { title: `For ${taker.email}` });
    const entry = { title: "Leaves", content: "Leaves are kitchens." };
    await expect(201, giver, `/api/materials/${id}/entries`, "POST", entry);
    const files = {};
    for (const [name, content] of Object.entries(contents)) {
        const sent = await upload(giver, id, name, content);
        assert.equal(sent.status, 201, sent.text);
        files[name] = sent.json.id;
    }
    const share = { kind: "person", email: taker.email };
    await expect(201, giver, `/api/materials/${id}/shares`, "POST", share);
    return { id, files };
}

/** Nothing of a copy is there, neither to see nor to count. */
async function hasNothing(person) {
    assert.deepEqual((await expect(200, person, "/api/materials")).materials, []);
    for (const table of ["materials", "entries", "files", "sources", "vocabulary", "material_origins"]) {
        const rows = await database.query(
            `SELECT count(*) FROM ${table} WHERE owner_id = (SELECT id FROM users WHERE email = '${person.email}')`,
        );
        assert.equal(rows.trim(), "0", table);
    }
}

test("a copy counts to the storage, each content once and none that is there; copying is limited", async () => {
    const taker = await server.as("storing@example.org");
    const text = "Chlorophyll is green. ".repeat(18_000); // 396 kB
    const { id } = await shared(taker, { "one.txt": text, "same.txt": text });
    const own = await expect(201, taker, "/api/materials", "POST", { title: "My own" });
    const large = await upload(taker, own.id, "large.txt", "Leaves are red. ".repeat(43_750)); // 700 kB
    assert.equal(large.status, 201, large.text);

    const refused = await copy(taker, id, 413);
    assert.deepEqual(
        refused.errors.map((error) => error.pointer),
        ["#/storage"],
    );
    assert.equal((await expect(200, taker, "/api/materials")).materials.length, 1);
    await expect(204, taker, `/api/materials/${own.id}/files/${large.json.id}`, "DELETE");
    const smaller = await upload(taker, own.id, "small.txt", "Leaves are gold. ".repeat(30_000)); // 510 kB
    assert.equal(smaller.status, 201, smaller.text);
    assert.equal((await copy(taker, id)).files, 2);
    assert.equal((await copy(taker, id)).files, 2);

    const limited = await taker.request(`/api/shared/${id}/copy`, { method: "POST" });
    assert.equal(limited.status, 429, limited.text);
    assert.deepEqual(limited.json["violated-policies"], ["copies"]);
    assert.ok(Number(limited.headers.get("retry-after")) > 0);
});

test("a web page keeps its address and its date, and one that was not fetched is left out", async () => {
    const taker = await server.as("pages@example.org");
    const { id, files } = await shared(taker, { "leaf.txt": "A leaf.", "later.txt": "Not here yet." });
    await database.query(
        "UPDATE files SET source_url = 'https://example.org/leaf', fetched_at = '2026-01-02T03:04:05Z' " +
            `WHERE id = '${files["leaf.txt"]}'; ` +
            "UPDATE files SET source_url = 'https://example.org/later', state = 'fetching', bytes = 0 " +
            `WHERE id = '${files["later.txt"]}'`,
    );
    const made = await copy(taker, id);
    assert.equal(made.files, 1);
    const list = (await expect(200, taker, `/api/materials/${made.id}/files`)).files;
    const original = await expect(200, giver, `/api/materials/${id}/files/${files["leaf.txt"]}`);
    assert.equal(original.sourceUrl, "https://example.org/leaf");
    assert.deepEqual(
        list.map((file) => [file.name, file.state, file.sourceUrl, file.fetchedAt]),
        [["leaf.txt", "ready", original.sourceUrl, original.fetchedAt]],
    );
});

test("when an original is missing, nothing of the copy stays", async () => {
    const taker = await server.as("missing@example.org");
    const { id, files } = await shared(taker, { "here.txt": "This one is here.", "gone.txt": "Gone." });
    const [owner, digest] = (
        await database.query(
            `SELECT owner_id || ' ' || encode(digest, 'hex') FROM files WHERE id = '${files["gone.txt"]}'`,
        )
    )
        .trim()
        .split(" ");
    rmSync(path.join(server.dataFolder, "files", owner, digest.slice(0, 2), digest));
    await copy(taker, id, 500);
    await hasNothing(taker);
});

test("a share that ends while it is copied leaves nothing of the copy", async () => {
    const taker = await server.as("ending@example.org");
    const { id } = await shared(taker, { "leaf.txt": "Another leaf." });
    await database.query(
        "CREATE FUNCTION end_share() RETURNS trigger LANGUAGE plpgsql AS " +
            `$$ BEGIN DELETE FROM shares WHERE material_id = '${id}'; RETURN NULL; END $$; ` +
            "CREATE TRIGGER end_share AFTER INSERT ON entries FOR EACH ROW EXECUTE FUNCTION end_share()",
    );
    await copy(taker, id, 404);
    await database.query("DROP TRIGGER end_share ON entries; DROP FUNCTION end_share()");
    await hasNothing(taker);
});
