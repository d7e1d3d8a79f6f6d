// Signed releases whose program is a script around the one under test: they misbehave as their lines say.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { zstdCompressSync } from "node:zlib";

import { program, programEnvironment, root } from "./server.mjs";

/** A file in a tar archive (POSIX ustar). */
function entry(name, bytes) {
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write("0000644\0", 100);
    head.write("0000000\0", 108);
    head.write("0000000\0", 116);
    head.write(bytes.length.toString(8).padStart(11, "0") + "\0", 124);
    head.write("00000000000\0", 136);
    head.write("        ", 148);
    head.write("0", 156);
    head.write("ustar\0" + "00", 257);
    head.write(
        head
            .reduce((sum, byte) => sum + byte, 0)
            .toString(8)
            .padStart(6, "0") + "\0 ",
        148,
    );
    return Buffer.concat([head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export class Releases {
    /** Makes the key that signs them, in `folder`. */
    constructor(folder) {
        this.folder = folder;
        this.made = 0;
        mkdirSync(folder, { recursive: true });
        this.run("keygen", path.join(folder, "keys"));
        this.key = path.join(folder, "keys", "release.pub");
        this.about = JSON.parse(this.run("about"));
    }

    run(...words) {
        const env = programEnvironment({ BRAINBYTES_DATA: path.join(this.folder, "data") });
        return execFileSync(program, ["release", ...words], { env, cwd: root, encoding: "utf8" });
    }

    /** The archive of the program under test. */
    real() {
        const key = path.join(this.folder, "keys", "release.key");
        const words = [
            "--out",
            path.join(this.folder, "real"),
            "--key",
            key,
            "--prebuilt",
            program,
            "--json",
        ];
        const { version, path: archive } = JSON.parse(
            this.run("build", ...words, "--commit", this.about.commit),
        );
        return { name: version, archive };
    }

    /** An archive whose program is a script, newer than all before: {name, archive}. */
    script(...lines) {
        return this.scriptOf({}, ...lines);
    }

    /** The same with these words in its release.json. */
    scriptOf(words, ...lines) {
        this.made += 1;
        const commit = String(this.made).padStart(12, "0");
        const name = `${this.about.version}-${commit}`;
        const committedAt = new Date(Date.UTC(2100, 0, 1, 0, this.made)).toISOString().replace(/Z$/, "000Z");
        const about = JSON.stringify({ ...this.about, commit, committedAt, ...words });
        const text = ["#!/bin/sh", ...lines, 'exec /usr/local/bin/brainbytes "$@"', ""].join("\n");
        const papers = ["sbom.json", "provenance.json", "NOTES.md", "LICENSE"];
        const tar = Buffer.concat([
            entry("release.json", Buffer.from(about)),
            entry("brainbytes", Buffer.from(text)),
            ...papers.map((paper) => entry(paper, Buffer.from("{}\n"))),
            Buffer.alloc(1024),
        ]);
        const archive = path.join(this.folder, `brainbytes-${name}.tar.zst`);
        writeFileSync(archive, zstdCompressSync(tar));
        const key = path.join(this.folder, "keys", "release.key");
        execFileSync("minisign", ["-S", "-W", "-s", key, "-x", `${archive}.minisig`, "-m", archive], {
            stdio: "pipe",
        });
        return { name, archive };
    }
}
