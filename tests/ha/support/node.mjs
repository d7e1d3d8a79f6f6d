// `brainbytes serve` on a machine of the cluster.
import { execFile, spawn } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { generousLimits, httpRequest, program } from "../../support/server.mjs";
import { until } from "./host.mjs";

const run = promisify(execFile);

export class Node {
    /** On `host`; `door` is the port of the way to the primary: 5000 HAProxy, 6432 PgBouncer before it. */
    constructor(host, door) {
        this.host = host;
        this.door = door;
        this.url = `http://${host.address}:3000`;
        this.folder = path.join(host.prefix, "brainbytes");
        mkdirSync(this.folder, { recursive: true });
        chmodSync(this.folder, 0o777);
    }

    get env() {
        const text = readFileSync(path.join(this.host.settings, "brainbytes.env"), "utf8");
        const said = text.split("\n").filter((line) => /^[A-Z]/.test(line));
        const env = Object.fromEntries(said.map((line) => /^(\w+)=(.*)$/.exec(line).slice(1)));
        if (this.door === 6432)
            env.DATABASE_URL = env.DATABASE_URL.replace(":5000", ":6432").replace(/\?.*/, "?sslmode=disable");
        return {
            PATH: process.env.PATH,
            ...env,
            BRAINBYTES_DATA: path.join(this.folder, "data"),
            BRAINBYTES_LISTEN: "0.0.0.0:3000",
            BRAINBYTES_URL: this.url,
            BRAINBYTES_RATE_LIMITS: generousLimits,
            BACKUP_EVERY_HOURS: "0",
        };
    }

    async start() {
        const log = openSync(path.join(this.host.logs, "brainbytes"), "a");
        const options = { stdio: ["ignore", log, log], env: this.env, cwd: this.folder, detached: true };
        this.child = spawn("ip", this.host.inside([program, "serve"]), options);
        closeSync(log);
        this.child.on("error", () => {});
        this.exited = new Promise((resolve) => this.child.once("exit", resolve));
        this.child.unref();
        await until(`${this.url} is ready`, async () => (await this.request("/readyz")).status === 200);
    }

    /** kill -9 of the server alone. */
    async kill() {
        this.child.kill("SIGKILL");
        await this.exited;
    }

    request(target, options = {}) {
        return httpRequest(this.url, target, { timeout: 4000, ...options });
    }

    /** A command of the program on this machine. */
    async command(...args) {
        const options = { env: this.env, cwd: this.folder, timeout: 60_000 };
        return (await run("ip", this.host.inside([program, ...args]), options)).stdout;
    }

    /** The value for a `cookie` header of this person, made if new. */
    async cookieFor(email) {
        await this.command("user", "create", email, "--role", "student").catch((fault) => {
            if (!/exist|already/i.test(fault.stderr)) throw fault;
        });
        return JSON.parse(await this.command("user", "session", email, "--json")).cookie;
    }
}
