#!/usr/bin/env node
// cluster.mjs check|write cluster.conf [--to FOLDER]: from one small file, all files of each machine of a cluster of
// several PostgreSQL hosts (docs/operations.md). `check` only reads. `write` makes FOLDER/NAME/ for each machine, with
// a script `install` that is run there, and says what is new; secrets that exist are kept.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { changeStrict, strictIn } from "./lib/database.mjs";
import { filesOf, installer } from "./lib/machine.mjs";
import { placesOf } from "./lib/places.mjs";
import { Faults, read } from "./lib/read.mjs";
import { secretsOf } from "./lib/secrets.mjs";

const usage = "Usage: deploy/ha/cluster.mjs check|write cluster.conf [--to FOLDER]   (FOLDER: ./cluster)";

/** Writes `text` when it is not there yet: "new", "changed" or "same". */
function put(file, text, mode) {
    const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    if (before === text) return "same";
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
    return before === undefined ? "new" : "changed";
}

/** How many of the machine's files are new or changed; says which. */
function writeMachine(cluster, machine, secrets, folder) {
    const own = path.join(folder, machine.name);
    const files = filesOf(cluster, machine, secrets);
    const all = files.map(({ path: place, text, mode }) => [path.join("files", place), text, mode]);
    all.push(["install", installer(cluster, machine, files), "700"]);
    const by = { new: [], changed: [], same: [] };
    for (const [name, text, mode] of all)
        by[put(path.join(own, name), text, Number.parseInt(mode, 8) & 0o700)].push(name);
    console.log(`${own}: ${by.new.length} new, ${by.changed.length} changed, ${by.same.length} the same`);
    for (const name of by.changed) console.log(`  changed ${name}`);
    return by.new.length + by.changed.length;
}

/** Folders of machines that are no more in the file would be installed by mistake. */
function removeFormer(cluster, folder, machines) {
    const note = path.join(folder, "machines");
    const known = existsSync(note) ? readFileSync(note, "utf8").split("\n").filter(Boolean) : [];
    const names = machines.map(({ name }) => name);
    for (const former of known.filter((one) => /^[a-z][a-z0-9-]*$/.test(one) && !names.includes(one))) {
        rmSync(path.join(folder, former), { recursive: true, force: true });
        console.log(`removed  ${path.join(folder, former)}: not in the file any more`);
    }
    writeFileSync(note, `${names.join("\n")}\n`, { mode: 0o600 });
}

/** What the files in `folder` say of `synchronous` on the hosts of the cluster. */
function strictWritten(cluster, folder) {
    const files = cluster.hosts.map((host) =>
        path.join(folder, host.name, "files", placesOf(host).at("patroni.yml")),
    );
    return files.filter((file) => existsSync(file)).map((file) => strictIn(readFileSync(file, "utf8")));
}

function write(cluster, secretsFolder, folder) {
    const machines = [...cluster.hosts, ...cluster.nodes];
    const secrets = secretsOf(cluster, secretsFolder);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    removeFormer(cluster, folder, machines);
    const strict = String(cluster.synchronous === "strict");
    const changed = strictWritten(cluster, folder).some((before) => before && before !== strict);
    let written = 0;
    for (const machine of machines) written += writeMachine(cluster, machine, secrets, folder);
    const first = machines.map(({ name }) => secrets.of.get(name).until).sort()[0];
    console.log(
        `The first certificate ends on ${first}; "write" and "install" renew it in its last half year.`,
    );
    console.log(
        `Keep ${secretsFolder}: whoever has it has the database, and without it no host can be added.`,
    );
    if (written > 0)
        console.log(`Next: copy each folder of ${folder} to its machine, and run ./install in it as root.`);
    if (changed) console.log(changeStrict(cluster, cluster.hosts[0], strict).join("\n"));
}

function main() {
    const options = { to: { type: "string", default: "cluster" } };
    const { positionals, values } = parseArgs({ options, allowPositionals: true });
    const [verb, file, ...more] = positionals;
    if (!["check", "write"].includes(verb) || !file || more.length > 0) throw new TypeError(usage);
    if (!existsSync(file))
        throw new Faults([`${file} is not there. deploy/ha/cluster.conf.example is one to begin with.`]);
    const cluster = read(readFileSync(file, "utf8"), file);
    if (verb === "write")
        write(cluster, path.resolve(path.dirname(file), cluster.secrets), path.resolve(values.to));
    const count = `${cluster.hosts.length} hosts, ${cluster.nodes.length} nodes`;
    if (verb === "check")
        console.log(`${file}: ${count}, cluster ${cluster.scope}, synchronous = ${cluster.synchronous}.`);
    if (cluster.backups === "none")
        console.log("backups = none: nothing is archived; see docs/operations.md.");
}

try {
    main();
} catch (fault) {
    console.error(fault instanceof TypeError && fault.code ? `${fault.message}\n${usage}` : fault.message);
    if (!(fault instanceof Faults || fault instanceof TypeError)) throw fault;
    process.exitCode = fault instanceof Faults ? 1 : 2;
}
