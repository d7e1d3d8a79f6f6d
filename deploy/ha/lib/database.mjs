// What runs PostgreSQL on a host: etcd, Patroni, the first statements of a new cluster, pgBackRest.
import { placesOf, ports, programs } from "./places.mjs";

const lines = (...parts) => `${parts.flat().join("\n")}\n`;
/** `value` in YAML; texts are quoted as in JSON, which is YAML too. */
function yaml(value, indent = "") {
    if (value === null || typeof value !== "object") return ` ${JSON.stringify(value)}`;
    const parts = Array.isArray(value)
        ? value.map((one) => `- ${yaml(one, `${indent}  `).trimStart()}`)
        : Object.entries(value).map(([key, one]) => `${key}:${yaml(one, `${indent}  `)}`);
    return parts.map((part) => `\n${indent}${part}`).join("");
}
const document = (value) => `${yaml(value).trimStart()}\n`;

const url = (machine, port) => `https://${machine.address}:${port}`;

/** etcd agrees on who is the primary. Nobody is let in who has no certificate of the cluster's authority. */
export function etcd(cluster, host) {
    const place = placesOf(host);
    const trust = {
        "cert-file": place.at("etcd.crt"),
        "key-file": place.at("etcd.key"),
        "trusted-ca-file": place.ca,
        "client-cert-auth": true,
    };
    return document({
        name: host.name,
        "data-dir": place.etcd,
        "listen-peer-urls": url(host, ports.etcdPeers),
        "initial-advertise-peer-urls": url(host, ports.etcdPeers),
        "listen-client-urls": `${url(host, ports.etcd)},https://127.0.0.1:${ports.etcd}`,
        "advertise-client-urls": url(host, ports.etcd),
        "initial-cluster": cluster.hosts.map((one) => `${one.name}=${url(one, ports.etcdPeers)}`).join(","),
        "initial-cluster-token": cluster.scope,
        "initial-cluster-state": host.joins ? "existing" : "new",
        "client-transport-security": trust,
        "peer-transport-security": trust,
        "enable-v2": true, // what Patroni uses, see there
        "auto-compaction-mode": "periodic",
        "auto-compaction-retention": "1h",
        "log-level": "warn",
        logger: "zap",
    });
}

/** Who may come in, over TLS and with a password; from the network only the machines that are named. */
function accessRules(cluster) {
    const from = ({ address }) => `${address}/32`;
    const everywhere = [...cluster.hosts, ...cluster.nodes];
    const rule = (who, address) => `hostssl ${who} ${address} scram-sha-256`;
    return [
        "local all postgres peer",
        "local all all scram-sha-256",
        rule("replication replicator", "127.0.0.1/32"),
        ...cluster.hosts.map((host) => rule("replication replicator", from(host))),
        ...cluster.hosts.map((host) => rule("all postgres,rewinder", from(host))),
        ...everywhere.map((machine) => rule(`all ${cluster.user}`, from(machine))),
    ];
}

const archives = (cluster) => cluster.backups !== "none";

/** Settings of the whole cluster; Patroni keeps them in etcd once it is there, and `patronictl edit-config` changes them. */
function shared(cluster) {
    return {
        ttl: 20, // seconds until a silent primary is replaced
        loop_wait: 5,
        retry_timeout: 7,
        maximum_lag_on_failover: 1_048_576,
        master_start_timeout: 15, // a crashed primary may try so long to recover before another takes over
        synchronous_mode: true,
        synchronous_mode_strict: cluster.synchronous === "strict",
        postgresql: {
            use_pg_rewind: true,
            use_slots: true,
            parameters: {
                max_connections: 200,
                wal_keep_size: "1GB",
                wal_sender_timeout: "10s",
                wal_receiver_timeout: "10s",
            },
        },
    };
}

/** What `text`, a patroni.yml, says of waiting without a standby: "true", "false" or, without such a line, undefined. */
export const strictIn = (text) => /^ *synchronous_mode_strict: (true|false)$/m.exec(text)?.[1];

/** Patroni takes `synchronous` from the file only when the cluster is made: lines that say what a change needs. */
export const changeStrict = (cluster, host, strict) => [
    "synchronous changed, and a cluster that is there does not take that from the file. Once, on one host:",
    `  patronictl -c ${placesOf(host).at("patroni.yml")} edit-config ${cluster.scope} --force -s synchronous_mode_strict=${strict}`,
];

/** Without a place for it nothing is archived: PostgreSQL would keep every segment for ever. */
function archiving(cluster, place) {
    if (!archives(cluster)) return { archive_mode: "off" };
    const command = `pgbackrest --config=${place.at("pgbackrest.conf")} --stanza=${cluster.scope} archive-push %p`;
    return { archive_mode: "on", archive_command: command, archive_timeout: "60s" };
}

function postgresql(cluster, host, secrets) {
    const place = placesOf(host);
    const as = (username, password) => ({
        username,
        password,
        sslmode: "verify-ca",
        sslrootcert: place.ca,
    });
    return {
        listen: `${host.address},127.0.0.1:${ports.postgres}`,
        connect_address: `${host.address}:${ports.postgres}`,
        use_unix_socket: true,
        use_unix_socket_repl: false,
        data_dir: place.postgres,
        bin_dir: programs,
        pgpass: `${place.run}/pgpass`,
        authentication: {
            superuser: as("postgres", secrets.superuser),
            replication: as("replicator", secrets.replication),
            rewind: as("rewinder", secrets.rewind),
        },
        basebackup: { checkpoint: "fast" },
        parameters: {
            unix_socket_directories: place.run,
            ssl: "on",
            ssl_ca_file: place.ca,
            ssl_cert_file: place.at("postgres.crt"),
            ssl_key_file: place.at("postgres.key"),
            password_encryption: "scram-sha-256",
            ...archiving(cluster, place),
        },
        pg_hba: accessRules(cluster),
    };
}

/** Patroni keeps PostgreSQL running, and makes exactly one host the primary. */
export function patroni(cluster, host, secrets) {
    const place = placesOf(host);
    const trust = { cacert: place.ca, cert: place.at("postgres.crt"), key: place.at("postgres.key") };
    const own = { certfile: trust.cert, keyfile: trust.key };
    return document({
        scope: cluster.scope,
        namespace: "/brainbytes/",
        name: host.name,
        log: { level: "INFO" },
        restapi: {
            listen: `${host.address}:${ports.patroni}`,
            connect_address: `${host.address}:${ports.patroni}`,
            ...own,
            cafile: place.ca,
            verify_client: "required",
        },
        ctl: { ...own, cacert: place.ca },
        // Version 2 of etcd's words: docs/decisions/0006-etcd-by-version-2.md.
        etcd: {
            hosts: cluster.hosts.map(({ address }) => `${address}:${ports.etcd}`),
            protocol: "https",
            ...trust,
        },
        bootstrap: {
            dcs: shared(cluster),
            initdb: [{ encoding: "UTF8" }, { locale: "C.UTF-8" }, "data-checksums"],
            pg_hba: accessRules(cluster),
            post_bootstrap: place.at("first"),
        },
        postgresql: postgresql(cluster, host, secrets),
        // Not needed here: a primary that hangs cannot confirm a write, as its synchronous standby follows another.
        watchdog: { mode: "off" },
    });
}

/** Run once by Patroni on a new cluster: makes the account and the database of BrainBytes. */
export function first(cluster, host) {
    const place = placesOf(host);
    return lines(
        "#!/bin/sh",
        "# first CONNECTION: the first statements of a new cluster, and the first of its backups' folder.",
        "set -eu",
        `${programs}/psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f ${place.at("first.sql")}`,
        ...(archives(cluster)
            ? [
                  `pgbackrest --config=${place.at("pgbackrest.conf")} --stanza=${cluster.scope} stanza-create ||`,
                  '    echo "pgBackRest cannot use its folder yet: nothing is archived until it can." >&2',
              ]
            : []),
    );
}

/** CREATEDB lets `backup restore` load a backup beside the live database. */
export function firstStatements(cluster, secrets) {
    return lines(
        `CREATE ROLE ${cluster.user} LOGIN CREATEDB PASSWORD '${secrets.application}';`,
        `CREATE DATABASE ${cluster.database} OWNER ${cluster.user} TEMPLATE template0 ENCODING 'UTF8';`,
    );
}

/** pgBackRest: full and incremental backups, and the write-ahead log for every second between them. */
export function pgbackrest(cluster, host, secrets) {
    const place = placesOf(host);
    return lines(
        "[global]",
        `repo1-path=${cluster.backups}`,
        "repo1-cipher-type=aes-256-cbc",
        `repo1-cipher-pass=${secrets.backup}`,
        "repo1-retention-full=4",
        `lock-path=${place.run}`,
        "log-level-file=off",
        "log-level-console=info",
        "compress-type=zst",
        "process-max=2",
        "start-fast=y",
        "",
        `[${cluster.scope}]`,
        `pg1-path=${place.postgres}`,
        `pg1-port=${ports.postgres}`,
        `pg1-socket-path=${place.run}`,
        "pg1-user=postgres",
    );
}
