// Hosts in network namespaces of this machine, each with an address, a file tree and an SSH server of its own, as far as
// BrainBytes sees: /etc, /srv, /tmp, /root and /usr/local/bin are theirs. Needs root.
import { execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { program, programEnvironment } from "./server.mjs";

const network = fileURLToPath(new URL("../ha/network", import.meta.url));
export const data = "/srv/brainbytes";

/** Why there can be no fleet here; nothing: there can. */
export function noFleet() {
    if (process.getuid() !== 0) return "hosts in network namespaces are made by root";
    for (const tool of [
        ["ip", "-V"],
        ["/usr/sbin/dropbear", "-V"],
        ["ssh", "-V"],
        ["unshare", "-V"],
    ]) {
        try {
            execFileSync(tool[0], tool.slice(1), { stdio: "pipe" });
        } catch (fault) {
            if (fault.code === "ENOENT") return `${tool[0]} is missing`;
        }
    }
    const name = `bbtry${process.pid}`;
    const tried = [
        `ip netns add ${name}`,
        `ip -n ${name} link add lan type bridge`,
        `ip -n ${name} link add one type veth peer name two`,
        `ip netns exec ${name} unshare -m mount --bind /srv /srv`,
    ];
    try {
        execFileSync("sh", ["-c", tried.join(" && ")], { stdio: "pipe" });
    } catch (fault) {
        return `no network namespaces can be made: ${fault.stderr}`;
    } finally {
        execFileSync("sh", ["-c", `ip netns del ${name} 2>/dev/null || true`]);
    }
    return null;
}

export class Fleet {
    constructor(count) {
        this.name = `bbst${process.pid}`;
        // Not under /tmp, which each host has for itself.
        this.folder = mkdtempSync("/var/tmp/bb-fleet-");
        chmodSync(this.folder, 0o755);
        this.hosts = Array.from({ length: count }, (_, i) => ({
            name: `app${i + 1}`,
            address: `10.77.0.${11 + i}`,
            folder: path.join(this.folder, `app${i + 1}`),
        }));
        this.children = [];
    }

    at(...names) {
        return path.join(this.folder, ...names);
    }

    async start() {
        execFileSync(network, ["sweep"]);
        execFileSync(network, ["up", this.name, ...this.hosts.map(({ name }) => name)]);
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.at("id")]);
        for (const host of this.hosts) this.#startHost(host);
        this.#writeClientConfig();
        for (const host of this.hosts) await this.#reach(host);
    }

    #startHost(host) {
        for (const one of ["etc", "srv", "tmp", "bin", "root"])
            mkdirSync(path.join(host.folder, one), { recursive: true });
        chmodSync(path.join(host.folder, "tmp"), 0o1777);
        cpSync("/etc", path.join(host.folder, "etc"), { recursive: true, verbatimSymlinks: true });
        const key = path.join(host.folder, "host_key");
        const made = execFileSync("dropbearkey", ["-t", "ed25519", "-f", key], {
            encoding: "utf8",
            stdio: "pipe",
        });
        host.key = /^ssh-ed25519 \S+/m.exec(made)[0];
        const trusted = path.join(host.folder, "root", ".ssh");
        mkdirSync(trusted, { mode: 0o700 });
        chmodSync(path.dirname(trusted), 0o700);
        cpSync(this.at("id.pub"), path.join(trusted, "authorized_keys"));
        const mounts = ["etc:/etc", "srv:/srv", "tmp:/tmp", "bin:/usr/local/bin", "root:/root"]
            .map((pair) => pair.split(":"))
            .map(([from, to]) => `mount --bind ${path.join(host.folder, from)} ${to}`);
        const sshd = `exec /usr/sbin/dropbear -F -E -s -r ${key} -p ${host.address}:22`;
        const script = [...mounts, sshd].join(" && ");
        const words = ["netns", "exec", `${this.name}-${host.name}`, "unshare", "-m", "sh", "-c", script];
        host.sshd = spawn("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
        host.said = "";
        host.sshd.stderr.on("data", (chunk) => (host.said = (host.said + chunk).slice(-4000)));
    }

    #writeClientConfig() {
        const known = this.hosts.map(({ address, key }) => `${address} ${key}\n`);
        writeFileSync(this.at("known_hosts"), known.join(""));
        const lines = [`IdentityFile ${this.at("id")}`, "IdentitiesOnly yes", "User root"];
        lines.push(
            `UserKnownHostsFile ${this.at("known_hosts")}`,
            "GlobalKnownHostsFile none",
            "LogLevel ERROR",
        );
        writeFileSync(
            this.at("ssh_config"),
            ["Host *", ...lines.map((line) => `    ${line}`), ""].join("\n"),
        );
    }

    async #reach(host) {
        for (const deadline = Date.now() + 20_000; ; await pause(200)) {
            try {
                return this.ssh(host, "true");
            } catch (fault) {
                if (Date.now() > deadline)
                    throw new Error(`${host.name}: ${fault.stderr}${host.said}`, { cause: fault });
            }
        }
    }

    /** Runs a line of the shell on a host. */
    ssh(host, line) {
        const words = ["netns", "exec", `${this.name}-lan`, "ssh", "-F", this.at("ssh_config"), host.address];
        return execFileSync("ip", [...words, line], { encoding: "utf8", stdio: "pipe", timeout: 60_000 });
    }

    /** A command of the program where all hosts can be reached, in a folder with brainbytes.toml. */
    command(...words) {
        return new Promise((resolve) => {
            const started = Date.now();
            const child = execFile(
                "ip",
                ["netns", "exec", `${this.name}-lan`, program, ...words],
                {
                    env: programEnvironment({ BRAINBYTES_DATA: this.at("operator") }),
                    cwd: this.folder,
                    timeout: 300_000,
                    maxBuffer: 16 << 20,
                },
                (fault, stdout, stderr) =>
                    resolve({
                        code: fault ? fault.code : 0,
                        stdout,
                        stderr,
                        seconds: (Date.now() - started) / 1000,
                    }),
            );
            this.last = child;
        });
    }

    /** Starts a program of ours among the hosts, which is ended with them. */
    spawn(script, ...words) {
        const child = spawn("ip", ["netns", "exec", `${this.name}-lan`, process.execPath, script, ...words], {
            stdio: ["pipe", "pipe", "inherit"],
        });
        this.children.push(child);
        return child;
    }

    /** Takes a host off the network, or brings it back. */
    cut(host, back = false) {
        execFileSync("ip", ["-n", `${this.name}-lan`, "link", "set", host.name, back ? "up" : "down"]);
    }

    stop() {
        execFileSync(network, ["down", this.name]);
        rmSync(this.folder, { recursive: true, force: true });
    }
}
