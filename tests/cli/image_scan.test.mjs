// scripts/scan-deploy image: what is known against the packages of an image. With debsecan itself on data made here, where
// it is installed, and with a stand-in for what needs neither.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { deflateSync } from "node:zlib";

import { root, temporaryFolder } from "../support/server.mjs";

const installed = spawnSync("debsecan", ["--help"]).status === 0;
const skip = installed ? false : "debsecan is not installed (apt-get install debsecan)";
const plain = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/" };
let folder;

const scan = (image, env = {}) =>
    spawnSync(path.join(root, "scripts/scan-deploy"), ["image", image], {
        encoding: "utf8",
        env: { ...plain, ...env },
    });
const status = (name, source, version) =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nSource: ${source}\nVersion: ${version}\n`;

/** A program of this name that does as `script` says, and the environment in which it is found. */
function standIn(name, script) {
    const bin = path.join(folder, `bin-${name}`);
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(bin, name), 0o755);
    return { PATH: `${bin}:${plain.PATH}` };
}

/** What Debian's tracker says, as debsecan reads it; where it was written. */
function tracker(...lines) {
    writeFileSync(path.join(folder, "bookworm"), deflateSync(lines.join("\n") + "\n"));
    return { VULNERABILITIES: pathToFileURL(folder).href };
}

before(() => {
    folder = temporaryFolder("bb-scan");
    const place = path.join(folder, "image/var/lib/dpkg/status.d");
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, "libssl3"), status("libssl3", "openssl", "3.0.15-1~deb12u1"));
    writeFileSync(path.join(place, "tzdata"), status("tzdata", "tzdata", "2025b-0+deb12u2"));
});
after(() => rmSync(folder, { recursive: true, force: true }));
const image = () => path.join(folder, "image");

describe("with debsecan", { skip }, () => {
    const about = ["VERSION 1", "CVE-2031-0001,,a hole", "CVE-2031-0002,,one to come", ""];
    const binaries = ["", "openssl,libssl3 openssl", "tzdata,tzdata", ""];

    test("what Debian has mended, and the image has not, is a failure", () => {
        const env = tracker(...about, "openssl,0,SHRF,3.5.0-1,3.0.17-1~deb12u1", ...binaries);
        const done = scan(image(), env);
        assert.equal(done.status, 1, done.stderr);
        assert.match(done.stdout, /^CVE-2031-0001 libssl3 \(fixed, remotely exploitable, high urgency\)$/m);
        assert.match(done.stderr, /Build the image anew/);
    });

    test("what is mended in the image is none, and what Debian has not mended is counted alone", () => {
        const env = tracker(
            ...about,
            "openssl,0,SHRF,3.5.0-1,3.0.15-1~deb12u1",
            "tzdata,1,SM  ,,",
            ...binaries,
        );
        const done = scan(image(), env);
        assert.equal(done.status, 0, done.stdout + done.stderr);
        assert.match(done.stdout, /^2 packages; 0 vulnerabilities .* and 1 that it has not\.$/m);
    });

    test("without its data nothing passes", () => {
        const done = scan(image(), { VULNERABILITIES: pathToFileURL(path.join(folder, "none")).href });
        assert.equal(done.status, 1);
        assert.match(done.stderr, /nothing was looked at/);
    });
});

test("an image that names no packages is no good one", () => {
    const env = standIn("debsecan", "exit 0");
    for (const [name, said] of [
        [root, /names no packages/],
        [path.join(folder, "none"), /no folder, and docker is not here|there is no image/],
    ]) {
        const done = scan(name, { PATH: env.PATH.replace("/usr/local/bin:", "") });
        assert.equal(done.status, 1, name);
        assert.match(done.stderr, said);
    }
});

test("without debsecan it fails", { skip: installed && "debsecan is installed" }, () => {
    const done = scan(image());
    assert.equal(done.status, 1);
    assert.match(done.stderr, /debsecan is not installed/);
});

test("an image of Docker's is asked for its packages, and what was made for that is removed", () => {
    const said = path.join(folder, "said");
    const env = standIn("debsecan", "exit 0");
    const docker = standIn(
        "docker",
        `echo "$@" >>"${said}"; case $1 in create) echo made ;; cp) cp -r "${image()}/var/lib/dpkg/status.d" "$3" ;; esac`,
    );
    const done = scan("brainbytes:scan", { PATH: `${docker.PATH.split(":")[0]}:${env.PATH}` });
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /^2 packages; 0 vulnerabilities/);
    const calls = spawnSync("cat", [said], { encoding: "utf8" }).stdout.split("\n");
    assert.deepEqual(
        calls.map((line) => line.split(" ").slice(0, 2).join(" ").replace(/:\/.*/, "")),
        ["create brainbytes:scan", "cp made", "rm made", ""],
    );
});
