// A database on another machine is spoken to over TLS, with its certificate and its name checked.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";

import { asOwner, startDatabase } from "../support/database.mjs";
import { freePort, startServer } from "../support/server.mjs";

let database, port, certificate;
before(async () => {
    port = await freePort();
    database = await startDatabase(async (folder) => {
        certificate = path.join(folder, "server.crt");
        const key = path.join(folder, "server.key");
        const name = ["-subj", "/CN=db.test", "-addext", "subjectAltName=DNS:db.test"];
        const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
        await asOwner("openssl", ["req", "-x509", ...kind, ...name, "-keyout", key, "-out", certificate]);
        const files = `-c ssl_cert_file=${certificate} -c ssl_key_file=${key}`;
        return `-c ssl=on ${files} -c listen_addresses=127.0.0.1`;
    }, port);
});
after(() => database?.stop());

// The address goes with the name, as a name server would say it.
const url = (name, rest = "") => `postgresql://tester@${name}:${port}/brainbytes?hostaddr=127.0.0.1${rest}`;

test("a certificate that fits is enough, and the connections are encrypted", async () => {
    const server = await startServer({
        env: { DATABASE_URL: url("db.test", `&sslrootcert=${certificate}`) },
    });
    try {
        assert.equal((await server.request("/readyz")).status, 200);
        const plain = `SELECT count(*) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)
            WHERE a.application_name LIKE 'brainbytes%' AND NOT s.ssl`;
        const all = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'brainbytes%'";
        assert.equal((await database.query(plain)).trim(), "0");
        assert.ok(Number(await database.query(all)) > 0);
        assert.doesNotMatch(server.log, /sslmode/);
    } finally {
        await server.stop();
    }
});

for (const [what, address, words] of [
    [
        "a name that is not the certificate's",
        () => url("other.test", `&sslrootcert=${certificate}`),
        /other\.test/,
    ],
    ["a certificate that nobody vouches for", () => url("db.test"), /certificate verify failed/],
])
    test(`${what} is refused, and said`, async () => {
        const server = await startServer({ ready: false, env: { DATABASE_URL: address() } });
        const deadline = Date.now() + 20_000;
        while (!words.test(server.log) && Date.now() < deadline)
            await new Promise((go) => setTimeout(go, 50));
        assert.match(server.log, words);
        await server.stop();
    });

test("who asks for less is told", async () => {
    const server = await startServer({ env: { DATABASE_URL: url("db.test", "&sslmode=require") } });
    try {
        assert.match(server.log, /sslmode=require does not check who answers/);
    } finally {
        await server.stop();
    }
});
