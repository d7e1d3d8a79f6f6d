// The cluster under test: three hosts from the files that deploy/ha/cluster.mjs writes, two nodes on them.
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Host, until } from "./host.mjs";
import { Node } from "./node.mjs";

const run = promisify(execFile);
const generator = fileURLToPath(new URL("../../../deploy/ha/cluster.mjs", import.meta.url));
const programs = "/usr/lib/postgresql/15/bin";
export const daemons = ["etcd", "patroni", "haproxy", "pgbouncer"];

export class Cluster {
    constructor(net, folder) {
        this.folder = folder;
        this.backups = path.join(folder, "backups");
        this.hosts = [1, 2, 3].map((number) => {
            const name = `db${number}`;
            return new Host({
                name,
                address: `10.77.0.${10 + number}`,
                net,
                prefix: path.join(folder, name),
            });
        });
        // One node by each door: both must find the new primary.
        this.nodes = [new Node(this.hosts[0], 5000), new Node(this.hosts[1], 6432)];
    }

    /**
     * What docs/operations.md tells to do: takes the secret of the server on one machine, writes, installs and starts
     * everything, and restores the newest backup of `from`: {secret, place, key}.
     */
    async build(from) {
        mkdirSync(this.backups);
        chmodSync(this.backups, 0o777);
        const secrets = path.join(this.folder, "secrets");
        mkdirSync(secrets, { mode: 0o700 });
        copyFileSync(from.secret, path.join(secrets, "server.secret"));
        for (const host of this.hosts) {
            await this.install(host);
            host.start(...daemons);
        }
        await this.settled();
        const words = ["latest", "--from", from.place, "--key", from.key, "--yes"];
        await this.nodes[0].command("backup", "restore", ...words);
        for (const node of this.nodes) await node.start();
    }

    /** Writes all files anew and installs those of `host`, which `joins` a cluster that is there. */
    async install(host, joins = false) {
        const file = path.join(this.folder, "cluster.conf");
        const machine = (one) =>
            `[host ${one.name}]\naddress = ${one.address}\njoins = ${one === host && joins ? "yes" : "no"}\n`;
        const head = [`stage = staging`, `backups = ${this.backups}`, `prefix = ${this.folder}/{name}`];
        writeFileSync(file, [...head, ...this.hosts.map(machine)].join("\n"));
        const out = path.join(this.folder, "written");
        await run(process.execPath, [generator, "write", file, "--to", out]);
        await run(path.join(out, host.name, "install"), ["--no-start"]);
    }

    /** Puts an empty machine in the place of `host`, as docs/operations.md tells. */
    async replace(host) {
        await host.kill("patroni", "etcd");
        for (const folder of ["postgres", "etcd"])
            rmSync(path.join(host.data, folder), { recursive: true, force: true });
        const other = this.hosts.find((one) => one !== host);
        const id = (await other.etcdctl("member", "list"))
            .split("\n")
            .find((line) => line.includes(`${host.address}:2380`))
            .split(",")[0];
        await other.etcdctl("member", "remove", id);
        await other.etcdctl("member", "add", host.name, `--peer-urls=https://${host.address}:2380`);
        await this.install(host, true);
        host.start("etcd", "patroni");
    }

    /**
     * Brings the whole cluster back to the moment `target` with pgBackRest, as docs/operations.md tells; `host`, the
     * primary, begins. `look(sql)` is called while PostgreSQL waits at that moment.
     */
    async recover(host, target, look) {
        // The primary last: else a standby would take over meanwhile.
        for (const one of this.hosts) if (one !== host) await one.stop("patroni");
        await host.stop("patroni");
        for (const one of this.hosts) {
            const data = path.join(one.data, "postgres");
            renameSync(data, `${data}.before`);
            await one.run(["install", "-d", "-m", "700", "-o", "postgres", "-g", "postgres", data]);
        }
        const as = { user: "postgres", timeout: 120_000 };
        const stanza = [
            `--config=${path.join(host.settings, "pgbackrest.conf")}`,
            "--stanza=brainbytes-staging",
        ];
        const moment = ["--type=time", `--target=${target}`, "--target-action=pause"];
        await host.run(["pgbackrest", ...stanza, ...moment, "restore"], as);
        const control = [programs + "/pg_ctl", "-D", path.join(host.data, "postgres"), "-w", "-t", "100"];
        await host.run([...control, "-l", path.join(host.data, "run/by-hand.log"), "start"], as);
        await until("PostgreSQL waits at the moment", async () => {
            return (await host.sql("SELECT pg_get_wal_replay_pause_state()")) === "paused";
        });
        await look((text) => host.sql(text));
        await host.sql("SELECT pg_wal_replay_resume()");
        await until("it writes", async () => (await host.sql("SELECT pg_is_in_recovery()")) === "f");
        await host.run([...control, "stop"], as);
        const tool = `patronictl -c ${path.join(host.settings, "patroni.yml")} remove brainbytes-staging`;
        const sure = "printf 'brainbytes-staging\\nYes I am aware\\n'";
        await host.run(["sh", "-c", `${sure} | ${tool}`], { ...as, env: { LC_ALL: "C.UTF-8" } });
        host.start("patroni");
        await until(`${host.name} leads`, async () => (await this.primary()) === host);
        for (const one of this.hosts) one.start("patroni");
        await this.settled();
    }

    /** What Patroni says of every member, asked at a host that is not cut off. */
    async members() {
        const host = this.hosts.find((one) => !one.cut);
        return JSON.parse(await host.patronictl("list", "-f", "json"));
    }

    host(name) {
        return this.hosts.find((one) => one.name === name);
    }

    /** The primary, once there is one that is not `former`. */
    primary(former) {
        return until("another primary", async () => {
            const leader = (await this.members()).find(({ Role }) => Role === "Leader");
            return leader && leader.Member !== former?.name && this.host(leader.Member);
        });
    }

    /** Waits until all three are there on one timeline, and one is the synchronous standby. */
    settled() {
        const good = async () => {
            const members = await this.members();
            const roles = members.map(({ Role }) => Role).sort();
            const alike = new Set(members.map(({ TL }) => TL)).size === 1;
            const up = members.every(({ State }) => ["running", "streaming"].includes(State));
            if (roles.join() === "Leader,Replica,Sync Standby" && alike && up) return members;
            throw new Error(JSON.stringify(members));
        };
        return until("a primary, a synchronous standby and a replica", good, 180);
    }

    /** Makes `host` the primary, as an operator does. */
    async switchTo(host) {
        const before = await this.primary();
        if (before === host) return;
        await this.settled();
        await until(
            `${host.name} is the synchronous standby`,
            async () => {
                const sync = (await this.members()).find(({ Role }) => Role === "Sync Standby");
                if (sync?.Member === host.name) return true;
                // The replica becomes the synchronous one when that is restarted.
                const scope = "brainbytes-staging";
                if (sync) await before.patronictl("restart", scope, sync.Member, "--force");
                return false;
            },
            120,
        );
        const words = ["--leader", before.name, "--candidate", host.name, "--force"];
        await before.patronictl("switchover", "brainbytes-staging", ...words);
    }
}
