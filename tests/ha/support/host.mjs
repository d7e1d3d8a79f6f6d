// One machine of the cluster in its network namespace. Its programs are started from the units that were written for
// it, as systemd would: as the unit's account, and again two seconds after they died by themselves.
import { execFile, spawn } from "node:child_process";
import { mkdirSync, openSync, closeSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The words of a unit's command line; '...' and "..." hold words together, $$ is one $. */
function words(line) {
    const found = line.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
    return found.map((word) => word.replace(/^(['"])(.*)\1$/s, "$2").replaceAll("$$", "$"));
}

/** {user, environment, before: [line], start: [[word]], condition: [[word]]} of a unit's file. */
export function readUnit(file, instance) {
    const unit = { user: "root", environment: {}, before: [], start: [], condition: [] };
    for (const line of readFileSync(file, "utf8").replaceAll("%i", instance).split("\n")) {
        const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
        if (key === "User") unit.user = value;
        if (key === "Environment") unit.environment[value.split("=")[0]] = value.split("=")[1];
        if (key === "ExecStartPre") unit.before.push(value);
        if (key === "ExecStart") unit.start.push(words(value));
        if (key === "ExecCondition") unit.condition.push(words(value));
    }
    return unit;
}

export class Host {
    /** `name` and `address` in the network `net`; its root folder is `prefix`. */
    constructor({ name, address, net, prefix }) {
        Object.assign(this, { name, address, net, prefix, space: `${net}-${name}` });
        this.settings = path.join(prefix, "etc/brainbytes-ha");
        this.data = path.join(prefix, "var/lib/brainbytes-ha");
        this.logs = path.join(prefix, "logs");
        this.running = new Map(); // unit -> child
        this.wanted = new Set();
        mkdirSync(this.logs, { recursive: true });
    }

    /** A command line that runs `command` on this machine as `user`. */
    inside(command, user = "root") {
        const as = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"];
        return ["netns", "exec", this.space, ...(user === "root" ? [] : as), ...command];
    }

    /** Runs a command on this machine to its end; throws when it fails. */
    async run(command, { user = "root", timeout = 30_000, env = {} } = {}) {
        const options = { timeout, killSignal: "SIGKILL", env: { PATH: process.env.PATH, ...env } };
        return (await run("ip", this.inside(command, user), options)).stdout.trim();
    }

    #spawn(unit) {
        const { user, environment, before, start } = readUnit(this.unitFile(unit), "");
        const log = openSync(path.join(this.logs, unit), "a");
        const env = { PATH: process.env.PATH, HOME: "/", ...environment };
        const stdio = ["ignore", log, log];
        const script = [...before, 'exec "$@"'].join(" && ");
        const command = ["sh", "-c", script, "sh", ...start[0]];
        const child = spawn("ip", this.inside(command, user), { stdio, env, cwd: "/", detached: true });
        closeSync(log);
        child.on("error", () => {});
        child.once("exit", async () => {
            this.running.delete(unit);
            await pause(2000);
            if (this.wanted.has(unit) && !this.running.has(unit)) this.#spawn(unit);
        });
        child.unref();
        this.running.set(unit, child);
    }

    unitFile(unit) {
        return path.join(this.prefix, "etc/systemd/system", `brainbytes-${unit}.service`);
    }

    start(...units) {
        for (const unit of units) {
            this.wanted.add(unit);
            if (!this.running.has(unit)) this.#spawn(unit);
        }
    }

    /** Carries out the unit's ExecReload, which is a signal to its first process. */
    reload(unit) {
        const text = readFileSync(this.unitFile(unit), "utf8");
        const [, name] = /^ExecReload=\/bin\/kill -s (\w+) \$MAINPID$/m.exec(text);
        signal(this.running.get(unit).pid, `SIG${name}`);
    }

    /** kill -9 of these units' programs and of what they started, as when the power goes. */
    async kill(...units) {
        for (const unit of units) this.wanted.delete(unit);
        const names = { patroni: /patroni|postgres: |\/bin\/postgres /, etcd: /bin\/etcd / };
        for (const pid of await this.processes()) {
            const line = commandLine(pid);
            if (units.some((unit) => names[unit].test(line))) signal(pid, "SIGKILL");
        }
        for (let i = 0; i < 100 && units.some((unit) => this.running.has(unit)); i += 1) await pause(50);
    }

    /** Ends these units' first processes as systemd's stop does, and waits for them. */
    async stop(...units) {
        for (const unit of units) {
            this.wanted.delete(unit);
            const child = this.running.get(unit);
            if (child) signal(child.pid, "SIGTERM");
        }
        await until(`${units} ended`, () => units.every((unit) => !this.running.has(unit)), 120);
    }

    async processes() {
        const { stdout } = await run("ip", ["netns", "pids", this.space]);
        return stdout.split("\n").filter(Boolean).map(Number);
    }

    /** A oneshot unit of instance `instance`; false when its condition says "not here", as systemd takes its exit code. */
    async once(unit, instance, timeout = 120_000) {
        const { user, start, condition } = readUnit(this.unitFile(unit), instance);
        for (const command of condition) {
            const held = await this.run(command, { user }).then(
                () => true,
                (fault) => {
                    if (fault.code >= 1 && fault.code < 255) return false;
                    throw fault;
                },
            );
            if (!held) return false;
        }
        for (const command of start) await this.run(command, { user, timeout });
        return true;
    }

    /** Statements for this machine's own PostgreSQL, over its socket. */
    sql(text, { timeout = 20_000, database = "brainbytes" } = {}) {
        const psql = [
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            path.join(this.data, "run"),
            "-c",
            text,
        ];
        return this.run([...psql, database], { user: "postgres", timeout });
    }

    /** What a tool of the cluster says when asked here. */
    patronictl(...args) {
        const command = ["patronictl", "-c", path.join(this.settings, "patroni.yml"), ...args];
        return this.run(command, { user: "postgres", env: { LC_ALL: "C.UTF-8" } });
    }

    etcdctl(...args) {
        const file = (name) => path.join(this.settings, name);
        const trust = ["--cacert", file("ca.crt"), "--cert", file("etcd.crt"), "--key", file("etcd.key")];
        return this.run(["etcdctl", "--endpoints", `https://${this.address}:2379`, ...trust, ...args], {
            env: { ETCDCTL_API: "3" },
        });
    }

    /** Takes this machine's wire out ("down"), or puts it back ("up"). */
    async wire(state) {
        this.cut = state === "down";
        await run("ip", ["-n", `${this.net}-lan`, "link", "set", this.name, state]);
    }
}

export function commandLine(pid) {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
        return "";
    }
}

export function signal(pid, name) {
    try {
        process.kill(pid, name);
    } catch (fault) {
        if (fault.code !== "ESRCH") throw fault;
    }
}

/** Waits until `look` gives something true; its last fault, and `words`, are told after `seconds`. */
export async function until(words, look, seconds = 60) {
    const deadline = Date.now() + seconds * 1000;
    let last = "";
    while (Date.now() < deadline) {
        try {
            const found = await look();
            if (found) return found;
            last = "";
        } catch (fault) {
            last = `: ${fault.message}`;
        }
        await pause(250);
    }
    throw new Error(`not within ${seconds} s: ${words}${last}`);
}
