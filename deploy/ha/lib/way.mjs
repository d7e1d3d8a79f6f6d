// The way to the primary, on hosts and nodes alike: HAProxy, PgBouncer, and what `brainbytes serve` is told.
import { placesOf, ports } from "./places.mjs";

const lines = (...parts) => `${parts.flat().join("\n")}\n`;

/** HAProxy asks every Patroni each second what its host is, and cuts who is connected to one that lost its part. */
export function haproxy(cluster, machine) {
    const place = placesOf(machine);
    const trust = `check-ssl verify required ca-file ${place.ca} crt ${place.at("haproxy.pem")}`;
    const part = (name, port, question, interval) => [
        "",
        `listen ${name}`,
        `    bind 127.0.0.1:${port}`,
        `    option httpchk OPTIONS ${question}`,
        "    http-check expect status 200",
        `    default-server check port ${ports.patroni} ${trust} inter ${interval} fall 3 rise 1 on-marked-down shutdown-sessions`,
        ...cluster.hosts.map(({ name: host, address }) => `    server ${host} ${address}:${ports.postgres}`),
    ];
    return lines(
        "global",
        "    user haproxy",
        "    group haproxy",
        "    maxconn 4000",
        // After a reload the former worker asks no Patroni any more: its connections must not stay for long.
        "    hard-stop-after 30s",
        "    log stdout format raw local0 notice",
        "",
        "defaults",
        "    mode tcp",
        "    log global",
        "    retries 2",
        "    option clitcpka",
        "    option srvtcpka",
        "    timeout connect 3s",
        "    timeout check 3s",
        // Connections of a pool, and the one that listens, are silent for long.
        "    timeout client 24h",
        "    timeout server 24h",
        part("primary", ports.primary, "/primary", "1s"),
        part("standbys", ports.standbys, "/replica", "3s"),
        "",
        "frontend status",
        `    bind 127.0.0.1:${ports.proxyStatus}`,
        "    mode http",
        "    timeout client 30s",
        "    http-request use-service prometheus-exporter if { path /metrics }",
        "    stats enable",
        "    stats uri /",
    );
}

/** Sessions are pooled, not transactions: BrainBytes prepares statements, listens and holds advisory locks. */
export function pgbouncer(cluster, machine) {
    const place = placesOf(machine);
    return lines(
        "[databases]",
        `* = host=127.0.0.1 port=${ports.primary}`,
        "",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${ports.pool}`,
        `unix_socket_dir = ${place.run}`,
        "auth_type = scram-sha-256",
        `auth_file = ${place.at("userlist.txt")}`,
        "pool_mode = session",
        "default_pool_size = 40",
        "max_client_conn = 1000",
        "server_tls_sslmode = verify-full",
        `server_tls_ca_file = ${place.ca}`,
        // Who waits for a primary that is away is told soon, and comes again.
        "query_wait_timeout = 10",
        "server_connect_timeout = 5",
        "server_login_retry = 1",
        "ignore_startup_parameters = extra_float_digits",
    );
}

export const userlist = (cluster, secrets) => lines(`"${cluster.user}" "${secrets.application}"`);

/** What `brainbytes serve` needs here; to be read as its .env.<stage>, or by EnvironmentFile= of a unit. */
export function environment(cluster, machine, secrets) {
    const place = placesOf(machine);
    const trust = `sslmode=verify-full&sslrootcert=${place.ca}`;
    const login = `${cluster.user}:${secrets.application}`;
    return lines(
        `BRAINBYTES_STAGE=${cluster.stage}`,
        `DATABASE_URL=postgresql://${login}@127.0.0.1:${ports.primary}/${cluster.database}?${trust}`,
        `BRAINBYTES_SECRET=${secrets.server}`,
    );
}
