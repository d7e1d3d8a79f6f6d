// TLS in the program itself, for whoever has no proxy.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import tls from "node:tls";

import { startModel } from "../support/model.mjs";
import { startServer, temporaryFolder } from "../support/server.mjs";

const folder = temporaryFolder("bb-tls");
const files = { certificate: path.join(folder, "cert.pem"), key: path.join(folder, "key.pem") };
let server, model;

/** A certificate that signs itself, for localhost. */
function certificate(name, to = files) {
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
    const out = ["-keyout", `${to.key}.new`, "-out", `${to.certificate}.new`];
    execFileSync("openssl", ["req", "-x509", ...kind, ...subject, ...out], { stdio: "ignore" });
    execFileSync("chmod", ["644", `${to.key}.new`, `${to.certificate}.new`]);
    renameSync(`${to.key}.new`, to.key);
    renameSync(`${to.certificate}.new`, to.certificate);
}

/** One request over TLS: {status, headers, text, peer}. */
function ask(target, { method = "GET", body, headers = {}, onText } = {}) {
    return new Promise((resolve, reject) => {
        const options = {
            method,
            headers,
            ca: readFileSync(files.certificate),
            host: "127.0.0.1",
            port: server.port,
        };
        const request = https.request({ ...options, path: target, agent: false }, async (response) => {
            const peer = response.socket.getPeerCertificate().subject.CN;
            let text = "";
            response.setEncoding("utf8");
            try {
                for await (const piece of response) {
                    text += piece;
                    onText?.();
                }
                resolve({ status: response.statusCode, headers: response.headers, text, peer });
            } catch (fault) {
                reject(fault);
            }
        });
        request.once("error", reject);
        request.setTimeout(20_000, () => request.destroy(new Error("no answer")));
        request.end(body);
    });
}

async function untilReady() {
    for (let i = 0; i < 300; i += 1) {
        const answer = await ask("/readyz").catch(() => undefined);
        if (answer?.status === 200) return;
        await pause(100);
    }
    throw new Error(`not ready:\n${server.tail()}`);
}

before(async () => {
    certificate("first");
    model = await startModel();
    const env = { BRAINBYTES_TLS_CERT: files.certificate, BRAINBYTES_TLS_KEY: files.key, ...model.env };
    server = await startServer({ ready: false, env });
    await untilReady();
});
after(async () => {
    await server?.stop();
    await model?.close();
});

test("everything goes over https, with the cookie and the header that belong to it", async () => {
    assert.match(server.log, /ready at https:\/\/localhost:/);
    const page = await ask("/sign-in");
    assert.equal(page.status, 200);
    assert.match(page.headers["strict-transport-security"], /max-age=63072000/);
    const cookie = await server.cookieFor("ana@example.org");
    assert.match(cookie, /^__Host-/);
    const json = { "content-type": "application/json", cookie };
    const made = await ask("/api/threads", { method: "POST", headers: json, body: "{}" });
    assert.equal(made.status, 201, made.text);
    const script = /src="(\/assets\/index-[^"]+)"/.exec(page.text)[1];
    assert.ok((await ask(script)).text.length > 20_000);
});

test("a reply streams, a large body goes in, both bounded as without TLS", async () => {
    const cookie = await server.cookieFor("ana@example.org");
    const headers = { "content-type": "application/json", cookie };
    const text = "Tell [[tokens=30 delay=30]]";
    const message = { id: "m1", role: "user", parts: [{ type: "text", text }] };
    const body = JSON.stringify({ id: crypto.randomUUID(), message });
    const seen = [];
    const answer = await ask("/api/chat", {
        method: "POST",
        headers,
        body,
        onText: () => seen.push(Date.now()),
    });
    assert.match(answer.text, /word29.*\[DONE\]/s);
    assert.ok(seen.at(-1) - seen[0] > 300, "the pieces came one by one");

    const old = { id: "m0", role: "assistant", parts: [{ type: "text", text: "z".repeat(30_000) }] };
    const messages = [...Array.from({ length: 100 }, () => old), { ...message, id: "m2" }];
    const long = JSON.stringify({ id: crypto.randomUUID(), messages });
    assert.equal((await ask("/api/chat", { method: "POST", headers, body: long })).status, 200);
    const longer = JSON.stringify({ id: crypto.randomUUID(), messages: [message], x: "y".repeat(9 << 20) });
    assert.equal((await ask("/api/chat", { method: "POST", headers, body: longer })).status, 413);
});

test("many requests share one connection, and a hundred connections are served at once", async () => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(files.certificate) });
    const once = () =>
        new Promise((resolve, reject) => {
            const options = { agent, host: "127.0.0.1", port: server.port, path: "/livez" };
            https
                .get(options, (response) => {
                    const port = response.socket.localPort;
                    response.resume();
                    response.once("end", () => resolve(port));
                })
                .once("error", reject);
        });
    const ports = [];
    for (let i = 0; i < 20; i += 1) ports.push(await once());
    assert.equal(new Set(ports).size, 1);
    agent.destroy();
    const many = await Promise.all(Array.from({ length: 100 }, () => ask("/livez")));
    assert.ok(many.every((answer) => answer.status === 200));
});

test("old protocols and plain text are refused, and hurt nobody", async () => {
    const shake = (options) =>
        new Promise((resolve) => {
            const all = { host: "127.0.0.1", port: server.port, rejectUnauthorized: false, ...options };
            const socket = tls.connect(all, () => resolve(socket.getProtocol()));
            socket.once("error", (fault) => resolve(fault.code ?? "refused"));
        });
    assert.equal(await shake({ minVersion: "TLSv1.3" }), "TLSv1.3");
    assert.equal(await shake({ maxVersion: "TLSv1.2" }), "TLSv1.2");
    const old = await shake({ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" });
    assert.match(old, /ERR_SSL|ECONNRESET|refused/);
    const plain = await new Promise((resolve) => {
        const socket = net.connect(server.port, "127.0.0.1", () =>
            socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        );
        let heard = "";
        socket.on("data", (bytes) => (heard += bytes.toString("latin1")));
        socket.once("close", () => resolve(heard));
        socket.once("error", () => resolve(heard));
    });
    assert.doesNotMatch(plain, /200 OK/);
    const silent = net.connect(server.port, "127.0.0.1");
    assert.equal((await ask("/livez")).status, 200);
    silent.destroy();
});

test("a new certificate is taken up while it runs; a broken one is not", async () => {
    assert.equal((await ask("/livez")).peer, "first");
    const good = readFileSync(files.certificate);
    writeFileSync(files.certificate, "no certificate");
    for (let i = 0; i < 100 && !/TLS files/.test(server.log); i += 1) await pause(100);
    assert.match(server.log, /TLS files not taken up/);
    writeFileSync(files.certificate, good);
    assert.equal((await ask("/livez")).peer, "first");

    certificate("second");
    let peer;
    for (let i = 0; i < 100 && peer !== "second"; i += 1) {
        await pause(100);
        peer = (await ask("/livez").catch(() => ({}))).peer;
    }
    assert.equal(peer, "second");
});

test("files that do not fit stop the start with a sentence that names them", async () => {
    const other = { certificate: path.join(folder, "other.pem"), key: path.join(folder, "other-key.pem") };
    certificate("other", other);
    const cases = [
        [{ BRAINBYTES_TLS_CERT: files.certificate }, /BRAINBYTES_TLS_KEY/],
        [{ BRAINBYTES_TLS_CERT: "/nowhere.pem", BRAINBYTES_TLS_KEY: files.key }, /nowhere\.pem/],
        [{ BRAINBYTES_TLS_CERT: files.certificate, BRAINBYTES_TLS_KEY: other.key }, /belong/],
    ];
    for (const [env, words] of cases) {
        const broken = await startServer({ ready: false, env });
        const { code } = await broken.exited;
        assert.equal(code, 2, broken.log);
        assert.match(broken.log, words);
        await broken.cleanUp();
    }
    copyFileSync(files.certificate, other.certificate);
});
