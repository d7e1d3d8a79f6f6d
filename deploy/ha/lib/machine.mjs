// Everything that one machine gets: its files with owner and mode, its folders, and the script that installs them.
import { changeStrict, etcd, first, firstStatements, patroni, pgbackrest } from "./database.mjs";
import { placesOf } from "./places.mjs";
import { everyUnit, units } from "./units.mjs";
import { environment, haproxy, pgbouncer, userlist } from "./way.mjs";

function wayFiles(cluster, machine, secrets) {
    const place = placesOf(machine);
    const { key, certificate } = secrets.of.get(machine.name);
    const file = (name, owner, mode, text) => ({ path: place.at(name), owner, mode, text });
    return [
        { path: place.ca, owner: "root", mode: "644", text: secrets.ca },
        file("haproxy.cfg", "root", "644", haproxy(cluster, machine)),
        file("haproxy.pem", "root", "600", certificate + key),
        file("pgbouncer.ini", "postgres", "600", pgbouncer(cluster, machine)),
        file("userlist.txt", "postgres", "600", userlist(cluster, secrets)),
        file("brainbytes.env", "root", "600", environment(cluster, machine, secrets)),
        ...units(cluster, machine).map(({ name, text }) => ({
            path: `${place.units}/${name}`,
            owner: "root",
            mode: "644",
            text,
        })),
    ];
}

function databaseFiles(cluster, host, secrets) {
    const place = placesOf(host);
    const { key, certificate } = secrets.of.get(host.name);
    const file = (name, owner, mode, text) => ({ path: place.at(name), owner, mode, text });
    const own = (name, owner) => [
        file(`${name}.crt`, owner, "644", certificate),
        file(`${name}.key`, owner, "600", key),
    ];
    const kept = [
        file("etcd.yml", "etcd", "644", etcd(cluster, host)),
        ...own("etcd", "etcd"),
        file("patroni.yml", "postgres", "600", patroni(cluster, host, secrets)),
        ...own("postgres", "postgres"),
        file("first", "postgres", "700", first(cluster, host)),
        file("first.sql", "postgres", "600", firstStatements(cluster, secrets)),
    ];
    if (cluster.backups !== "none")
        kept.push(file("pgbackrest.conf", "postgres", "600", pgbackrest(cluster, host, secrets)));
    return kept;
}

/** [{path, owner, mode, text}] */
export function filesOf(cluster, machine, secrets) {
    const way = wayFiles(cluster, machine, secrets);
    return machine.kind === "node" ? way : [...way, ...databaseFiles(cluster, machine, secrets)];
}

/** [{path, owner, mode}], a folder before what is in it. */
export function foldersOf(machine) {
    const place = placesOf(machine);
    const shared = [
        { path: place.settings, owner: "root", mode: "755" },
        { path: place.units, owner: "root", mode: "755" },
        { path: place.data, owner: "root", mode: "755" },
        { path: place.run, owner: "postgres", mode: "755" },
    ];
    if (machine.kind === "node") return shared;
    return [
        ...shared,
        { path: place.postgres, owner: "postgres", mode: "700" },
        { path: place.etcd, owner: "etcd", mode: "700" },
    ];
}

const packages = {
    host: "postgresql-15 patroni python3-etcd etcd-server etcd-client haproxy pgbouncer pgbackrest",
    node: "haproxy pgbouncer",
};

/** Shell: tells when `synchronous` is another than in the file that was there. */
function tellStrict(cluster, host) {
    const place = placesOf(host).at("patroni.yml");
    return {
        before: `strict() { sed -n 's/^ *synchronous_mode_strict: *//p' ${place} 2>/dev/null || true; }
before=$(strict)`,
        after: `now=$(strict)
if [ -n "$before" ] && [ "$before" != "$now" ]; then
${changeStrict(cluster, host, "$now")
    .map((line) => `    echo "${line}"`)
    .join("\n")}
fi`,
    };
}

/** The script that installs `files` from the folder beside it; safe to run again. */
export function installer(cluster, machine, files) {
    const accounts = [...new Set([...files, ...foldersOf(machine)].map(({ owner }) => owner))];
    const started = units(cluster, machine)
        .map(({ name }) => name)
        .filter((name) => !name.includes("@"));
    const place = placesOf(machine);
    const former = everyUnit.filter((name) => !started.includes(name));
    const strict = machine.kind === "host" ? tellStrict(cluster, machine) : { before: "", after: "" };
    const services = started.filter((name) => name.endsWith(".service"));
    return `#!/bin/sh
# install [--no-start]: puts the files of ${machine.name} in their places and starts what they describe. Safe to run
# again: a file that is the same is left alone, and what runs is told to read its settings again.
set -eu
from=$(cd "$(dirname "$0")" && pwd)/files
[ "$(id -u)" = 0 ] || { echo "install: run it as root." >&2; exit 1; }
for account in ${accounts.join(" ")}; do
    id "$account" >/dev/null 2>&1 || {
        echo "install: there is no account $account. First, on this machine:" >&2
        echo "  mkdir -p /etc/postgresql-common && echo create_main_cluster=false >/etc/postgresql-common/createcluster.conf" >&2
        echo "  apt-get install --no-install-recommends ${packages[machine.kind]}" >&2
        exit 1
    }
done
folder() { # mode owner path
    install -d -m "$1" -o "$2" -g "$(id -gn "$2")" "$3"
}
file() { # mode owner path
    if cmp -s "$from$3" "$3"; then return; fi
    install -m "$1" -o "$2" -g "$(id -gn "$2")" "$from$3" "$3.new"
    mv "$3.new" "$3"
    echo "written $3"
}
former() { # unit path: what was installed once and is not written any more
    [ -e "$2" ] || return 0
    systemctl disable --quiet --now "$1"
    rm "$2"
    echo "disabled and removed $1"
}
${strict.before}
${foldersOf(machine)
    .map(({ mode, owner, path }) => `folder ${mode} ${owner} ${path}`)
    .join("\n")}
${files.map(({ mode, owner, path }) => `file ${mode} ${owner} ${path}`).join("\n")}
${strict.after}
[ "\${1:-}" != --no-start ] || exit 0
[ -d /run/systemd/system ] || { echo "install: there is no systemd here: start the programs by other means." >&2; exit 1; }
# Debian's own etcd and PgBouncer would hold the same ports.
systemctl disable --quiet --now etcd pgbouncer 2>/dev/null || true
${[...former.map((name) => `former ${name} ${place.units}/${name}`), "systemctl daemon-reload"].join("\n")}
systemctl enable --quiet ${started.join(" ")}
# Not waited for: etcd is ready only when a majority of the hosts runs.
systemctl start --no-block ${started.join(" ")}
for service in ${services.filter((name) => !name.includes("etcd")).join(" ")}; do
    systemctl reload "$service" 2>/dev/null || true
done
echo "Started: ${started.join(" ")}."
echo "What changed for etcd is taken up by: systemctl restart brainbytes-etcd, one host after the other."
`;
}
