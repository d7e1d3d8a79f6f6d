// Files that come in pieces: the published client of tus over a connection that breaks again and again, and the protocol
// by hand, kill -9 included.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { Upload } from "tus-js-client";

import { personOf } from "../support/chat.mjs";
import { root, startServer, temporaryFolder } from "../support/server.mjs";

const mib = 1024 * 1024;
const base64 = (text) => Buffer.from(text).toString("base64");
const folder = temporaryFolder();
let server, ana, bea, material;

before(async () => {
    server = await startServer({
        dataFolder: path.join(folder, "data"),
        env: { BRAINBYTES_FILE_MIB: "100" },
    });
    [ana, bea] = await Promise.all(
        ["ana@example.org", "bea@example.org"].map((one) => personOf(server, one)),
    );
    material = (await ana.request("/api/materials", { method: "POST", json: { title: "Plants" } })).json.id;
});
after(() => server?.stop());

/** A request of the protocol. */
const tus = (person, method, target, headers = {}, body = undefined) =>
    person.request(target, {
        method,
        headers: { "tus-resumable": "1.0.0", origin: person.url ?? server.url, ...headers },
        body,
    });
const begin = (person, name, bytes, into = material) =>
    tus(person, "POST", "/api/uploads", {
        "upload-length": String(bytes),
        "upload-metadata": `filename ${base64(name)},materialId ${base64(into)}`,
    });
const bring = (person, at, offset, bytes, more = {}) =>
    tus(
        person,
        "PATCH",
        at,
        { "content-type": "application/offset+octet-stream", "upload-offset": String(offset), ...more },
        bytes,
    );
const content = async (person, id) => {
    const response = await fetch(`${server.url}/api/materials/${material}/files/${id}/content`, {
        headers: { cookie: person.cookie },
    });
    return Buffer.from(await response.arrayBuffer());
};

/** The key of an upload's pieces, as it lies in the database. */
const sealedKey = (id) => {
    const sql = `SELECT encode(sealed_key, 'hex') FROM uploads WHERE id = '${id}'`;
    const words = ["-h", path.join(server.dataFolder, "run"), "-U", "brainbytes", "-XAtc", sql, "brainbytes"];
    const key = execFileSync("psql", words, { encoding: "utf8" }).trim();
    assert.match(key, /^[0-9a-f]{100,}$/);
    return key;
};

test("what was said at the beginning is told again, and a POST may say that it means PATCH or DELETE", async () => {
    const { headers } = await begin(ana, "ángel.txt", 5);
    const at = headers.get("location");
    const head = await tus(ana, "HEAD", at);
    assert.equal(
        head.headers.get("upload-metadata"),
        `filename ${base64("ángel.txt")},materialId ${base64(material)}`,
    );
    const bytes = {
        "x-http-method-override": "PATCH",
        "content-type": "application/offset+octet-stream",
        "upload-offset": "0",
    };
    assert.equal((await tus(ana, "POST", at, bytes, "two")).status, 204);
    assert.equal((await tus(ana, "HEAD", at)).headers.get("upload-offset"), "3");
    assert.equal((await tus(ana, "POST", at, { "x-http-method-override": "DELETE" })).status, 204);
    assert.equal((await tus(ana, "HEAD", at)).status, 404);
    assert.equal((await tus(ana, "POST", at, { "x-http-method-override": "GET" })).status, 405);
});

/** Passes connections on to the server, and breaks each off after so many bytes from the client. */
async function breaking(bytes) {
    const sockets = new Set();
    const proxy = net.createServer((client) => {
        const upstream = net.connect(server.port, "127.0.0.1");
        let left = bytes;
        for (const one of [client, upstream]) {
            sockets.add(one);
            one.on("error", () => {}).on("close", () => [client, upstream].forEach((s) => s.destroy()));
        }
        upstream.pipe(client);
        client.on("data", (piece) => {
            upstream.write(piece.subarray(0, left));
            left -= piece.length;
            if (left <= 0) client.destroy();
        });
    });
    await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    return {
        url: `http://127.0.0.1:${proxy.address().port}`,
        close: () => {
            sockets.forEach((one) => one.destroy());
            proxy.close();
        },
    };
}

test("the published client brings a file whole over a connection that is cut every 256 KiB", async () => {
    const file = readFileSync(path.join(root, "tests/samples/notes.pdf"));
    const bytes = Buffer.concat([file, Buffer.from("\n%".padEnd(3 * mib, "x"))]);
    const proxy = await breaking(256 * 1024);
    let tries = 0;
    const id = await new Promise((resolve, reject) => {
        const upload = new Upload(bytes, {
            endpoint: `${proxy.url}/api/uploads`,
            metadata: { filename: "notes.pdf", materialId: material },
            headers: { cookie: ana.cookie },
            retryDelays: Array(60).fill(0),
            onShouldRetry: () => Boolean((tries += 1)),
            onError: reject,
            onSuccess: () => resolve(upload.url.split("/").pop()),
        });
        upload.start();
    }).finally(() => proxy.close());
    assert.ok(tries >= 10, `${tries} tries`);
    assert.deepEqual(await content(ana, id), bytes);
    for (let i = 0; i < 600; i += 1) {
        const { json } = await ana.request(`/api/materials/${material}/files/${id}`);
        if (json.state !== "reading") {
            assert.equal(json.state, "ready", json.reason);
            assert.match(json.text, /dahon/);
            return;
        }
        await pause(100);
    }
    assert.fail("it was not read");
});

const resident = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024;

/** The files of uploads that are not whole, of everybody. */
const waiting = () => {
    const uploads = path.join(server.dataFolder, "uploads");
    return readdirSync(uploads).flatMap((owner) =>
        readdirSync(path.join(uploads, owner)).map((name) => path.join(uploads, owner, name)),
    );
};

test("a file of 100 MiB streams through, sealed on the disk, and memory stays flat", async (t) => {
    const { json, headers } = await begin(ana, "large.pdf", 100 * mib);
    const at = headers.get("location");
    assert.equal(at, `/api/uploads/${json.id}`);
    assert.match(headers.get("upload-expires"), /GMT$/);
    const marked = "a sentence that must not lie readable on the disk ".repeat(40);
    const half = Buffer.alloc(50 * mib, marked);
    await bring(ana, at, 0, half.subarray(0, mib));
    const before = resident();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, resident())), 10);
    t.after(() => clearInterval(watch));
    const first = await bring(ana, at, mib, half.subarray(mib));
    assert.deepEqual([first.status, first.headers.get("upload-offset")], [204, String(50 * mib)]);
    const file = waiting().find((one) => one.endsWith(json.id));
    assert.ok(statSync(file).size > 50 * mib);
    assert.equal(readFileSync(file).includes("must not lie readable"), false);
    assert.equal((await bring(ana, at, 50 * mib, half.subarray(1))).status, 204);
    clearInterval(watch);
    assert.ok(most - before < 24, `${before} MiB, then ${most}`);
    const last = await bring(ana, at, 100 * mib - 1, "x");
    assert.equal(last.status, 204);
    assert.equal(last.headers.get("content-location"), `/api/materials/${material}/files/${json.id}`);
    assert.equal(
        waiting().some((one) => one.endsWith(json.id)),
        false,
    );
    assert.equal((await content(ana, json.id)).length, 100 * mib);
    await ana.request(`/api/materials/${material}/files/${json.id}`, { method: "DELETE" });
});

test("what was acknowledged is there after kill -9, and the upload goes on", async () => {
    const text = Buffer.from("# Leaves\n\nThe leaf is the kitchen of the plant.\n".repeat(20_000));
    const { json } = await begin(ana, "leaves.md", text.length);
    const at = `/api/uploads/${json.id}`;
    const key = sealedKey(json.id);
    assert.equal((await bring(ana, at, 0, text.subarray(0, 400_000))).status, 204);
    await server.kill();
    await server.start();
    const head = await tus(ana, "HEAD", at);
    assert.equal(head.status, 200);
    assert.equal(head.headers.get("upload-offset"), "400000");
    assert.equal(head.headers.get("upload-length"), String(text.length));
    assert.equal(head.headers.get("cache-control"), "no-store");
    assert.equal(sealedKey(json.id), key);
    assert.equal((await bring(ana, at, 400_000, text.subarray(400_000))).status, 204);
    assert.deepEqual(await content(ana, json.id), text);
    assert.notEqual(sealedKey(json.id), key, "from here on only the file's own key opens it");
    const { json: file } = await ana.request(`/api/materials/${material}/files/${json.id}`);
    assert.equal(file.state, "ready");
    assert.match(file.text, /kitchen of the plant/);
    const done = await tus(ana, "GET", at);
    assert.deepEqual([done.json.done, done.json.offset], [true, text.length]);
});

test("who comes back on another connection goes on, though the first still hangs", async () => {
    const { json } = await begin(ana, "hanging.txt", 1000);
    const at = `/api/uploads/${json.id}`;
    const hanging = net.connect(server.port, "127.0.0.1").on("error", () => {});
    hanging.write(
        `PATCH ${at} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nOrigin: ${server.url}\r\nCookie: ${ana.cookie}\r\n` +
            "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n" +
            `Content-Length: 1000\r\n\r\n${"a".repeat(400)}`,
    );
    await pause(300);
    let offset;
    for (let i = 0; i < 100 && offset !== 400; i += 1) {
        offset = Number((await tus(ana, "HEAD", at)).headers.get("upload-offset"));
        await pause(20);
    }
    assert.equal(offset, 400);
    assert.equal((await bring(ana, at, 400, "b".repeat(600))).status, 204);
    assert.equal((await content(ana, json.id)).toString(), "a".repeat(400) + "b".repeat(600));
    hanging.destroy();
});

test("the server says what it can do, and speaks no other version", async () => {
    const options = await server.request("/api/uploads", { method: "OPTIONS" });
    assert.equal(options.status, 401);
    const known = await tus(ana, "OPTIONS", "/api/uploads");
    assert.equal(known.status, 204);
    assert.equal(known.headers.get("tus-version"), "1.0.0");
    assert.equal(known.headers.get("tus-extension"), "creation,termination,expiration");
    assert.equal(known.headers.get("tus-max-size"), String(100 * mib));
    const other = await tus(ana, "POST", "/api/uploads", { "tus-resumable": "0.2.2", "upload-length": "5" });
    assert.equal(other.status, 412);
    assert.equal(other.headers.get("tus-version"), "1.0.0");
});

test("nobody begins, sees, goes on with or ends another person's upload, and nobody without signing in", async () => {
    const { json } = await begin(ana, "own.txt", 10);
    const at = `/api/uploads/${json.id}`;
    for (const method of ["HEAD", "DELETE"]) assert.equal((await tus(bea, method, at)).status, 404);
    assert.equal((await bring(bea, at, 0, "0123456789")).status, 404);
    assert.equal((await begin(bea, "own.txt", 10)).status, 404);
    const nobody = { request: (target, options) => server.request(target, options) };
    assert.equal((await begin(nobody, "own.txt", 10)).status, 401);
    for (const method of ["HEAD", "DELETE"]) assert.equal((await tus(nobody, method, at)).status, 401);
    assert.equal((await bring(nobody, at, 0, "0123456789")).status, 401);
    assert.equal((await tus(ana, "HEAD", at)).headers.get("upload-offset"), "0");
    assert.equal((await tus(ana, "DELETE", at)).status, 204);
    assert.equal((await tus(ana, "HEAD", at)).status, 404);
});

test("what cannot be taken is refused with its reason, and costs nothing", async () => {
    const pointer = ({ status, json }) => [status, json.errors?.[0].pointer];
    assert.deepEqual(pointer(await begin(ana, "x.pdf", 101 * mib)), [413, "#/file"]);
    assert.deepEqual(pointer(await begin(ana, "x.md", 11 * mib)), [413, "#/file"]);
    assert.deepEqual(pointer(await begin(ana, "x.exe", 10)), [415, "#/file"]);
    assert.deepEqual(pointer(await begin(ana, "x.pdf", 0)), [422, "#/file"]);
    assert.deepEqual(pointer(await begin(ana, "x.pdf", "many")), [422, "#/Upload-Length"]);
    assert.deepEqual(pointer(await begin(ana, "x.pdf", 10, "nowhere")), [422, "#/Upload-Metadata"]);
    const { json } = await begin(ana, "x.txt", 10);
    const at = `/api/uploads/${json.id}`;
    assert.equal((await bring(ana, at, 5, "56789")).status, 409);
    assert.deepEqual(pointer(await bring(ana, at, "", "56789")), [422, "#/Upload-Offset"]);
    assert.equal((await bring(ana, at, 0, "0", { "content-type": "text/plain" })).status, 415);
    assert.equal((await bring(ana, at, 0, "012345678901")).status, 413);
    assert.equal((await tus(ana, "HEAD", at)).headers.get("upload-offset"), "0");
    assert.equal((await bring(ana, at, 0, "          ")).status, 422, "a text of spaces is empty");
    assert.equal((await tus(ana, "HEAD", at)).status, 404, "and nothing to go on with");
});

test("a person has at most fifty that are unfinished", async () => {
    const cy = await personOf(server, "fifty@example.org");
    const { json } = await cy.request("/api/materials", { method: "POST", json: { title: "Many" } });
    let last;
    for (let i = 0; i < 50; i += 1) last = await begin(cy, `${i}.txt`, 10, json.id);
    assert.equal(last.status, 201);
    const refused = await begin(cy, "50.txt", 10, json.id);
    assert.deepEqual([refused.status, refused.json.errors[0].pointer], [422, "#/uploads"]);
    assert.equal((await tus(cy, "DELETE", `/api/uploads/${last.json.id}`)).status, 204);
    assert.equal((await begin(cy, "50.txt", 10, json.id)).status, 201);
});

test("room is kept for what is on its way", async () => {
    const small = await startServer({ env: { BRAINBYTES_STORAGE_MB: "1" } });
    try {
        const person = await personOf(small, "cy@example.org");
        const { json } = await person.request("/api/materials", {
            method: "POST",
            json: { title: "Plants" },
        });
        assert.equal((await begin(person, "a.pdf", 900_000, json.id)).status, 201);
        const refused = await begin(person, "b.pdf", 200_000, json.id);
        assert.deepEqual([refused.status, refused.json.errors[0].pointer], [413, "#/storage"]);
        assert.equal((await begin(person, "b.pdf", 50_000, json.id)).status, 201);
        const form = new FormData();
        form.append("file", new Blob(["x".repeat(90_000)]), "c.txt");
        const other = await person.request(`/api/materials/${json.id}/files`, { method: "POST", body: form });
        assert.deepEqual([other.status, other.json.errors[0].pointer], [413, "#/storage"]);
        assert.equal(
            (await bring(person, `/api/uploads/${randomBytes(16).toString("hex")}`, 0, "x")).status,
            404,
        );
    } finally {
        await small.stop();
    }
});
