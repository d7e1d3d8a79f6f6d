// The files of the page as they travel: coded once, kept for ever under their hashed names, and never instead of data.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { startServer } from "../support/server.mjs";

let server, page, script;

before(async () => {
    server = await startServer();
    page = await raw("/");
    script = /src="(\/assets\/[^"]+\.js)"/.exec(page.body.toString())[1];
});
after(() => server.stop());

/** One request whose body comes back as it was sent, without decoding. */
function raw(path, headers = {}, method = "GET") {
    return new Promise((resolve, reject) => {
        const sent = request(new URL(path, server.url), { method, headers }, (answer) => {
            const pieces = [];
            answer.on("data", (piece) => pieces.push(piece));
            answer.on("end", () =>
                resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }),
            );
        });
        sent.on("error", reject);
        sent.end();
    });
}

test("the page itself is asked for again each time, its hashed parts never", async () => {
    assert.equal(page.headers["cache-control"], "no-cache");
    const answer = await raw(script);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.match(answer.headers["content-type"], /^text\/javascript/);
});

test("the best coding that the client takes is sent, and all of them are the same file", async () => {
    const plain = await raw(script, { "accept-encoding": "identity" });
    assert.equal(plain.headers["content-encoding"], undefined);
    for (const [accepted, coding, decode] of [
        ["gzip, deflate, br", "br", brotliDecompressSync],
        ["gzip, deflate", "gzip", gunzipSync],
        ["br;q=0, gzip;q=0.5", "gzip", gunzipSync],
    ]) {
        const coded = await raw(script, { "accept-encoding": accepted });
        assert.equal(coded.headers["content-encoding"], coding, accepted);
        assert.equal(coded.headers.vary, "Accept-Encoding");
        assert.ok(coded.body.length < plain.body.length / 2, `${coding} saves`);
        assert.deepEqual(decode(coded.body), plain.body);
    }
});

test("a file that the client has is 304, without a body", async () => {
    const { etag } = page.headers;
    const again = await raw("/", { "if-none-match": etag });
    assert.equal(again.status, 304);
    assert.equal(again.body.length, 0);
    assert.equal((await raw("/", { "if-none-match": '"other"' })).status, 200);
});

test("who has a session is told of the part behind the doors and of all it imports, others are not", async () => {
    assert.equal(page.headers.link, undefined);
    const { headers } = await raw("/chat", { cookie: "brainbytes_session=x" });
    const told = [...headers.link.matchAll(/<(\/assets\/[^>]+)>; rel=modulepreload/g)].map(
        (found) => found[1],
    );
    assert.match(told[0], /^\/assets\/SignedIn-/);
    const inside = (await raw(told[0], { "accept-encoding": "identity" })).body.toString();
    const imported = [...inside.matchAll(/from"\.\/([^"]+)"/g)].map((found) => `/assets/${found[1]}`);
    assert.ok(imported.length > 1);
    const html = page.body.toString();
    for (const path of imported) assert.ok(told.includes(path) || html.includes(path), path);
    for (const path of told) assert.equal((await raw(path)).status, 200, path);
});

test("HEAD has the headers of GET and no body", async () => {
    const head = await raw(script, { "accept-encoding": "identity" }, "HEAD");
    const got = await raw(script, { "accept-encoding": "identity" });
    assert.equal(head.status, 200);
    assert.equal(head.headers["content-length"], String(got.body.length));
    assert.equal(head.body.length, 0);
});

/** The pixels of a PNG as its header says them, as "192x192". */
function sizeOf(png) {
    assert.equal(png.toString("latin1", 0, 8), "\x89PNG\r\n\x1a\n");
    assert.equal(png.toString("latin1", 12, 16), "IHDR");
    return `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`;
}

test("the page can be put on a home screen: its manifest says what it is, and its icons are what it says", async () => {
    const html = page.body.toString();
    const linked = (rel) => new RegExp(`<link rel="${rel}"[^>]*? href="([^"]+)"`).exec(html)?.[1];
    assert.equal(linked("manifest"), "/manifest.webmanifest");
    const answer = await raw("/manifest.webmanifest");
    assert.equal(answer.status, 200);
    assert.match(answer.headers["content-type"], /^application\/manifest\+json\b/);
    const { icons, ...manifest } = JSON.parse(answer.body);
    const [, paper] = /<meta\s+name="theme-color"\s+data-theme="light"[^>]*content="(#\w{6})"/.exec(html);
    assert.deepEqual(
        [manifest.name, manifest.short_name, manifest.start_url, manifest.scope, manifest.display],
        ["BrainBytes", "BrainBytes", "/chat", "/", "standalone"],
    );
    assert.deepEqual([manifest.theme_color, manifest.background_color], [paper, paper]);
    assert.equal((await raw(manifest.start_url)).status, 200);

    for (const { src, type, sizes } of icons) {
        const icon = await raw(src);
        assert.equal(icon.status, 200, src);
        assert.equal(icon.headers["content-type"], type, src);
        if (type === "image/png") assert.equal(sizeOf(icon.body), sizes, src);
        else assert.match(icon.body.toString(), /^<svg\s/, src);
    }
    const offered = (purpose) => icons.filter((icon) => icon.purpose === purpose).map((icon) => icon.sizes);
    assert.deepEqual(offered("any"), ["192x192", "512x512"]); // what Chromium asks for
    assert.deepEqual(offered("maskable"), ["512x512"]);
    const apple = await raw(linked("apple-touch-icon"));
    assert.equal(apple.headers["content-type"], "image/png");
    assert.equal(sizeOf(apple.body), "180x180");
});

test("what is not there is 404, and a place of the page is the page", async () => {
    assert.equal((await raw("/assets/gone-12345678.js")).status, 404);
    assert.equal((await raw("/api/nothing")).status, 404);
    const deep = await raw("/materials/0198c7a4-7b1c-7000-8000-000000000000");
    assert.equal(deep.status, 200);
    assert.deepEqual(deep.body, page.body);
    for (const place of [
        "/sign-in",
        "/sign-in/link",
        "/sign-in/github",
        "/setup",
        "/invitation",
        "/unsubscribe",
        "/chat",
        "/search?q=x",
        "/settings",
        "/settings/data",
        "/admin",
        "/admin/log",
    ])
        assert.equal((await raw(place)).status, 200, place);
    const lost = await raw("/no/such/place");
    assert.equal(lost.status, 404);
    assert.match(lost.headers["content-type"], /^text\/html/);
    for (const path of [
        "/../VERSION",
        "/assets/../../VERSION",
        "/%2e%2e/VERSION",
        "/assets/%2e%2e%2fVERSION",
    ]) {
        const answer = await raw(path);
        assert.ok(!answer.body.toString().startsWith("0."), path);
    }
});
