// Releases that a host keeps, each this program behind a script.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { program } from "./server.mjs";

export const about = JSON.parse(execFileSync(program, ["release", "about"], { encoding: "utf8" }));
let made = 0;

/** Keeps one at `server` with these words in its release.json; `lines` come before the program. Gives its name. */
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
    const script = ["#!/bin/sh", ...lines, `exec "${program}" "$@"`, ""].join("\n");
    writeFileSync(path.join(folder, "brainbytes"), script);
    for (const one of [path.dirname(folder), folder]) chmodSync(one, 0o755);
    chmodSync(path.join(folder, "brainbytes"), 0o755);
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
