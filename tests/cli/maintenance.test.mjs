// `brainbytes maintenance`: everybody is asked to come back later, but for who looks after it; and files of other releases.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { brotliCompressSync } from "node:zlib";

import { startServer } from "../support/server.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

const outside = { "x-forwarded-for": "203.0.113.7" };
const visit = (target, headers = {}) => fetch(server.url + target, { headers: { ...outside, ...headers } });
async function until(status) {
    for (
        const deadline = Date.now() + 10_000;
        (await visit("/api/session")).status !== status;
        await pause(50)
    )
        assert.ok(Date.now() < deadline);
}

test("people get a page and programs a problem, until it is over", async () => {
    assert.equal((await visit("/api/session")).status, 200);
    const words = ["--reason", "The <b>database</b> moves.", "--minutes", "30"];
    assert.equal((await server.command("maintenance", "on", ...words)).code, 0);
    await until(503);
    const page = await visit("/chat", { accept: "text/html,*/*" });
    assert.deepEqual([page.status, page.headers.get("content-type")], [503, "text/html; charset=utf-8"]);
    const wait = Number(page.headers.get("retry-after"));
    assert.ok(wait > 1700 && wait <= 1800, String(wait));
    const html = await page.text();
    assert.match(html, /The &lt;b>database&lt;\/b> moves\./);
    assert.match(html, /over by \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    assert.ok(page.headers.get("content-security-policy"));
    const problem = await visit("/api/threads");
    assert.equal(problem.headers.get("content-type"), "application/problem+json");
    assert.match((await problem.json()).detail, /nothing of yours is lost\. The <b>database<\/b> moves\./);
    for (const probe of ["/livez", "/readyz", "/api/health"]) assert.equal((await visit(probe)).status, 200);
    assert.equal((await fetch(`${server.url}/api/session`)).status, 200); // on the host itself
    const status = JSON.parse((await server.command("maintenance", "status")).stdout);
    assert.deepEqual([status.maintenance, status.reason], [true, "The <b>database</b> moves."]);
    // It holds over a restart.
    await server.stop({ keep: true });
    await server.start();
    assert.equal((await visit("/api/session")).status, 503);
    assert.match((await server.command("maintenance", "off")).stdout, /is over/);
    await until(200);
    assert.match((await server.command("maintenance", "off")).stdout, /there was no maintenance/);
    assert.equal((await server.command("maintenance", "on", "--minutes", "0")).code, 2);
});

test("files of the pages of other releases are found, and this one's are left for them", async () => {
    const folder = path.join(server.dataFolder, "assets");
    const own = /\/assets\/([\w.-]+\.js)/.exec(await (await visit("/sign-in")).text())[1];
    for (const deadline = Date.now() + 10_000; ; await pause(50)) {
        const names = readdirSync(folder);
        if (names.includes(own) && names.includes(`${own}.br`)) break;
        assert.ok(Date.now() < deadline, names.join());
    }
    const text = "console.log('of another release')";
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "Chat-0ther123.js"), text);
    writeFileSync(path.join(folder, "Chat-0ther123.js.br"), brotliCompressSync(text));
    for (const coding of ["br", "identity"]) {
        const found = await visit("/assets/Chat-0ther123.js", { "accept-encoding": coding });
        assert.deepEqual([found.status, await found.text()], [200, text]);
        assert.equal(found.headers.get("content-encoding"), coding === "br" ? "br" : null);
        assert.equal(found.headers.get("content-type"), "text/javascript; charset=utf-8");
        assert.match(found.headers.get("cache-control"), /immutable/);
    }
    writeFileSync(path.join(folder, "note.txt"), "no file of a page");
    for (const target of [
        "none-1.js",
        "note.txt",
        "..%2fhome",
        "%2e%2e/home",
        ".unfinished-1",
        "Chat-0ther123.js/x",
    ])
        assert.equal((await visit(`/assets/${target}`)).status, 404, target);
});
