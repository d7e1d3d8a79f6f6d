// `brainbytes doctor`: one look at everything of an installation; every fault is named with what mends it.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";

import { makeCertificate } from "../support/certificates.mjs";
import { startModel } from "../support/model.mjs";
import { finds, read } from "../support/doctor.mjs";
import { freePort, startServer } from "../support/server.mjs";
import { startMailServer } from "../support/smtp.mjs";

const strong = "q7WJmC0XlE1qGnTzv4Vd9wR2";
const isRoot = process.getuid() === 0;
let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

const look = async (...words) => read(await server.command("doctor", "--json", ...words));

/** Runs a test with this .env beside the server, which is read anew by each look. */
async function withOptions(options, work, mode = 0o600) {
    const file = path.join(server.ownFolder, ".env");
    writeFileSync(file, options.map((line) => `${line}\n`).join(""));
    chmodSync(file, mode);
    // Who reads it is the account of the server, as its start would.
    if (isRoot) execFileSync("chown", ["--reference", server.dataFolder, file]);
    try {
        return await work(file);
    } finally {
        rmSync(file);
    }
}

function psql(sql) {
    const where = `host=${server.dataFolder}/run user=postgres dbname=brainbytes`;
    return execFileSync("psql", [where, "-XAtqc", sql], { encoding: "utf8" }).trim();
}

test("a healthy installation has no fault, and a person reads it", async () => {
    const seen = await look();
    assert.deepEqual(seen.named("fail"), []);
    assert.deepEqual(seen.named("skipped"), []);
    for (const name of [
        ...["options", "configuration", "BRAINBYTES_SECRET", "METRICS_TOKEN", "secret files", "data folder"],
        ...["server", "public name", "certificate file", "certificate served", "headers"],
        ...[
            "kernel",
            "reading files",
            "memory",
            "file limit",
            "database",
            "database version",
            "schema",
            "log",
        ],
        ...["jit", "data checksums", "indexes", "dead rows", "locks", "transactions", "cache", "connections"],
        ...[
            "transaction numbers",
            "WAL slots",
            "mail queue",
            "jobs",
            "sealing key",
            "backup key",
            "mail server",
        ],
        ...["model", "GitHub"],
    ])
        assert.equal(seen.of(name)[0]?.result, "ok", name);
    for (const name of ["clock", "newest backup", "last drill"]) assert.ok(seen.of(name)[0], name);
    assert.match(seen.of("options")[0].found, new RegExp(`running server, process ${server.pid},`));
    const { code, stdout, stderr } = await server.command("doctor");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^ok +options +those of the running server/);
    assert.match(stdout, /^warn +newest backup .*\n +fix: .*brainbytes backup create$/m);
    assert.match(stdout, /\n\d+ ok, \d+ warn, 0 fail, 0 skipped in \d\.\d s\n$/);
});

test("wrong options, open files and weak secrets are named with file and line", async () => {
    const lines = ["METRICS_TOKEN=changeme", "BRAINBYTES_THREADS=many", "BRAINBYTES_LISTN=x"];
    await withOptions(
        lines,
        async (file) => {
            const seen = await look();
            finds(seen, "fail", "configuration", /BRAINBYTES_THREADS from \.env, line 2/, /config check/);
            finds(seen, "warn", "configuration", /BRAINBYTES_LISTN \(from \.env, line 3\)/, /config example/);
            finds(seen, "fail", "METRICS_TOKEN", /example.*from \.env/, /openssl rand/);
            finds(
                seen,
                "fail",
                "secret files",
                /\.env may be read by every account.*METRICS_TOKEN/,
                /chmod 600/,
            );
            assert.ok(seen.of("secret files")[0].fix.endsWith(`chmod 600 ${file}`));
        },
        0o644,
    );
    await withOptions([`METRICS_TOKEN=${strong}`, "BRAINBYTES_SECRET=short"], async () => {
        const seen = await look();
        assert.equal(seen.of("METRICS_TOKEN")[0].result, "ok");
        finds(seen, "fail", "BRAINBYTES_SECRET", /5 characters/, /BRAINBYTES_SECRET_BEFORE.*secret rotate/);
    });
    const secret = path.join(server.dataFolder, "secret");
    chmodSync(secret, 0o644);
    chmodSync(server.dataFolder, 0o755);
    finds(await look(), "fail", "secret files", /data\/secret may be read by every account/, /chmod 600/);
    finds(await look(), "fail", "data folder", /open to other accounts \(mode 0755\)/, /chmod 700/);
    chmodSync(secret, 0o600);
    chmodSync(server.dataFolder, 0o700);
});

test("a certificate that ends is named before browsers do it", async () => {
    const folder = server.ownFolder;
    const make = (name, days, host) => {
        const made = makeCertificate(folder, name, `DNS:${host}`);
        const again = ["-x509", "-key", made.key, "-days", String(days), "-subj", `/CN=${name}`];
        const names = ["-addext", `subjectAltName=DNS:${host}`, "-out", made.certificate];
        execFileSync("openssl", ["req", ...again, ...names], { stdio: "ignore" });
        return made;
    };
    const use = ({ certificate, key }) => [
        `BRAINBYTES_TLS_CERT=${certificate}`,
        `BRAINBYTES_TLS_KEY=${key}`,
        "BRAINBYTES_URL=https://localhost",
        `SSL_CERT_FILE=${certificate}`,
    ];
    const short = make("short", 2, "localhost");
    await withOptions(use(short), async () =>
        finds(await look(), "fail", "certificate file", /^[12] days left, for localhost/, /certbot renew/),
    );
    const month = make("month", 20, "localhost");
    await withOptions(use(month), async () =>
        finds(await look(), "warn", "certificate file", /^(19|20) days left/, /certbot renew/),
    );
    await withOptions(use({ certificate: month.certificate, key: short.key }), async () =>
        finds(await look(), "fail", "certificate key", /is not the key of/, /BRAINBYTES_TLS_KEY/),
    );
    await withOptions(use(make("other", 90, "other.example")), async () =>
        finds(
            await look(),
            "fail",
            "certificate file",
            /for other\.example, and not for localhost/,
            /Get one/,
        ),
    );
    const { certificate, key } = make("good", 90, "localhost");
    const secure = await startServer({
        ready: false,
        env: { BRAINBYTES_TLS_CERT: certificate, BRAINBYTES_TLS_KEY: key, SSL_CERT_FILE: certificate },
    });
    try {
        for (const deadline = Date.now() + 60_000; ;) {
            const seen = read(await secure.command("doctor", "--json"));
            if (seen.of("server")[0].result !== "ok" && Date.now() < deadline) continue;
            for (const name of ["server", "certificate file", "certificate served", "headers"])
                assert.equal(seen.of(name)[0].result, "ok", JSON.stringify(seen.of(name)));
            assert.match(seen.of("certificate served")[0].found, /^\d+ days left, for localhost, trusted/);
            break;
        }
    } finally {
        await secure.stop();
    }
});

test("passages that wait for an embedding model are told, and that it fails", async () => {
    psql(`INSERT INTO users (id, email, name, role) VALUES (gen_random_uuid(), 'v@x.example', 'v', 'student');
          INSERT INTO corpora (owner_id, passages) SELECT id, 3 FROM users WHERE email = 'v@x.example'`);
    const vectors = async () => (await look()).of("vectors")[0];
    await withOptions(["OPENAI_EMBEDDING_MODEL=m"], async () => {
        const waiting = await vectors();
        assert.equal(waiting.result, "ok");
        assert.match(waiting.found, /passages of 1 people wait, up to 3$/);
        psql("INSERT INTO vector_corpora (owner_id, attempts) SELECT owner_id, 5 FROM corpora");
        const failing = await vectors();
        assert.equal(failing.result, "warn");
        assert.match(failing.found, /because the embedding model fails/);
        psql("UPDATE vector_corpora v SET model = 'm', changes = c.changes FROM corpora c");
        assert.equal((await vectors()).found, "no passages wait");
    });
    psql("DELETE FROM users WHERE email = 'v@x.example'");
});

test("mail server and model are asked as the server would, and their silence ends in time", async () => {
    const closed = await freePort();
    const refusing = createServer((_, response) => response.writeHead(401).end("{}"));
    await new Promise((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    const silent = net.createServer(() => {});
    await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const model = await startModel();
    const mail = await startMailServer();
    const at = (port) => `http://127.0.0.1:${port}/v1`;
    try {
        const bad = [`SMTP_URL=smtp://127.0.0.1:${closed}`, `OPENAI_BASE_URL=${at(refusing.address().port)}`];
        await withOptions([...bad, "OPENAI_API_KEY=sk-old"], async () => {
            const seen = await look();
            finds(seen, "fail", "mail server", /127\.0\.0\.1: .*(refused|connect)/i, /set SMTP_URL again/);
            finds(seen, "fail", "model", /refuses the key \(status 401\)/, /secret set OPENAI_API_KEY/);
        });
        const port = silent.address().port;
        const hanging = [`SMTP_URL=smtp://127.0.0.1:${port}`, `OPENAI_BASE_URL=${at(port)}`];
        const github = [
            "GITHUB_CLIENT_ID=a",
            `GITHUB_CLIENT_SECRET=${strong}`,
            `GITHUB_URL=http://127.0.0.1:${port}`,
        ];
        await withOptions([...hanging, ...github], async () => {
            const seen = await look();
            for (const name of ["mail server", "model", "GitHub"]) finds(seen, "fail", name, /./, /./);
        });
        const good = [`SMTP_URL=${mail.url}`, `OPENAI_BASE_URL=${model.url}`];
        await withOptions([...good, "OPENAI_MODEL=test-model"], async () => {
            const seen = await look();
            for (const name of ["mail server", "model"]) assert.equal(seen.of(name)[0].result, "ok", name);
            assert.deepEqual(seen.of("vectors"), []);
        });
        await withOptions([...good, "OPENAI_MODEL=other"], async () =>
            finds(await look(), "warn", "model", /does not list other/, /OPENAI_MODEL/),
        );
        assert.deepEqual(mail.letters, []);
    } finally {
        refusing.close();
        silent.close();
        await Promise.all([model.close(), mail.close()]);
    }
});

test("faults of the database are named with the statement that mends them", async () => {
    psql("INSERT INTO schema_migrations VALUES (9999, 'later', 'x', now(), 'contract')");
    finds(await look(), "fail", "schema", /number 9999, too new/, /newer program/);
    psql("DELETE FROM schema_migrations WHERE number = 9999");
    psql(
        "INSERT INTO mail_queue (address, kind, language, next_try_at) VALUES ('a@example.org', 'weekly', 'en', now() + interval '1 day')",
    );
    psql("UPDATE mail_queue SET attempts = 3");
    finds(await look(), "warn", "mail queue", /1 letters were put off/, /journalctl/);
    psql("DELETE FROM mail_queue");
    psql(
        "INSERT INTO users (id, email, name, role) VALUES (gen_random_uuid(), 'job@example.org', 'J', 'student')",
    );
    psql(
        "INSERT INTO jobs (id, kind, owner_id, subject_id, state) SELECT gen_random_uuid(), 'read_file', id, id, 'parked' FROM users LIMIT 1",
    );
    finds(await look(), "warn", "jobs", /1 files were given up/, /brainbytes logs filter/);
    psql("DELETE FROM users WHERE email = 'job@example.org'");
    psql("UPDATE secret_keys SET created_at = now() - interval '400 days'");
    finds(await look(), "warn", "sealing key", /400 days old/, /brainbytes secret rotate/);
    psql("UPDATE secret_keys SET created_at = now()");
    const where = `host=${server.dataFolder}/run user=brainbytes dbname=brainbytes`;
    const holder = spawn("psql", [where, "-Xq"], { stdio: ["pipe", "pipe", "inherit"] });
    holder.stdin.write(
        "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE drills; SELECT pg_sleep(1.5);\n\\echo held\n",
    );
    await once(holder.stdout, "data");
    const waiting = spawn("psql", [where, "-Xqc", "SELECT count(*) FROM drills"], { stdio: "ignore" });
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;)
        if (psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") !== "0") break;
    const seen = await look("--transaction-seconds", "1");
    finds(seen, "warn", "transactions", /^one of psql is open for \d+ s/, /pg_terminate_backend\(\d+\)/);
    finds(seen, "warn", "locks", /[12] wait for a lock/, /pg_terminate_backend\(\d+\)/);
    holder.stdin.end("ROLLBACK;\n");
    await Promise.all([once(holder, "exit"), once(waiting, "exit")]);
});

test("backups and drills that are too old", async () => {
    assert.equal((await server.command("backup", "create")).code, 0);
    assert.equal((await look()).of("newest backup")[0].result, "ok");
    const age = (hours) => psql(`UPDATE backup_runs SET started_at = now() - interval '${hours} hours'`);
    age(40);
    finds(
        await look(),
        "warn",
        "newest backup",
        /^40 h old; one is due every 24 h/,
        /brainbytes backup create/,
    );
    age(60);
    finds(await look(), "fail", "newest backup", /^60 h old/, /brainbytes backup create/);
    psql(
        "INSERT INTO backup_runs (id, started_at, reason, fault) VALUES (gen_random_uuid(), now(), 'x', 'The disk is full.')",
    );
    finds(await look(), "fail", "last backup run", /The disk is full/, /brainbytes backup create/);
    const drill = (days, good) =>
        psql(
            `INSERT INTO drills VALUES (gen_random_uuid(), 'lost-host', 'x', now() - interval '${days} days', 60, 1, ${good}, '[]')`,
        );
    drill(40, true);
    finds(await look(), "warn", "last drill", /^40 days ago, lost-host, recovered in 60 s$/, /drill run/);
    drill(1, false);
    finds(await look(), "fail", "last drill", /and it failed/, /drill history/);
    psql("DELETE FROM drills");
    const key = path.join(server.dataFolder, "backup.key");
    chmodSync(key, 0o644);
    finds(await look(), "fail", "backup key", /opens every backup \(mode 0644\)/, /chmod 600/);
    chmodSync(key, 0o600);
});
