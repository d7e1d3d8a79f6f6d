import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { assertProblem } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

let database;
let server;
let ana;
let ben;
let id;
let files;

before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    ana = await server.as("ana@example.org");
    ben = await server.as("ben@example.org");
    const made = await ana.request("/api/materials", { method: "POST", json: { title: "Files" } });
    id = made.json.id;
    files = `/api/materials/${id}/files`;
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

function form(...parts) {
    const data = new FormData();
    for (const [name, content, field = "file"] of parts) data.append(field, new Blob([content]), name);
    return data;
}
const send = (who, target, ...parts) =>
    who.request(target, { method: "POST", body: form(...parts), timeout: 120_000 });

async function uploaded(name, content) {
    const answer = await send(ana, files, [name, content]);
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
}

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Paths of the originals on the disk. */
function stored() {
    const folder = path.join(server.dataFolder, "files");
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true })
        .filter((name) => /^[0-9a-f]{64}$/.test(path.basename(name)))
        .map((name) => path.join(folder, name));
}
const storedFiles = () => stored().length;

describe("files", () => {
    test("are uploaded, shown with their text, and come back byte for byte", async () => {
        const original = "\ufeff# Title\r\n\r\nSome **text** 🙂 about volcanoes.\r\n";
        const answer = await send(ana, files, ["Lesson – é.md", original]);
        assert.equal(answer.status, 201, answer.text);
        const file = answer.json;
        assert.equal(file.name, "Lesson – é.md");
        assert.equal(file.mediaType, "text/markdown");
        assert.equal(file.state, "ready");
        assert.equal(file.materialId, id);
        assert.equal(file.bytes, Buffer.byteLength(original));
        assert.equal(file.text, undefined);
        assert.equal(answer.headers.get("location"), `${files}/${file.id}`);

        const shown = await ana.request(`${files}/${file.id}`);
        assert.equal(shown.json.text, original.slice(1));
        const bytes = await fetch(new URL(`${files}/${file.id}/content`, server.url), {
            headers: { cookie: ana.cookie },
        });
        assert.equal(bytes.status, 200);
        assert.deepEqual(Buffer.from(await bytes.arrayBuffer()), Buffer.from(original));
        const disposition = bytes.headers.get("content-disposition");
        assert.match(
            disposition,
            /^attachment; filename="Lesson _ _\.md"; filename\*=UTF-8''Lesson%20%E2%80%93%20%C3%A9\.md$/,
        );
        assert.equal(bytes.headers.get("x-content-type-options"), "nosniff");
        assert.match(bytes.headers.get("content-type"), /^text\/markdown/);

        const list = await ana.request(files);
        assert.ok(list.json.files.some((one) => one.id === file.id && one.text === undefined));
        assert.equal((await ana.request(`/api/materials/${id}`)).json.files, list.json.files.length);
    });

    test("come several at once, all or none", async () => {
        const before = (await ana.request(files)).json.files.length;
        const two = await send(ana, files, ["a.txt", "alpha"], ["b.txt", "beta"]);
        assert.equal(two.status, 201, two.text);
        assert.deepEqual(
            two.json.files.map((file) => file.name),
            ["a.txt", "b.txt"],
        );
        const half = await send(ana, files, ["c.txt", "gamma"], ["d.exe", "MZ"]);
        assert.equal(half.status, 415);
        assert.equal((await ana.request(files)).json.files.length, before + 2);
    });

    test("with the same content lie on the disk once per person", async () => {
        const count = storedFiles();
        await uploaded("one.txt", "the very same words");
        await uploaded("two.txt", "the very same words");
        assert.equal(storedFiles(), count + 1);
    });

    test("lie sealed on the disk, also after a rotation, and are not given out when they were changed", async () => {
        const words = "Nobody shall read this on a stolen disk. ".repeat(4000);
        const file = await uploaded("secret.txt", words);
        const place = stored().find((one) => one.endsWith(sha256(words)));
        const lying = readFileSync(place);
        assert.ok(lying.length > words.length && !lying.includes("stolen disk"));
        const rotated = await server.command("secret", "rotate");
        assert.equal(rotated.code, 0, rotated.stderr);
        const whole = () => ana.request(`${files}/${file.id}/content`);
        assert.equal((await whole()).text, words);
        const flipped = (at) => Buffer.from(lying).fill(lying[at] ^ 1, at, at + 1);
        writeFileSync(place, flipped(100));
        assert.equal((await whole()).status, 500, "its beginning was changed");
        writeFileSync(place, flipped(lying.length - 1));
        await assert.rejects(whole(), "its end was changed: the answer breaks off");
        writeFileSync(place, lying);
        assert.equal((await whole()).text, words);
        // What was stored before files were sealed is read as it is, and sealed when it is stored again.
        const older = await uploaded("older.txt", "stored long ago");
        const at = stored().find((one) => one.endsWith(sha256("stored long ago")));
        await database.query(`DELETE FROM file_keys WHERE digest = '\\x${sha256("stored long ago")}'`);
        writeFileSync(at, "stored long ago");
        const read = () => ana.request(`${files}/${older.id}/content`);
        assert.equal((await read()).text, "stored long ago");
        await uploaded("again.txt", "stored long ago");
        assert.ok(!readFileSync(at).includes("long ago"));
        assert.equal((await read()).text, "stored long ago");
    });

    test("of ten megabytes are taken, larger ones are not", async () => {
        const line = "All work and no play makes a long file about nothing in particular. ";
        const big = line.repeat(Math.floor((10 * 1024 * 1024) / line.length));
        const file = await uploaded("big.txt", big);
        assert.equal(file.characters, big.length);
        const found = await ana.request("/api/search?q=particular+play&in=materials&limit=3");
        assert.equal(found.json.results.length, 3);
        const over = await send(ana, files, ["over.txt", `${big}${line.repeat(2)}`]);
        assert.equal(over.status, 413);
        assert.match(over.json.detail, /over\.txt/);
        assert.equal((await ana.request(`${files}/${file.id}`, { method: "DELETE" })).status, 204);
    });

    test("are shown in full, packed for those who ask, and not again when they are known", async () => {
        const text = `${"Ang mga halaman ay berde. ".repeat(20_000)}\n🙂`;
        const file = await uploaded("long.txt", text);
        const place = `${files}/${file.id}`;
        for (const coding of ["gzip", "identity"]) {
            const shown = await ana.request(place, { headers: { "accept-encoding": coding } });
            assert.equal(shown.headers.get("content-encoding"), coding === "gzip" ? "gzip" : null);
            assert.equal(shown.headers.get("vary"), "Accept-Encoding");
            assert.equal(shown.json.text, text);
            const again = await ana.request(place, {
                headers: { "if-none-match": shown.headers.get("etag") },
            });
            assert.equal(again.status, 304);
            assert.equal(again.text, "");
        }
        const renamed = await ana.request(place, { method: "PATCH", json: { name: "longer.md" } });
        assert.equal(renamed.json.text, text);
    });

    test("are renamed, moved, deleted and restored", async () => {
        const file = await uploaded("first.txt", "Glaciers carve valleys.");
        const other = await ana.request("/api/materials", { method: "POST", json: { title: "Elsewhere" } });
        const place = `${files}/${file.id}`;
        const tag = (await ana.request(place)).headers.get("etag");
        const renamed = await ana.request(place, { method: "PATCH", json: { name: "second.md" } });
        assert.equal(renamed.status, 200, renamed.text);
        assert.equal(renamed.json.mediaType, "text/markdown");
        const late = { method: "PATCH", json: { name: "x.txt" }, headers: { "if-match": tag } };
        assert.equal((await ana.request(place, late)).status, 412);
        const moved = await ana.request(place, { method: "PATCH", json: { materialId: other.json.id } });
        assert.equal(moved.json.materialId, other.json.id);
        assert.equal((await ana.request(place)).status, 404);
        const there = `/api/materials/${other.json.id}/files/${file.id}`;
        assert.equal((await ana.request(there, { method: "DELETE" })).status, 204);
        for (const target of [there, `${there}/content`])
            assert.equal((await ana.request(target)).status, 404);
        assert.deepEqual((await ana.request("/api/search?q=glaciers&in=materials")).json.results, []);
        assert.equal((await ana.request(`${there}/restore`, { method: "POST" })).status, 200);
        assert.equal((await ana.request("/api/search?q=glaciers&in=materials")).json.results.length, 1);
        assert.equal((await ana.request(`${there}/content`)).text, "Glaciers carve valleys.");
    });

    test("are somebody's own, by whatever address", async () => {
        const file = await uploaded("mine.txt", "file body of ana");
        const foreign = await ben.request("/api/materials", { method: "POST", json: { title: "Bens" } });
        for (const material of [id, foreign.json.id]) {
            const place = `/api/materials/${material}/files/${file.id}`;
            for (const target of [place, `${place}/content`])
                assert.equal((await ben.request(target)).status, 404);
            assert.equal(
                (await ben.request(place, { method: "PATCH", json: { name: "x.txt" } })).status,
                404,
            );
            assert.equal((await ben.request(place, { method: "DELETE" })).status, 404);
            assert.equal((await ben.request(`${place}/restore`, { method: "POST" })).status, 404);
        }
        assert.equal((await send(ben, files, ["x.txt", "x"])).status, 404);
        const push = { method: "PATCH", json: { materialId: foreign.json.id } };
        assert.equal((await ana.request(`${files}/${file.id}`, push)).status, 404);
    });

    test("that cannot be read are refused with their name", async () => {
        const before = (await ana.request(files)).json.files.length;
        const cases = [
            ["setup.exe", "MZ", 415],
            ["noending", "text", 415],
            ["empty.txt", "", 422],
            ["blank.md", " \n\t", 422],
            [`${"n".repeat(300)}.txt`, "x", 422],
        ];
        for (const [name, content, status] of cases) {
            const answer = await send(ana, files, [name, content]);
            assert.equal(answer.status, status, `${name}: ${answer.text}`);
            if (name.length < 100) assert.ok(answer.json.detail.includes(name), answer.text);
        }
        assert.equal((await send(ana, files, ["a.txt", "x", "upload"])).status, 422);
        const raw = (body, type) =>
            ana.request(files, { method: "POST", body, headers: { "content-type": type } });
        assert.equal((await raw("{}", "application/json")).status, 415);
        assert.equal((await raw("x", "multipart/form-data")).status, 400);
        assert.equal((await raw("--b\r\nhalf", "multipart/form-data; boundary=b")).status, 400);
        assert.equal((await raw("--b--\r\n", "multipart/form-data; boundary=b")).status, 422);
        assert.equal((await ana.request(files)).json.files.length, before);
        const file = await uploaded("named.txt", "x");
        for (const json of [
            { name: "x.pdf" },
            { name: "" },
            { name: "a/b.txt" },
            { bytes: 1 },
            { materialId: 7 },
        ]) {
            const answer = await ana.request(`${files}/${file.id}`, { method: "PATCH", json });
            assert.equal(answer.status, 422, JSON.stringify(json));
        }
    });

    test("are bounded for each person, each content once", async () => {
        const small = await startServer({ env: { BRAINBYTES_STORAGE_MB: "1" } });
        try {
            const cara = await small.as("cara@example.org");
            const made = await cara.request("/api/materials", { method: "POST", json: { title: "Full" } });
            const place = `/api/materials/${made.json.id}/files`;
            const large = "x ".repeat(300_000);
            const first = await send(cara, place, ["one.txt", large]);
            assert.equal(first.status, 201, first.text);
            const full = await send(cara, place, ["two.txt", `${large}y`]);
            assertProblem(full, 413, "too-large", ["#/storage"]);
            assert.equal((await cara.request(place)).json.files.length, 1);
            const gone = await cara.request(`${place}/${first.json.id}`, { method: "DELETE" });
            assert.equal(gone.status, 204);
            assert.equal((await send(cara, place, ["two.txt", `${large}y`])).status, 201);
        } finally {
            await small.stop();
        }
    });

    test("cannot leave their folder by name", async () => {
        for (const name of ["../../etc/passwd.txt", "..\\..\\x.txt"]) {
            const file = await uploaded(name, `content of ${name}`);
            assert.ok(!/[/\\]/.test(file.name), file.name);
        }
        const quoted = await uploaded('a"b;c.txt', "quoted");
        const answer = await ana.request(`${files}/${quoted.id}/content`);
        assert.ok(answer.headers.get("content-disposition").startsWith("attachment; filename="));
    });
});
