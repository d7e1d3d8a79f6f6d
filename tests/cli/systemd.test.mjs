// The unit files of deploy/systemd, read by systemd's own tools, and a start by its way of handing sockets over.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { chmodSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

import { freePort, program, programEnvironment, root, temporaryFolder } from "../support/server.mjs";

const run = promisify(execFile);
const units = path.join(root, "deploy/systemd");

test("the service may do little besides its work", async () => {
    const { stdout } = await run("systemd-analyze", [
        "security",
        "--offline=true",
        path.join(units, "brainbytes.service"),
    ]);
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout);
    console.log(`exposure: ${exposure}`);
    assert.ok(Number(exposure) <= 2.5, stdout);
});

test("a socket that systemd opened is served, and the connection that woke us is answered", async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o777);
    const port = await freePort();
    const env = programEnvironment({
        BRAINBYTES_DATA: path.join(folder, "data"),
        BRAINBYTES_LISTEN: `127.0.0.1:${port}`,
        BRAINBYTES_DRAIN_SECONDS: "2",
    });
    const handed = Object.entries(env).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
    const child = spawn(
        "systemd-socket-activate",
        ["-l", `127.0.0.1:${port}`, "--fdname=http", ...handed, program, "supervise"],
        { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    );
    let log = "";
    child.stderr.on("data", (chunk) => (log += chunk));
    const ended = new Promise((resolve) => child.once("exit", resolve));
    try {
        let answer;
        for (let tries = 0; !answer && tries < 50; tries += 1) {
            // Refused until the helper listens; from then on the first connection waits for our start.
            answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => pause(100));
        }
        assert.equal(answer?.status, 200, log);
    } finally {
        child.kill("SIGTERM");
        assert.equal(await ended, 0, log);
    }
});
