// etcd of several hosts on addresses of the loopback, each from the file that deploy/ha/cluster.mjs writes for it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { until } from "./host.mjs";

const run = promisify(execFile);

export class Members {
    /**
     * `write(text)` writes the files of the machines that `text` describes, whose prefix is `folder`/NAME;
     * `settings(name)` is the folder that holds those of one.
     */
    constructor({ folder, settings, write }) {
        Object.assign(this, { folder, settings, writeFiles: write });
        // Another run beside this one has other addresses.
        this.network = `127.0.${78 + (process.pid % 150)}`;
        this.running = new Map();
    }

    /** Writes the files of the hosts db1 and so on with these numbers, of which `joins` joins. */
    async write(numbers, joins) {
        const host = (n) => [
            `[host db${n}]`,
            `address = ${this.network}.${n}`,
            `joins = ${n === joins ? "yes" : "no"}`,
        ];
        const { code, err } = await this.writeFiles(
            ["backups = none", "prefix = PREFIX/{name}", ...numbers.flatMap(host)].join("\n"),
        );
        assert.equal(code, 0, err);
    }

    /** `more`: further lines of its file. */
    start(n, more = "") {
        const name = `db${n}`;
        const text = readFileSync(path.join(this.settings(name), "etcd.yml"), "utf8")
            .replaceAll(path.join(this.folder, name, "etc/brainbytes-ha"), this.settings(name))
            // One machine cannot have the same port of 127.0.0.1 five times.
            .replace(/(listen-client-urls: .*),https:\/\/127\.0\.0\.1:2379/, "$1");
        const file = path.join(this.folder, `${name}-etcd.yml`);
        writeFileSync(file, text + more);
        this.running.set(n, spawn("etcd", ["--config-file", file], { stdio: "ignore" }));
    }

    async kill(...numbers) {
        for (const n of numbers) {
            const child = this.running.get(n);
            const ended =
                child.exitCode ?? child.signalCode ?? new Promise((done) => child.once("exit", done));
            child.kill("SIGKILL");
            await ended;
            this.running.delete(n);
        }
    }

    #trust(words) {
        return words.flatMap((word, i) => [
            word,
            path.join(this.settings("db1"), ["ca.crt", "etcd.crt", "etcd.key"][i]),
        ]);
    }

    async ctl(...args) {
        const trust = this.#trust(["--cacert", "--cert", "--key"]);
        const command = ["--endpoints", `https://${this.network}.1:2379`, ...trust, ...args];
        const env = { PATH: process.env.PATH, ETCDCTL_API: "3" };
        return (await run("etcdctl", command, { env, timeout: 20_000 })).stdout;
    }

    /** A key as Patroni reads and writes it, by version 2. */
    async key(...args) {
        const trust = this.#trust(["--cacert", "--cert", "--key"]);
        const url = `https://${this.network}.1:2379/v2/keys/brainbytes`;
        return (await run("curl", ["-sSf", ...trust, ...args, url], { timeout: 20_000 })).stdout;
    }

    /** Tried again: it is refused while the others have not all been heard of. */
    add(n) {
        const address = `https://${this.network}.${n}:2380`;
        return until(`db${n} is added`, async () => {
            if ((await this.ctl("member", "list")).includes(address)) return true;
            return this.ctl("member", "add", `db${n}`, `--peer-urls=${address}`);
        });
    }

    /** Waits until exactly these are members, started and healthy. */
    are(...numbers) {
        return until(`${numbers} are members`, async () => {
            const list = (await this.ctl("member", "list")).trim().split("\n");
            const names = list.map((line) => line.split(", ")).map(([, state, name]) => `${name} ${state}`);
            await this.ctl("endpoint", "health", "--cluster");
            return names.sort().join() === numbers.map((n) => `db${n} started`).join();
        });
    }
}
