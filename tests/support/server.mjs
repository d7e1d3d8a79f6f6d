// Starts the real program on a throw-away data folder and a free port, for tests of any kind.
//
//   const server = await startServer({ env: { OPENAI_BASE_URL: mock.url } });
//   const ana = await server.as("ana@example.org");              // a signed-in student
//   const { status, json } = await ana.request("/api/threads", { method: "POST", json: {} });
//   await server.stop();                                         // SIGTERM, drained; the folder is removed
import { execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, chmodSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const running = new Set();

/** The program under test: BRAINBYTES_BIN, or what `make build` leaves. */
export const program = process.env.BRAINBYTES_BIN ?? path.join(root, "bin/brainbytes");

/** Limits that no test and no measurement meets, though every request is counted. */
export const generousLimits = [
    "person",
    "network",
    "mail-address",
    "mail-network",
    "try-address",
    "try-network",
    "share-person",
]
    .map((name) => `${name}=1000000+1000000/s`)
    .join(",");

// A port the system handed out could be taken by any outgoing connection before it is used, so
// ports come from below those it hands out.
const firstPort = 10_000;
const endOfPorts = Math.min(
    32_768,
    Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/)[0]),
);
const portsGiven = new Set();

function isFree(port) {
    return new Promise((resolve) => {
        const probe = createServer();
        probe.once("error", () => resolve(false));
        probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
}

/** A port of 127.0.0.1 that nobody listens on, no outgoing connection gets, and was not given before. */
export async function freePort() {
    for (let tries = 0; tries < 1000; tries += 1) {
        const port = randomInt(firstPort, endOfPorts);
        if (portsGiven.has(port) || !(await isFree(port))) continue;
        portsGiven.add(port);
        return port;
    }
    throw new Error(`No port is free from ${firstPort} to ${endOfPorts}.`);
}

/** A new empty folder that any account may enter, short enough for a unix socket inside it. */
export function temporaryFolder(name = "bb") {
    const parent = tmpdir().length > 40 ? "/tmp" : tmpdir();
    const folder = mkdtempSync(path.join(parent, `${name}-`));
    chmodSync(folder, 0o755);
    return folder;
}

/** A new folder that any account may write to, on another disk than `than`; undefined where there is none. */
export function folderOnAnotherDisk(than, name = "bb") {
    const disk = (folder) => statSync(folder, { throwIfNoEntry: false })?.dev;
    const taken = [undefined, disk(than)];
    const parent = ["/dev/shm", "/var/tmp"].find((one) => !taken.includes(disk(one)));
    if (!parent) return undefined;
    const folder = mkdtempSync(path.join(parent, `${name}-`));
    chmodSync(folder, 0o777);
    return folder;
}

/** The environment of the program: nothing of ours leaks in but what a shell needs. */
export function programEnvironment(extra = {}) {
    const kept = ["PATH", "HOME", "USER", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"];
    kept.push("LLVM_PROFILE_FILE");
    const env = Object.fromEntries(kept.filter((k) => process.env[k]).map((k) => [k, process.env[k]]));
    for (const [key, value] of Object.entries(extra)) {
        if (value === undefined || value === null) delete env[key];
        else env[key] = String(value);
    }
    return env;
}

/** One HTTP request; never throws on a status. `json` is the parsed answer when it is JSON. */
export async function httpRequest(base, target, options = {}) {
    const { method = "GET", json, cookie, headers = {}, body, signal, redirect = "manual" } = options;
    const sent = { ...headers };
    if (json !== undefined) sent["content-type"] ??= "application/json";
    if (cookie) sent.cookie = cookie;
    const response = await fetch(new URL(target, base), {
        method,
        headers: sent,
        body: json !== undefined ? JSON.stringify(json) : body,
        redirect,
        signal: signal ?? AbortSignal.timeout(options.timeout ?? 30_000),
    });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    let parsed;
    if (/[/+]json/.test(type) && text) parsed = JSON.parse(text);
    return { status: response.status, headers: response.headers, text, json: parsed };
}

/**
 * Starts `brainbytes serve` and waits until /readyz answers 200.
 * Options: env, verb ("supervise" instead of "serve"), args, dataFolder (kept afterwards when given), port, ready (false: do not wait), timeout in ms,
 * terminal (true: a process group of its own, as a shell makes, for interrupt()).
 */
export async function startServer(options = {}) {
    const server = new Server(options);
    await server.start();
    return server;
}

class Server {
    constructor({ env = {}, dataFolder, port, ...options }) {
        this.options = { env, verb: "serve", args: [], ready: true, timeout: 60_000, ...options };
        this.ownFolder = dataFolder ? undefined : temporaryFolder();
        this.dataFolder = dataFolder ?? path.join(this.ownFolder, "data");
        this.port = port;
        this.log = "";
        this.cookies = new Map();
    }

    get url() {
        return `http://127.0.0.1:${this.port}`;
    }

    get pid() {
        return this.child?.pid;
    }

    /** The environment of the server and of commands beside it. */
    get env() {
        return programEnvironment({
            BRAINBYTES_DATA: this.dataFolder,
            BRAINBYTES_LISTEN: `127.0.0.1:${this.port}`,
            // Tests ask more often than people do; those of the limits give undefined here for the defaults.
            BRAINBYTES_RATE_LIMITS: generousLimits,
            ...this.options.env,
        });
    }

    /** Starts the program, also again after stop() or kill(), on the same folder and port. */
    async start() {
        const chosen = this.port;
        for (let attempt = 0; ; attempt += 1) {
            this.port = chosen ?? (await freePort());
            this.#spawn();
            running.add(this);
            if (!this.options.ready) return;
            try {
                await this.#untilReady();
                return;
            } catch (fault) {
                await this.kill();
                await new Promise((resolve) => setTimeout(resolve, 100)); // its last words
                // Somebody took the port between our look and the server's bind.
                if (!chosen && attempt < 3 && /address already in use|EADDRINUSE/i.test(this.log)) continue;
                await this.cleanUp();
                const text = `${fault.message}\n--- log of the server ---\n${this.tail()}`;
                throw new Error(text, { cause: fault });
            }
        }
    }

    #spawn() {
        if (!existsSync(program)) throw new Error(`${program} is missing: run make build`);
        this.exit = undefined;
        // The folder of its own keeps a developer's .env out.
        const child = spawn(program, [this.options.verb, ...this.options.args], {
            cwd: this.ownFolder ?? path.dirname(this.dataFolder),
            env: this.env,
            stdio: ["ignore", "pipe", "pipe"],
            detached: this.options.terminal === true,
        });
        this.child = child;
        const keep = (chunk) => {
            this.log = (this.log + chunk).slice(-1_000_000);
        };
        child.stdout.on("data", keep);
        child.stderr.on("data", keep);
        this.exited = new Promise((resolve) => {
            child.once("error", (fault) => resolve((this.exit = { code: null, signal: null, fault })));
            child.once("exit", (code, signal) => resolve((this.exit = { code, signal })));
        });
    }

    async #untilReady() {
        const deadline = Date.now() + this.options.timeout;
        while (Date.now() < deadline) {
            if (this.exit)
                throw new Error(`the server ended (${JSON.stringify(this.exit)}) before it was ready`);
            try {
                const { status } = await this.request("/readyz", { timeout: 2_000 });
                if (status === 200) return;
            } catch {
                // not listening yet
            }
            await new Promise((resolve) => setTimeout(resolve, 25));
        }
        throw new Error(`the server was not ready after ${this.options.timeout} ms`);
    }

    /** The end of what the server wrote, to read after a failure. */
    tail(lines = 60) {
        return this.log.split("\n").slice(-lines).join("\n");
    }

    request(target, options) {
        return httpRequest(this.url, target, options);
    }

    /** Runs a command of the program on this server's data: {code, stdout, stderr}, never throws on a code. */
    command(...args) {
        return this.commandWith("", ...args);
    }

    /** The same with a standard input. */
    async commandWith(input, ...args) {
        try {
            const command = run(program, args, {
                env: this.env,
                cwd: path.dirname(this.dataFolder),
                timeout: 180_000, // a busy machine takes its time
            });
            command.child.stdin.on("error", () => {}); // it may end without reading
            command.child.stdin.end(input);
            const done = await command;
            return { code: 0, ...done };
        } catch (fault) {
            if (fault.stdout === undefined) throw fault;
            return { code: fault.code, stdout: fault.stdout, stderr: fault.stderr };
        }
    }

    /** A fresh session of this person, made if new: the value for a `cookie` header. */
    async cookieFor(email, role = "student") {
        if (!this.cookies.has(email)) {
            const created = await this.command("user", "create", email, "--role", role);
            if (created.code !== 0 && !/exist/i.test(created.stderr)) {
                throw new Error(`user create ${email}: ${created.stderr}`);
            }
            this.cookies.set(email, true);
        }
        const session = await this.command("user", "session", email, "--json");
        if (session.code !== 0) throw new Error(`user session ${email}: ${session.stderr}\n${this.tail()}`);
        return JSON.parse(session.stdout).cookie;
    }

    /** A signed-in person: {email, cookie, request(path, options)}. */
    async as(email, role = "student") {
        const cookie = await this.cookieFor(email, role);
        return {
            email,
            cookie,
            request: (target, options = {}) => this.request(target, { cookie, ...options }),
        };
    }

    admin() {
        return (this.adminClient ??= this.as("admin@example.org", "administrator"));
    }

    student() {
        return (this.studentClient ??= this.as("student@example.org", "student"));
    }

    /** SIGTERM and wait; SIGKILL after `grace` ms. Removes the data folder unless `keep`. */
    async stop({ keep = false, grace = 20_000 } = {}) {
        if (this.child && !this.exit) {
            this.child.kill("SIGTERM");
            const timer = setTimeout(() => this.child.kill("SIGKILL"), grace);
            await this.exited;
            clearTimeout(timer);
        }
        running.delete(this);
        if (!keep) await this.cleanUp();
        return this.exit;
    }

    /** What Ctrl-C does in a terminal: SIGINT to all of the process group that was started in it. */
    interrupt() {
        process.kill(-this.child.pid, "SIGINT");
        return this.exited;
    }

    /** kill -9 of the server alone; the managed database goes on, as after a real crash. */
    async kill() {
        if (this.child && !this.exit) {
            this.child.kill("SIGKILL");
            await this.exited;
        }
        return this.exit;
    }

    /** kill -9 of the server and of its managed database. */
    async killAll() {
        await this.kill();
        for (const pid of this.databasePids()) signal(pid, "SIGKILL");
        await this.#untilDatabaseGone();
    }

    /** Process ids of PostgreSQL servers whose data stands in our own folder. */
    databasePids() {
        return findFiles(this.dataFolder, "postmaster.pid", 3)
            .map(firstNumber)
            .filter((pid) => pid > 1 && commandLine(pid).includes(this.dataFolder));
    }

    async #untilDatabaseGone() {
        const deadline = Date.now() + 10_000;
        while (this.databasePids().length > 0 && Date.now() < deadline) {
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    /** Ends what still runs in our folder and removes it. */
    async cleanUp() {
        for (const pid of this.databasePids()) signal(pid, "SIGQUIT");
        await this.#untilDatabaseGone();
        if (this.ownFolder) rmSync(this.ownFolder, { recursive: true, force: true, maxRetries: 5 });
    }

    /** `await using server = await startServer()` stops it at the end of the block. */
    async [Symbol.asyncDispose ?? Symbol.for("asyncDispose")]() {
        await this.stop();
    }
}

/** The number on the first line of a file, 0 when it is gone by now. */
function firstNumber(file) {
    try {
        return Number(readFileSync(file, "utf8").split("\n")[0]);
    } catch {
        return 0;
    }
}

function findFiles(folder, name, depth) {
    let found = [];
    try {
        for (const entry of readdirSync(folder, { withFileTypes: true })) {
            const full = path.join(folder, entry.name);
            if (entry.isDirectory() && depth > 0) found = found.concat(findFiles(full, name, depth - 1));
            else if (entry.name === name) found.push(full);
        }
    } catch {
        // removed or unreadable meanwhile
    }
    return found;
}

function commandLine(pid) {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
        return "";
    }
}

function signal(pid, name) {
    try {
        process.kill(pid, name);
    } catch {
        // gone already
    }
}

process.once("exit", () => {
    for (const server of running) {
        if (server.child && !server.exit) server.child.kill("SIGKILL");
        for (const pid of server.databasePids()) signal(pid, "SIGQUIT");
        if (server.ownFolder) rmSync(server.ownFolder, { recursive: true, force: true });
    }
});
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(130));
