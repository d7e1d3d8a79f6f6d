// Where everything stands on a machine, and which port is what.

export const ports = {
    postgres: 5432,
    patroni: 8008,
    etcd: 2379,
    etcdPeers: 2380,
    primary: 5000, // HAProxy on 127.0.0.1: the host that writes
    standbys: 5001, // the hosts that only read
    pool: 6432, // PgBouncer on 127.0.0.1: the host that writes, for programs that come and go
    proxyStatus: 8404, // HAProxy on 127.0.0.1: who is up, and metrics
};

export const programs = "/usr/lib/postgresql/15/bin";

/** The folders and files of `machine`. */
export function placesOf(machine) {
    const settings = `${machine.prefix}/etc/brainbytes-ha`;
    const data = `${machine.prefix}/var/lib/brainbytes-ha`;
    return {
        settings,
        units: `${machine.prefix}/etc/systemd/system`,
        data,
        run: `${data}/run`,
        postgres: `${data}/postgres`,
        etcd: `${data}/etcd`,
        ca: `${settings}/ca.crt`,
        at: (file) => `${settings}/${file}`,
    };
}
