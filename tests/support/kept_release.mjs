// Releases that a host keeps, each this program behind a script.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
    appendFileSync,
    chmodSync,
    chownSync,
    copyFileSync,
    mkdirSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";

import { program, temporaryFolder } from "./server.mjs";

export const about = JSON.parse(execFileSync(program, ["release", "about"], { encoding: "utf8" }));
let made = 0;
let keys; // {folder, id} of a key of our own

function ownKey() {
    if (keys) return keys;
    const folder = temporaryFolder("bb-key");
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const id = execFileSync(program, ["release", "keygen", folder], {
        encoding: "utf8",
        stdio: "pipe",
    }).trim();
    return (keys = { folder, id });
}

/** Lies beside a kept release as if it came in a signed archive; `server` trusts the key. */
function vouchFor(server, folder, name) {
    const { folder: own, id } = ownKey();
    const trust = path.join(server.dataFolder, "trust");
    mkdirSync(trust, { recursive: true });
    copyFileSync(path.join(own, "release.pub"), path.join(trust, `${id}.pub`));
    const { uid, gid } = statSync(server.dataFolder);
    for (const one of [trust, path.join(trust, `${id}.pub`)]) chownSync(one, uid, gid);
    const archive = path.join(own, "archive");
    writeFileSync(archive, name);
    const hash = createHash("blake2b512").update(name).digest("hex");
    writeFileSync(path.join(folder, "archive.blake2b"), `${hash}\n`);
    const signature = path.join(folder, "archive.minisig");
    const words = ["-S", "-W", "-s", path.join(own, "release.key"), "-x", signature, "-m", archive];
    execFileSync("minisign", words, { stdio: "pipe" });
}

/**
 * Keeps one at `server`, signed, with these words in its release.json; `lines` come before the program. Gives its name.
 */
export function keepRelease(server, words, ...lines) {
    made += 1;
    const commit = String(made).padStart(12, "0");
    const name = `${about.version}-${commit}`;
    const folder = path.join(server.dataFolder, "releases", name);
    mkdirSync(folder, { recursive: true });
    const committedAt = new Date(Date.UTC(2026, 0, 1, 0, made)).toISOString().replace(/Z$/, "000Z");
    writeFileSync(
        path.join(folder, "release.json"),
        JSON.stringify({ ...about, commit, committedAt, ...words }),
    );
    vouchFor(server, folder, name);
    const script = ["#!/bin/sh", ...lines, `exec "${program}" "$@"`, ""].join("\n");
    writeFileSync(path.join(folder, "brainbytes"), script);
    for (const one of [path.dirname(folder), folder]) chmodSync(one, 0o755);
    chmodSync(path.join(folder, "brainbytes"), 0o755);
    return name;
}

/** The same, of one that was in service at some time. */
export function keepServed(server, words, ...lines) {
    const name = keepRelease(server, words, ...lines);
    const ledger = path.join(server.dataFolder, "releases", "ledger.jsonl");
    const at = new Date().toISOString().replace(/Z$/, "000Z");
    appendFileSync(ledger, JSON.stringify({ at, release: name, step: "keep", result: "done" }) + "\n");
    chmodSync(ledger, 0o666);
    return name;
}

/** What the supervisor of `server` says. */
export const statusOf = async (server) => JSON.parse((await server.command("deploy", "status")).stdout);

/** Brings a kept release into service, watched for so many seconds: how that ended. */
export const deployKept = (server, name, bake = 1) =>
    server.command("deploy", name, "--json", "--no-backup", "--bake", String(bake));

/** The same, and it is kept. */
export async function deployedKept(server, name) {
    const done = await deployKept(server, name);
    assert.equal(done.code, 0, done.stdout + done.stderr + server.tail());
    return JSON.parse(done.stdout);
}
