// The same accounts behind a proxy that ends TLS.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

const email = "ana@example.org";
let server;
before(async () => {
    server = await startServer({
        env: { BRAINBYTES_URL: "https://school.example", BRAINBYTES_TRUSTED_PROXIES: "127.0.0.1" },
    });
});
after(() => server.stop());

test("cookies are bound to https and the host", async () => {
    const headers = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.77" };
    await server.request("/api/auth/email", { method: "POST", json: { email }, headers });
    const { code, link } = await newestMail(server, email);
    assert.match(link, /^https:\/\/school\.example\/sign-in\/link#/);
    const answer = await server.request("/api/auth/code", { method: "POST", json: { email, code }, headers });
    const [line] = answer.headers.getSetCookie();
    assert.match(
        line,
        /^__Host-brainbytes_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
    );

    const cookie = line.split(";")[0];
    const list = await server.request("/api/sessions", { cookie, headers });
    assert.equal(list.json.sessions[0].network, "203.0.113.x");
    const planted = cookie.replace("__Host-", "");
    assert.equal((await server.request("/api/sessions", { cookie: planted, headers })).status, 401);

    const out = await server.request("/api/auth/sign-out", { method: "POST", cookie, headers });
    assert.match(out.headers.getSetCookie()[0], /^__Host-brainbytes_session=; .*Max-Age=0.*Secure$/);
});

test("the command line makes the cookie of the public address", async () => {
    const cookie = await server.cookieFor("tool@example.org");
    assert.match(cookie, /^__Host-brainbytes_session=/);
    assert.equal((await server.request("/api/sessions", { cookie })).status, 200);
});

test("pages under the public address may change something", async () => {
    const { request } = await server.as(email);
    const change = (origin) =>
        request("/api/me", { method: "PATCH", json: { theme: "dark" }, headers: { origin } });
    assert.equal((await change("https://school.example")).status, 200);
    assert.equal((await change("https://school.example.evil.example")).status, 403);
});
