// Reads and checks cluster.conf. Every fault names its line and says what to write instead.

/** All that is wrong with a file, one line each. */
export class Faults extends Error {
    constructor(lines) {
        super(lines.join("\n"));
    }
}

const name = /^[a-z][a-z0-9-]{0,30}$/;
const account = /^[a-z][a-z0-9_]{0,30}$/;
const octet = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const address = new RegExp(`^${octet}(\\.${octet}){3}$`);
const path = /^\/[A-Za-z0-9._/-]*[A-Za-z0-9._-]$/;
// Accounts and databases that PostgreSQL or Patroni have for themselves.
const taken = ["postgres", "replicator", "rewinder", "template0", "template1"];

const oneOf = (...words) => ({ fits: (value) => words.includes(value), say: `one of ${words.join(", ")}` });
const like = (pattern, say) => ({ fits: (value) => pattern.test(value), say });
const own = {
    fits: (value) => account.test(value) && !taken.includes(value),
    say: `a short name of a-z, 0-9 and _, none of ${taken.join(", ")}`,
};

const general = {
    stage: { ...oneOf("dev", "staging", "production"), unless: "production" },
    database: { ...own, unless: "brainbytes" },
    user: { ...own, unless: "brainbytes" },
    synchronous: { ...oneOf("on", "strict"), unless: "on" },
    backups: {
        fits: (value) => value === "none" || path.test(value),
        say: "the absolute path of a folder that every host has mounted, or none",
    },
    secrets: { ...like(/^[^\s]+$/, "a folder"), unless: "./secrets" },
    // For trying a cluster on one machine: stands before every path on a host; {name} becomes its name.
    prefix: { ...like(/^\/[A-Za-z0-9._/{}-]+[^/]$/, "an absolute path"), unless: "" },
};
const ofMachine = {
    address: like(address, "an IPv4 address such as 10.20.0.11"),
    // etcd must be told that it joins a cluster that is there, when a host is added or replaced: one at a time.
    joins: { ...oneOf("yes", "no"), unless: "no" },
};

/** A `#` at the beginning of a word begins a comment. */
const withoutComment = (line) => line.replace(/(^|\s)#.*$/, "").trim();

/** Line by line: what was said of the cluster and of each machine, and where. */
function parse(text, fault) {
    const parts = [{ kind: "cluster", line: 1, said: new Map() }];
    text.split("\n").forEach((raw, index) => {
        const number = index + 1;
        const line = withoutComment(raw);
        if (!line) return;
        const head = /^\[\s*(host|node)\s+([^\s\]]+)\s*\]$/.exec(line);
        const setting = /^([a-z]+)\s*=\s*(.*)$/.exec(line);
        if (head) {
            parts.push({ kind: head[1], name: head[2], line: number, said: new Map() });
            if (!name.test(head[2]))
                fault(number, `"${head[2]}" is no name: use a-z, 0-9 and -, a letter first.`);
        } else if (setting) {
            const { said } = parts.at(-1);
            if (said.has(setting[1])) fault(number, `"${setting[1]}" stands here twice: leave out one.`);
            said.set(setting[1], { value: setting[2], line: number });
        } else {
            fault(number, `"${line}" is neither "name = value" nor "[host NAME]" nor "[node NAME]".`);
        }
    });
    return parts;
}

/** The values of one part, checked; what is not said becomes what the table has for it. */
function values(part, table, fault) {
    for (const [key, { line }] of part.said)
        if (!(key in table))
            fault(line, `"${key}" is no setting here. There are: ${Object.keys(table).join(", ")}.`);
    const found = {};
    for (const [key, rule] of Object.entries(table)) {
        const said = part.said.get(key);
        if (said && !rule.fits(said.value)) fault(said.line, `${key} = ${said.value}: must be ${rule.say}.`);
        if (!said && rule.unless === undefined)
            fault(
                part.line,
                `"${key}" is missing${part.name ? ` for ${part.name}` : ""}: it is ${rule.say}.`,
            );
        found[key] = said?.value ?? rule.unless;
    }
    return found;
}

function refuseTwins(machines, fault) {
    for (const key of ["name", "address"]) {
        const seen = new Map();
        for (const machine of machines) {
            const before = seen.get(machine[key]);
            if (before)
                fault(machine.line, `${machine[key]} is also the ${key} of line ${before}: give another.`);
            else if (machine[key]) seen.set(machine[key], machine.line);
        }
    }
}

/**
 * The cluster that `text` describes: {stage, scope, database, user, synchronous, backups, secrets, prefix, hosts,
 * nodes}, a machine being {kind, name, address, joins, prefix}. Throws Faults.
 */
export function read(text, file) {
    const faults = [];
    const fault = (line, words) => faults.push([line, `${file}:${line}: ${words}`]);
    const [head, ...parts] = parse(text, fault);
    const cluster = values(head, general, fault);
    const machines = parts.map((part) => ({ ...part, ...values(part, ofMachine, fault) }));
    refuseTwins(machines, fault);
    const hosts = machines.filter(({ kind }) => kind === "host");
    const last = text.split("\n").length;
    const joining = hosts.filter(({ joins }) => joins === "yes");
    for (const { said } of joining.slice(1))
        fault(
            said.get("joins").line,
            `${joining[0].name} joins too: etcd takes in one host after the other.`,
        );
    // On the way to 3 or 5: etcd refuses a newcomer whose file names a host that was not added to it yet.
    if (!(joining.length > 0 ? [2, 3, 4, 5] : [3, 5]).includes(hosts.length))
        fault(
            last,
            `${hosts.length} hosts: 3 or 5 are needed, so that a majority is left when one fails ` +
                "(2 or 4 while one of them has joins = yes).",
        );
    const several = machines.length > 1 && cluster.prefix && !cluster.prefix.includes("{name}");
    if (several) fault(head.said.get("prefix").line, "prefix must contain {name}: machines share no folder.");
    if (faults.length > 0) throw new Faults(faults.sort((a, b) => a[0] - b[0]).map(([, words]) => words));
    const settled = machines.map(({ kind, name: called, address: at, joins }) => ({
        kind,
        name: called,
        address: at,
        joins: joins === "yes",
        prefix: cluster.prefix.replaceAll("{name}", called),
    }));
    return {
        ...cluster,
        scope: `brainbytes-${cluster.stage}`,
        hosts: settled.filter(({ kind }) => kind === "host"),
        nodes: settled.filter(({ kind }) => kind === "node"),
    };
}
