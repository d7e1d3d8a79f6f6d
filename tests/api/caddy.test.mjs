// The program behind the Caddyfile that comes with it: a real Caddy, with a certificate of its own making.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";

import { startModel } from "../support/model.mjs";
import { freePort, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

const file = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../deploy/caddy/Caddyfile");
const folder = temporaryFolder("bb-caddy");
const authority = path.join(folder, "caddy/pki/authorities/local/root.crt");
let server, model, caddy, port, plainPort;
let said = "";

/** One request through Caddy: {status, headers, text}. */
function ask(target, { method = "GET", body, headers = {}, onText } = {}) {
    return new Promise((resolve, reject) => {
        const place = { host: "localhost", port, ca: readFileSync(authority), agent: false };
        const request = https.request({ ...place, path: target, method, headers }, async (response) => {
            let text = "";
            response.setEncoding("utf8");
            for await (const piece of response) {
                text += piece;
                onText?.();
            }
            resolve({ status: response.statusCode, headers: response.headers, text });
        });
        request.once("error", reject);
        request.setTimeout(20_000, () => request.destroy(new Error("no answer")));
        request.end(body);
    });
}

/** The same without TLS. */
function askPlain(target, method = "GET") {
    return new Promise((resolve, reject) => {
        const place = { host: "localhost", port: plainPort, agent: false };
        const request = http.request({ ...place, path: target, method }, async (response) => {
            let text = "";
            for await (const piece of response) text += piece;
            resolve({ status: response.statusCode, headers: response.headers, text });
        });
        request.once("error", reject);
        request.end();
    });
}

before(async () => {
    [port, plainPort] = [await freePort(), await freePort()];
    model = await startModel();
    const env = { BRAINBYTES_URL: `https://localhost:${port}`, BRAINBYTES_TRUSTED_PROXIES: "127.0.0.1,::1" };
    server = await startServer({ env: { ...env, ...model.env } });
    const settings = {
        BRAINBYTES_DOMAIN: `https://localhost:${port}`,
        BRAINBYTES_HTTP_PORT: plainPort,
        BRAINBYTES_UPSTREAM: `127.0.0.1:${server.port}`,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
        HOME: folder,
    };
    caddy = spawn("caddy", ["run", "--config", file], { env: programEnvironment(settings) });
    caddy.stderr.on("data", (bytes) => (said += bytes));
    for (let i = 0; i < 200; i += 1) {
        if (existsSync(authority) && (await ask("/livez").catch(() => undefined))) return;
        await pause(100);
    }
    throw new Error(`Caddy does not answer:\n${said}`);
});
after(async () => {
    caddy?.kill("SIGTERM");
    await server?.stop();
    await model?.close();
    rmSync(folder, { recursive: true, force: true });
});

test("a reply streams through, with the cookie of https and the address of the visitor", async () => {
    const cookie = await server.cookieFor("ana@example.org");
    assert.match(cookie, /^__Host-/);
    const headers = { cookie, "content-type": "application/json" };
    const message = {
        id: "m1",
        role: "user",
        parts: [{ type: "text", text: "Tell [[tokens=20 delay=30]]" }],
    };
    const body = JSON.stringify({ id: crypto.randomUUID(), message });
    const seen = [];
    const answer = await ask("/api/chat", {
        method: "POST",
        headers,
        body,
        onText: () => seen.push(Date.now()),
    });
    assert.match(answer.text, /word19.*\[DONE\]/s);
    assert.ok(seen.at(-1) - seen[0] > 200, "word by word");
    assert.match(answer.headers["strict-transport-security"], /max-age=63072000/);
});

test("what a visitor claims to be forwarded for is not believed", async () => {
    const headers = {
        "x-forwarded-for": "203.0.113.9",
        forwarded: "for=203.0.113.9",
        "content-type": "application/json",
    };
    const email = "bo@example.org";
    await ask("/api/auth/email", { method: "POST", headers, body: JSON.stringify({ email }) });
    const { newestMail } = await import("../support/outbox.mjs");
    const { code } = await newestMail(server, email);
    const answer = await ask("/api/auth/code", {
        method: "POST",
        headers,
        body: JSON.stringify({ email, code }),
    });
    assert.equal(answer.status, 204, answer.text);
    const cookie = answer.headers["set-cookie"][0].split(";")[0];
    const { sessions } = JSON.parse((await ask("/api/sessions", { headers: { cookie } })).text);
    assert.doesNotMatch(sessions[0].network, /203\.0\.113/);
});

test("over http pages lead to https, and nothing else is answered", async () => {
    for (const place of ["/", "/materials?x=1", "/sign-in/link"]) {
        const { status, headers } = await askPlain(place);
        assert.equal(status, 308, place);
        assert.equal(headers.location, `https://localhost${place}`);
    }
    const others = ["/api", "/api/session", "/api/auth/github?next=/chat", "/%61pi/session", "/readyz"];
    for (const [place, method] of [
        ...others.map((one) => [one, "GET"]),
        ["/", "POST"],
        ["/api/chat", "POST"],
    ]) {
        const { status, headers, text } = await askPlain(place, method);
        assert.equal(status, 403, `${method} ${place}`);
        assert.equal(headers.location, undefined);
        assert.equal(headers["content-type"], "application/problem+json");
        assert.equal(JSON.parse(text).status, 403);
    }
});

test("metrics and health details stay closed to those who come through it", async () => {
    assert.equal((await ask("/api/metrics")).status, 401);
    assert.equal(JSON.parse((await ask("/api/health")).text).details, undefined);
});
