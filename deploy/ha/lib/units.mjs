// systemd's units. They have names of their own, so that Debian's packages and their updates leave them alone.
import { placesOf, ports, programs } from "./places.mjs";

const lines = (...parts) => `${parts.flat().join("\n")}\n`;

function service(words, after, parts) {
    return lines(
        "[Unit]",
        `Description=BrainBytes cluster: ${words}`,
        `After=network-online.target${after}`,
        "Wants=network-online.target",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        ...parts,
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    );
}

const again = ["Restart=always", "RestartSec=2"];

const etcd = (place) =>
    service("etcd, who is the primary", "", [
        "Type=notify",
        "User=etcd",
        `ExecStart=/usr/bin/etcd --config-file ${place.at("etcd.yml")}`,
        "LimitNOFILE=65536",
        "TimeoutStartSec=infinity",
        ...again,
    ]);

// Only Patroni is ended by a stop, so that it can end PostgreSQL with care.
const patroni = (place) =>
    service("Patroni, which runs PostgreSQL", " brainbytes-etcd.service", [
        "User=postgres",
        "Environment=LC_ALL=C.UTF-8",
        `ExecStart=/usr/bin/patroni ${place.at("patroni.yml")}`,
        "ExecReload=/bin/kill -s HUP $MAINPID",
        "KillMode=process",
        "TimeoutStopSec=120",
        "OOMScoreAdjust=-800",
        ...again,
    ]);

const haproxy = (place) =>
    service("HAProxy, the way to the primary", "", [
        `ExecStartPre=/usr/sbin/haproxy -c -q -f ${place.at("haproxy.cfg")}`,
        `ExecStart=/usr/sbin/haproxy -W -db -f ${place.at("haproxy.cfg")}`,
        "ExecReload=/bin/kill -s USR2 $MAINPID",
        "KillMode=mixed",
        ...again,
    ]);

const pgbouncer = (place) =>
    service("PgBouncer, for programs that come and go", " brainbytes-haproxy.service", [
        "User=postgres",
        `ExecStart=/usr/sbin/pgbouncer ${place.at("pgbouncer.ini")}`,
        "ExecReload=/bin/kill -s HUP $MAINPID",
        "KillSignal=SIGINT",
        ...again,
    ]);

/**
 * On every host; only the one that is the primary at that moment makes the backup. systemd takes exit code 1 as "not
 * here" and 255 as a failure: a PostgreSQL that does not answer must not look like a standby.
 */
function backup(cluster, place) {
    const ask = `timeout 60 ${programs}/psql -XAt -h ${place.run} -p ${ports.postgres} -c "SELECT pg_is_in_recovery()" postgres`;
    const engine = `/usr/bin/pgbackrest --config=${place.at("pgbackrest.conf")} --stanza=${cluster.scope}`;
    return lines(
        "[Unit]",
        "Description=BrainBytes cluster: backup (%i)",
        "After=brainbytes-patroni.service",
        // A backup that was missed is made up for at the start of a machine, when PostgreSQL may not answer yet.
        "StartLimitIntervalSec=2h",
        "StartLimitBurst=3",
        "",
        "[Service]",
        "Type=oneshot",
        "User=postgres",
        "Restart=on-failure",
        "RestartSec=10min",
        `ExecCondition=/bin/sh -c 'case "$$(${ask})" in f) exit 0 ;; t) exit 1 ;; *) exit 255 ;; esac'`,
        `ExecStart=${engine} stanza-create`,
        `ExecStart=${engine} --type=%i backup`,
    );
}

const timer = (kind, when) =>
    lines(
        "[Unit]",
        `Description=BrainBytes cluster: backups (${kind})`,
        "",
        "[Timer]",
        `OnCalendar=${when}`,
        "RandomizedDelaySec=10min",
        "Persistent=true",
        `Unit=brainbytes-backup@${kind}.service`,
        "",
        "[Install]",
        "WantedBy=timers.target",
    );

/** All that `units` ever writes for some machine, but templates: those run only when a timer starts them. */
export const everyUnit = [
    ...["etcd", "patroni", "haproxy", "pgbouncer"].map((name) => `brainbytes-${name}.service`),
    ...["full", "incr"].map((kind) => `brainbytes-backup-${kind}.timer`),
];

/** [{name, text}] of the units of `machine`. */
export function units(cluster, machine) {
    const place = placesOf(machine);
    const unit = (name, text) => ({ name: `brainbytes-${name}`, text });
    const way = [unit("haproxy.service", haproxy(place)), unit("pgbouncer.service", pgbouncer(place))];
    if (machine.kind === "node") return way;
    const database = [unit("etcd.service", etcd(place)), unit("patroni.service", patroni(place))];
    if (cluster.backups === "none") return [...database, ...way];
    return [
        ...database,
        ...way,
        unit("backup@.service", backup(cluster, place)),
        unit("backup-full.timer", timer("full", "Sun *-*-* 01:30")),
        unit("backup-incr.timer", timer("incr", "Mon..Sat *-*-* 01:30")),
    ];
}
