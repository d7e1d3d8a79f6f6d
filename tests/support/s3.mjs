// Real S3 servers for tests: moto, which checks signatures and what a key may do, or else s3rver, which does
// not; and a proxy in front of one that cuts, delays and refuses.
//
//   const s3 = await startS3();  // { url, port, bucket, place, env, signed, stop() }
//   const proxy = await startProxy(s3.port);
//   const { text } = await s3Request(s3, "GET", `/${s3.bucket}/key`);
import { spawn, spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { freePort, programEnvironment, temporaryFolder } from "./server.mjs";

const region = "us-east-1";
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const hmac = (key, data) => createHmac("sha256", key).update(data).digest();

/** One signed request to a server: { status, text, headers }. */
export async function s3Request(server, method, target, body = "") {
    const url = new URL(target, server.url);
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
    const headers = { host: url.host, "x-amz-content-sha256": sha256(body), "x-amz-date": date };
    const names = Object.keys(headers).sort();
    const query = [...url.searchParams]
        .map((pair) => pair.map(encodeURIComponent).join("="))
        .sort()
        .join("&");
    const lines = names.map((name) => `${name}:${headers[name]}\n`).join("");
    const canonical = [method, url.pathname, query, lines, names.join(";"), sha256(body)].join("\n");
    const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
    const key = scope.split("/").reduce(hmac, `AWS4${server.env.S3_SECRET_ACCESS_KEY}`);
    const signature = createHmac("sha256", key).update(toSign).digest("hex");
    const authorization =
        `AWS4-HMAC-SHA256 Credential=${server.env.S3_ACCESS_KEY_ID}/${scope}, ` +
        `SignedHeaders=${names.join(";")}, Signature=${signature}`;
    const response = await fetch(url, {
        method,
        headers: { ...headers, authorization },
        body: method === "PUT" || method === "POST" ? body : undefined,
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, bytes, text: bytes.toString(), headers: response.headers };
}

/** Keys that begin with `prefix`. */
export async function s3Keys(server, prefix = "") {
    const { text } = await s3Request(
        server,
        "GET",
        `/${server.bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`,
    );
    return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
}

/** Uploads in parts that are not complete. */
export async function s3Uploads(server) {
    const { text } = await s3Request(server, "GET", `/${server.bucket}?uploads=`);
    return [...text.matchAll(/<UploadId>([^<]*)<\/UploadId>/g)].map(([, id]) => id);
}

async function untilOpen(port, child) {
    for (const deadline = Date.now() + 60_000; ; await pause(100)) {
        if (child.exitCode !== null) throw new Error("the S3 server ended at once");
        const open = await new Promise((resolve) => {
            const socket = connect(port, "127.0.0.1");
            socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
            socket.once("connect", () => socket.destroy());
        });
        if (open) return;
        if (Date.now() > deadline) throw new Error("the S3 server did not start");
    }
}

/** A person of moto's with a key that may do everything in S3; each of these goes without a signature. */
async function makeKey(url) {
    const iam = async (action, fields) => {
        const authorization =
            "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";
        const response = await fetch(url, {
            method: "POST",
            headers: { authorization },
            body: new URLSearchParams({
                Action: action,
                Version: "2010-05-08",
                UserName: "school",
                ...fields,
            }),
        });
        return response.text();
    };
    await iam("CreateUser", {});
    const made = await iam("CreateAccessKey", {});
    const policy = { Effect: "Allow", Action: "s3:*", Resource: "*" };
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [policy] });
    await iam("PutUserPolicy", { PolicyName: "backups", PolicyDocument });
    return [/<AccessKeyId>([^<]+)/, /<SecretAccessKey>([^<]+)/].map((pattern) => made.match(pattern)[1]);
}

const unsignedActions = 3;
const motoScript = fileURLToPath(new URL("moto_server.py", import.meta.url));
let probed;
const hasMoto = () => (probed ??= spawnSync("python3", [motoScript], { stdio: "ignore" }).status === 0);

function spawnMoto(port) {
    const env = programEnvironment({ INITIAL_NO_AUTH_ACTION_COUNT: unsignedActions });
    return spawn("python3", [motoScript, String(port)], { env, stdio: "ignore" });
}

function spawnS3rver(port) {
    const main = createRequire(import.meta.url).resolve("s3rver/bin/s3rver.js");
    const folder = temporaryFolder("bb-s3");
    const args = [main, "-a", "127.0.0.1", "-p", String(port), "-d", path.join(folder), "--silent"];
    return spawn(process.execPath, args, { env: programEnvironment(), stdio: "ignore" });
}

/**
 * Starts a server with one bucket. `signed`: it checks signatures. `env`: options of the program with which it is
 * reached. Which one runs is printed, so that a run without moto does not look like one with it.
 */
export async function startS3({ bucket = "school-backups" } = {}) {
    const port = await freePort();
    const signed = hasMoto();
    if (!signed)
        console.log(
            "# moto is not installed for python3: signatures and refusals of keys are not tested here",
        );
    const child = signed ? spawnMoto(port) : spawnS3rver(port);
    const url = `http://127.0.0.1:${port}`;
    const server = { url, port, bucket, signed, place: `s3://${bucket}/school` };
    server.stop = async () => {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        if (child.exitCode === null && child.kill("SIGKILL")) await ended;
    };
    try {
        await untilOpen(port, child);
        const [id, secret] = signed ? await makeKey(url) : ["S3RVER", "S3RVER"];
        server.env = { S3_ENDPOINT: url, S3_ACCESS_KEY_ID: id, S3_SECRET_ACCESS_KEY: secret };
        const made = await s3Request(server, "PUT", `/${bucket}`);
        if (made.status !== 200) throw new Error(`no bucket: ${made.status} ${made.text}`);
    } catch (fault) {
        await server.stop();
        throw fault;
    }
    return server;
}

/**
 * A TCP proxy to `port` of this machine: { port, url, cutAfter, cuts, cut, refusals, refused, refusal, slow, stop() }.
 * `cutAfter`: bytes of a connection from the client after which it is reset; `cuts`: how often at most.
 * `refusals`: so many requests are answered with `refusal` instead. `slow`: milliseconds before each piece.
 */
export async function startProxy(port) {
    const proxy = {
        cutAfter: Infinity,
        cuts: Infinity,
        refusals: 0,
        refused: 0,
        cut: 0,
        slow: 0,
    };
    const sockets = new Set();
    const listener = createServer((client) => {
        sockets.add(client);
        const server = connect(port, "127.0.0.1");
        sockets.add(server);
        let seen = 0;
        const end = () => {
            client.destroy();
            server.destroy();
            sockets.delete(client);
            sockets.delete(server);
        };
        for (const socket of [client, server]) socket.on("error", end).on("close", end);
        client.on("data", async (data) => {
            if (proxy.refusals > 0 && /^(GET|PUT|POST|DELETE|HEAD) /.test(data.toString("latin1", 0, 8))) {
                proxy.refusals -= 1;
                proxy.refused += 1;
                client.end(proxy.refusal);
                return;
            }
            seen += data.length;
            if (seen > proxy.cutAfter && proxy.cuts > 0) {
                proxy.cuts -= 1;
                proxy.cut += 1;
                client.resetAndDestroy();
                server.destroy();
                return;
            }
            if (proxy.slow) {
                client.pause();
                await pause(proxy.slow);
                client.resume();
            }
            server.write(data);
        });
        server.on("data", (data) => client.write(data));
    });
    const chosen = await freePort();
    await new Promise((resolve) => listener.listen(chosen, "127.0.0.1", resolve));
    proxy.refusal =
        "HTTP/1.1 503 Slow Down\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    proxy.port = chosen;
    proxy.url = `http://127.0.0.1:${chosen}`;
    proxy.stop = () =>
        new Promise((resolve) => {
            listener.close(resolve);
            for (const socket of sockets) socket.destroy();
        });
    return proxy;
}
