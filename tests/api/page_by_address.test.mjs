// Web pages as material: named by their address, fetched by the server past its guard, read like uploads.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { archiveFrom } from "../support/archives.mjs";
import { assertProblem, until } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { freePort, generousLimits, root, startServer } from "../support/server.mjs";

const pdf = readFileSync(path.join(root, "tests/samples/notes.pdf"));
const article =
    "<!doctype html><html><head><title>Osmosis &amp; cells:\n a/b</title></head><body><h1>Osmosis</h1>" +
    "<p>Water moves through a membrane, which people call osmosis.</p></body></html>";

/** What the site answers, by path. */
const answers = {
    "/article": (response) => send(response, "text/html; charset=utf-8", article),
    "/packed": (response) => send(response, "text/html", gzipSync(article), { "content-encoding": "gzip" }),
    "/notes.pdf": (response) => send(response, "application/pdf", pdf),
    "/as-bytes/notes.pdf": (response) => send(response, "application/octet-stream", pdf),
    "/plain": (response) => send(response, "text/plain", "Just words about tides.\n"),
    "/told": (response) => send(response, "text/plain", "Just words about tides.\n"),
    "/torn.pdf": (response) => send(response, "application/pdf", pdf.subarray(0, 700)),
    "/old": (response) =>
        send(response, "text/html; charset=iso-8859-1", Buffer.from("<p>La ma\xf1ana</p>", "latin1")),
    "/moved": (response) => redirect(response, "/moved-again"),
    "/moved-again": (response) => redirect(response, "article"),
    "/named%20by_path": (response) => send(response, "text/html", "<p>A page without a title.</p>"),
    "/private": (response) => redirect(response, "http://10.0.0.1/"),
    "/metadata": (response) => redirect(response, "http://169.254.169.254/latest/meta-data/"),
    "/localhost": (response) => redirect(response, `http://[::1]:${sitePort}/article`),
    "/file": (response) => redirect(response, "file:///etc/passwd"),
    "/loop": (response) => redirect(response, "/loop"),
    "/huge": (response) => send(response, "text/html", Buffer.alloc((20 << 20) + 1, "x")),
    "/bomb": (response) => send(response, "text/html", bomb, { "content-encoding": "gzip" }),
    "/layers": (response) =>
        send(response, "text/html", layers, { "content-encoding": ["gzip", "gzip", "gzip"] }),
    "/listed-layers": (response) =>
        send(response, "text/html", layers, { "content-encoding": "gzip, gzip, gzip" }),
    // Only a bare connection says this of a body that is not in chunks.
    "/layers-on-the-way": ({ socket }) => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n");
        socket.end(Buffer.concat([Buffer.from("Transfer-Encoding: gzip, gzip, gzip\r\n\r\n"), layers]));
    },
    "/video": (response) => send(response, "video/mp4", "no page"),
    "/program": (response) => send(response, "application/x-executable", "no page"),
    "/missing": (response) => send(response, "text/html", "gone", {}, 404),
    "/endless-place": (response) => redirect(response, `/${"a".repeat(2000)}`),
    "/no-place": (response) => redirect(response, "http://%80example.org/"),
    "/closed": (response) => send(response, "text/html", "sign in", {}, 403),
    "/broken": (response) => send(response, "text/html", "trouble", {}, 500),
    "/empty": (response) => send(response, "text/html", ""),
    "/cut": (response) => {
        response.writeHead(200, { "content-type": "text/html", "content-length": 1000 });
        response.write("<p>begun", () => response.destroy());
    },
    "/slow": (response) => {
        response.writeHead(200, { "content-type": "text/html" });
        const drops = setInterval(() => response.write("x"), 200);
        response.on("close", () => clearInterval(drops));
    },
    "/large-1": (response) => send(response, "text/plain", "one ".repeat(175_000)),
    "/large-2": (response) => send(response, "text/plain", "two ".repeat(175_000)),
    "/sometimes": (response) => {
        sometimes += 1;
        if (sometimes === 1) send(response, "text/html", "not now", {}, 503);
        else send(response, "text/html", article);
    },
    "/held": (response) => void held.push(response),
};
const bomb = gzipSync(Buffer.alloc(200 << 20));
/** Packed three times: a few hundred bytes that are millions of blocks of nothing. */
const nothing = Buffer.alloc(64 << 20, Buffer.from([0, 0, 0, 0xff, 0xff]));
const gzipHead = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
const layers = gzipSync(gzipSync(Buffer.concat([gzipHead, nothing])));
let sometimes = 0;
let held = [];
const seen = [];

function send(response, type, body, headers = {}, status = 200) {
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(body);
}

function redirect(response, location) {
    response.writeHead(302, { location });
    response.end();
}

let site, sitePort;
let database, server;
let ana, ben;
let material;

before(async () => {
    site = createServer((request, response) => {
        seen.push({ url: request.url, headers: request.headers });
        const answer = answers[request.url.split("?")[0]];
        if (answer) answer(response);
        else send(response, "text/plain", "?", {}, 404);
    });
    sitePort = await freePort();
    await new Promise((resolve) => site.listen(sitePort, "0.0.0.0", resolve));
    database = await startDatabase();
    server = await startServer({
        env: {
            DATABASE_URL: database.url,
            BRAINBYTES_FETCH_ALLOW: "127.0.0.1",
            BRAINBYTES_RATE_LIMITS: `${generousLimits},pages=1000+1000/s`,
            http_proxy: `http://127.0.0.1:${sitePort}`, // who asks a proxy names the whole address
        },
    });
    ana = await server.as("ana@example.org");
    ben = await server.as("ben@example.org");
    material = (await ana.request("/api/materials", { method: "POST", json: { title: "From the web" } })).json
        .id;
});
after(async () => {
    for (const response of held) response.destroy();
    await server?.stop();
    await database?.stop();
    site?.closeAllConnections();
    site?.close();
});

const at = (place, host = "127.0.0.1") => `http://${host}:${sitePort}${place}`;
const name = (url, { who = ana, into = material } = {}) =>
    who.request(`/api/materials/${into}/pages`, { method: "POST", json: { url } });

async function added(url, options) {
    const answer = await name(url, options);
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
}

/** The file when its page is there and read, or cannot be. */
async function settled(file, { who = ana, limit = 20_000 } = {}) {
    let now;
    const look = async () => {
        now = (await who.request(`/api/materials/${file.materialId}/files/${file.id}`)).json;
        return now.state === "ready" || now.state === "failed";
    };
    await until(`${file.sourceUrl} to be read`, look, limit);
    return now;
}

async function fetched(place) {
    const file = await settled(await added(at(place)));
    assert.equal(file.state, "ready", JSON.stringify(file));
    return file;
}

/** All originals that a server keeps on its disk. */
function storedBytes({ dataFolder }) {
    const files = readdirSync(path.join(dataFolder, "files"), { recursive: true })
        .map((entry) => statSync(path.join(dataFolder, "files", entry)))
        .filter((entry) => entry.isFile());
    return files.reduce((sum, { size }) => sum + size, 0);
}

const contentOf = async (file) =>
    Buffer.from(
        await (
            await fetch(new URL(`/api/materials/${file.materialId}/files/${file.id}/content`, server.url), {
                headers: { cookie: ana.cookie },
            })
        ).arrayBuffer(),
    );

describe("a page", () => {
    test("is kept with its address and time, named by its title, and found by its words", async () => {
        const begun = await name(at("/article?lang=en#part"));
        assert.equal(begun.status, 201, begun.text);
        assert.equal(begun.headers.get("location"), `/api/materials/${material}/files/${begun.json.id}`);
        assert.deepEqual(
            [begun.json.state, begun.json.bytes, begun.json.fetchedAt, begun.json.name],
            ["fetching", 0, null, "article.html"],
        );
        const file = await settled(begun.json);
        assert.equal(file.state, "ready", JSON.stringify(file));
        assert.equal(file.name, "Osmosis & cells: a b.html");
        assert.equal(file.sourceUrl, at("/article?lang=en"));
        assert.ok(Math.abs(Date.now() - Date.parse(file.fetchedAt)) < 60_000, file.fetchedAt);
        assert.match(file.text, /^# Osmosis\n\nWater moves through a membrane/);
        assert.equal((await contentOf(file)).toString(), article);
        const hits = (await ana.request("/api/search?q=osmosis+membrane&in=materials")).json.results;
        assert.ok(hits.some((hit) => hit.fileId === file.id));
    });

    test("is asked for without a cookie, a key or a proxy, by a server that says who it is", async () => {
        await fetched("/packed");
        const { headers } = seen.findLast(({ url }) => url === "/packed");
        assert.equal(headers["user-agent"], `BrainBytes (+${server.url.replace("127.0.0.1", "localhost")})`);
        for (const field of ["cookie", "authorization", "referer", "x-forwarded-for"])
            assert.equal(headers[field], undefined, field);
        const nowhere = await settled(await added("http://no-such-name.invalid/"));
        assert.deepEqual([nowhere.state, nowhere.fault], ["failed", "page-unreachable"]);
        assert.deepEqual(
            seen.filter(({ url }) => !url.startsWith("/")),
            [],
        );
    });

    test("may be a document, a text, or elsewhere", async () => {
        assert.match((await fetched("/notes.pdf")).text, /Photosynthesis/);
        assert.equal((await fetched("/as-bytes/notes.pdf")).name, "notes.pdf");
        const plain = await fetched("/plain");
        assert.deepEqual([plain.name, plain.text], ["plain.txt", "Just words about tides.\n"]);
        assert.match((await fetched("/old")).text, /La mañana/);
        assert.equal((await fetched("/moved")).name, "Osmosis & cells: a b.html");
        assert.equal((await fetched("/named%20by_path")).name, "named by path.html");
    });

    test("keeps the name that somebody gave it meanwhile", async () => {
        const file = await added(at("/held"));
        await until("the page to be asked for", () => held.length === 1);
        const place = `/api/materials/${material}/files/${file.id}`;
        assert.equal(
            (await ana.request(place, { method: "PATCH", json: { name: "Mine.html" } })).status,
            200,
        );
        assertProblem(await ana.request(`${place}/content`), 409, "conflict");
        send(held.pop(), "application/pdf", pdf);
        assert.equal((await settled(file)).name, "Mine.pdf");
    });

    test("is fetched once more after a failure", async () => {
        const file = await settled(await added(at("/sometimes")));
        assert.deepEqual([file.state, file.fault], ["failed", "page-refused"]);
        const place = `/api/materials/${material}/files/${file.id}/read`;
        assert.equal((await ben.request(place, { method: "POST" })).status, 404);
        const again = await ana.request(place, { method: "POST" });
        assert.equal(again.status, 200, again.text);
        assert.notEqual(again.json.state, "failed", "it is on its way, or there by now");
        assert.equal((await settled(file)).state, "ready");
        assertProblem(await ana.request(place, { method: "POST" }), 409, "conflict");
    });

    test("that came is kept, and read again where it could not be read, not fetched", async () => {
        const file = await settled(await added(at("/torn.pdf")));
        assert.deepEqual([file.state, file.fault, file.bytes], ["failed", "damaged", 700]);
        assert.ok(file.fetchedAt);
        const place = `/api/materials/${material}/files/${file.id}/read`;
        const again = await ana.request(place, { method: "POST" });
        assert.equal(again.status, 200, again.text);
        assert.notEqual(again.json.state, "fetching");
        const after = await settled(file);
        assert.deepEqual([after.fault, after.fetchedAt], ["damaged", file.fetchedAt]);
        assert.equal(seen.filter(({ url }) => url === "/torn.pdf").length, 1);
    });

    test("comes after all when the server is killed meanwhile", async () => {
        const file = await added(at("/held"));
        await until("the page to be asked for", () => held.length === 1);
        await server.kill();
        held = [];
        await database.query("UPDATE jobs SET next_try_at = now()");
        await server.start();
        await until("the page to be asked for again", () => held.length === 1, 10_000);
        send(held.pop(), "text/html", article);
        assert.equal((await settled(file)).state, "ready");
    });

    test("goes with an archive of one's data, and its address is checked there", async () => {
        const cara = await server.as("cara@example.org");
        const made = await cara.request("/api/materials", { method: "POST", json: { title: "Mine" } });
        const own = { who: cara, into: made.json.id };
        await settled(await added(at("/article"), own), own);
        await settled(await added(at("/missing"), own), own);
        const body = await archiveFrom(server, cara);
        const dina = await server.as("dina@example.org");
        const headers = { "content-type": "application/zip" };
        const brought = await dina.request("/api/me/import", { method: "POST", body, headers });
        assert.equal(brought.status, 200, brought.text);
        const [there] = (await dina.request("/api/materials")).json.materials;
        const { files } = (await dina.request(`/api/materials/${there.id}/files`)).json;
        assert.deepEqual(
            files.map((file) => file.sourceUrl),
            [at("/article")],
        );
        assert.ok(files[0].fetchedAt);
        assert.equal((await settled(files[0], { who: dina })).state, "ready");
    });
});

test("what is no page ends with a reason", async () => {
    const faults = {
        "/private": "page-forbidden",
        "/metadata": "page-forbidden",
        "/localhost": "page-forbidden",
        "/file": "page-forbidden",
        "/loop": "page-redirects",
        "/huge": "page-too-large",
        "/bomb": "page-too-large",
        "/layers": "page-refused",
        "/listed-layers": "page-refused",
        "/layers-on-the-way": "page-refused",
        "/video": "page-type",
        "/program": "page-type",
        "/missing": "page-missing",
        "/endless-place": "page-redirects",
        "/no-place": "page-redirects",
        "/closed": "page-refused",
        "/broken": "page-refused",
        "/empty": "page-empty",
        "/cut": "page-unreachable",
        "/slow": "page-too-slow",
    };
    const places = Object.keys(faults);
    const files = await Promise.all(places.map((place) => added(at(place))));
    files.push(await added("http://no-such-name.invalid/"));
    files.push(await added(`http://127.0.0.1:${await freePort()}/`));
    const ended = await Promise.all(files.map((file) => settled(file, { limit: 60_000 })));
    const expected = [...Object.values(faults), "page-unreachable", "page-unreachable"];
    assert.deepEqual(
        ended.map((file) => [file.sourceUrl, file.state, file.fault, file.bytes]),
        expected.map((fault, i) => [files[i].sourceUrl, "failed", fault, 0]),
    );
    for (const file of ended) assert.match(file.reason, /^[A-Z].*\.$/);
    assert.equal(seen.filter(({ url }) => url === "/loop").length, 6);
    const metrics = (await ana.request("/api/metrics")).text;
    assert.match(metrics, /brainbytes_pages_fetched_total\{outcome="failed"\} 2\d/);
});

test("an address is refused that is none of a public page, and every other bad request", async () => {
    for (const url of [
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://ana:secret@example.org/",
        "http://%80example.org/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://2886729729/",
        "http://0x0a000001/",
        "http://012.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fd00:ec2::254]/",
        `https://example.org/${"a".repeat(2000)}`,
        "",
        7,
    ])
        assertProblem(await name(url), 422, "invalid-input", ["#/url"]);
    const pages = `/api/materials/${material}/pages`;
    const extra = { method: "POST", json: { url: at("/article"), name: "x" } };
    assertProblem(await ana.request(pages, extra), 422, "invalid-input", ["#/name"]);
    const broken = { method: "POST", body: "{", headers: { "content-type": "application/json" } };
    assertProblem(await ana.request(pages, broken), 400, "malformed");
    const good = { method: "POST", json: { url: at("/article") } };
    assert.equal((await server.request(pages, good)).status, 401);
    assert.equal((await ben.request(pages, good)).status, 404);
    assert.equal((await ana.request("/api/materials/not-an-id/pages", good)).status, 404);
});

test("the log tells where a page came from, and not what its address asked", async () => {
    await settled(await added(at("/told?token=of-somebody")));
    await until("the line", () => server.log.includes(at("/told")));
    assert.doesNotMatch(server.log, /of-somebody/);
});

describe("a server that allows another network", () => {
    let strict, eva, mine;
    before(async () => {
        strict = await startServer({
            env: {
                BRAINBYTES_FETCH_ALLOW: "127.0.0.2",
                BRAINBYTES_STORAGE_MB: "1",
                BRAINBYTES_RATE_LIMITS: `${generousLimits},pages=3+1/h`,
            },
        });
        eva = await strict.as("eva@example.org");
        const made = await eva.request("/api/materials", { method: "POST", json: { title: "Mine" } });
        mine = { who: eva, into: made.json.id };
    });
    after(() => strict?.stop());

    test("fetches nothing by a name that leads to itself, no more than fits, and not too often", async () => {
        const before = seen.length;
        const itself = await settled(await added(at("/article", "localhost"), mine), mine);
        assert.deepEqual([itself.state, itself.fault], ["failed", "page-forbidden"]);
        assert.equal(seen.length, before, "nobody was asked");
        const first = await settled(await added(at("/large-1", "127.0.0.2"), mine), mine);
        assert.equal(first.state, "ready", JSON.stringify(first));
        const stored = storedBytes(strict);
        assert.ok(stored > 700_000, `${stored}`);
        const second = await settled(await added(at("/large-2", "127.0.0.2"), mine), mine);
        assert.deepEqual([second.state, second.fault], ["failed", "page-storage"]);
        assert.ok(storedBytes(strict) < stored + 10_000, "it was not even stored");
        const refused = await name(at("/plain", "127.0.0.2"), mine);
        assert.equal(refused.status, 429, refused.text);
        assert.deepEqual(refused.json["violated-policies"], ["pages"]);
        assert.ok(Number(refused.headers.get("retry-after")) > 60);
    });
});
