// `brainbytes db ...` on the private database: beside a running server, without one, and after accidents.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { create } from "../support/archives.mjs";
import { history, textOf } from "../support/chat.mjs";
import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

/** Runs a command on a data folder of its own: {code, stdout, stderr}. */
function runner(folder) {
    const env = programEnvironment({ BRAINBYTES_DATA: path.join(folder, "data") });
    return (...args) =>
        new Promise((resolve) => {
            execFile(program, args, { cwd: folder, env, timeout: 120_000 }, (fault, stdout, stderr) =>
                resolve({ code: fault ? fault.code : 0, stdout, stderr }),
            );
        });
}

describe("without a server", () => {
    const folder = temporaryFolder("bb-db");
    const run = runner(folder);
    const json = async (...args) => JSON.parse((await run(...args, "--json")).stdout);
    after(() => rmSync(folder, { recursive: true, force: true }));

    test("status starts the private database, looks, and stops it again", async () => {
        const { code, stdout } = await run("db", "status", "--json");
        assert.equal(code, 0);
        const { migrations, schema } = JSON.parse(stdout);
        assert.equal(schema, 0);
        assert.ok(migrations.length >= 3);
        for (const one of migrations) assert.equal(one.state, "pending");
        assert.equal(existsSync(path.join(folder, "data/postgres/postmaster.pid")), false);
        assert.equal(statSync(path.join(folder, "data")).mode & 0o777, 0o700);
    });

    test("migrate --dry-run changes nothing, migrate applies all, once", async () => {
        const wanted = await json("db", "migrate", "--dry-run");
        assert.equal(wanted.schema, 0);
        const made = await json("db", "migrate");
        assert.deepEqual(made.applied, wanted.pending);
        assert.equal(made.schema, made.applied.at(-1).number);
        assert.deepEqual((await json("db", "migrate")).applied, []);
    });

    test("verify finds nothing on what migrate made", async () => {
        const { code, stdout } = await run("db", "verify", "--json");
        const { matches, differences, checks } = JSON.parse(stdout);
        assert.deepEqual([code, matches, differences], [0, true, []]);
        for (const one of checks) assert.equal(one.state, "ok", `${one.name}: ${one.detail}`);
        assert.ok(checks.some((one) => one.name === "btrees"));
    });

    test("seed makes the school once", async () => {
        const first = await run("db", "seed", "--json");
        assert.equal(first.code, 0, first.stderr);
        const again = await run("db", "seed", "--json");
        assert.equal(again.stdout, first.stdout);
        const people = JSON.parse((await run("user", "list", "--json")).stdout).users;
        assert.deepEqual(people.map((one) => one.role).sort(), ["administrator", "student"]);
    });

    test("the student of the school has three chats with answers that cite the materials", async (t) => {
        const server = await startServer({ dataFolder: path.join(folder, "data") });
        t.after(() => server.stop());
        const student = await server.as(JSON.parse((await run("db", "seed", "--json")).stdout).student.email);
        const { threads } = (await student.request("/api/threads")).json;
        assert.equal(threads.length, 3);
        const materials = (await student.request("/api/materials")).json.materials;
        const cited = [];
        for (const { id } of threads) {
            const [question, answer] = await history(student, id);
            assert.ok(textOf(question).length > 0);
            assert.match(textOf(answer), /^> .*\S.* \[1\]$/m, textOf(question));
            const source = answer.parts.find((part) => part.type === "source-document");
            const place = source.providerMetadata.brainbytes;
            cited.push(materials.find((one) => one.id === place.materialId)?.title);
        }
        assert.ok(cited.every(Boolean), "of a material that is there");
        assert.ok(cited.includes("Araling Panlipunan: ang Pilipinas"), cited.join(", "));
    });

    test("seed asks before it makes a known administrator in production", async () => {
        const refused = await run("db", "seed", "--stage", "production");
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /--yes/);
        assert.equal((await run("db", "seed", "--stage", "production", "--yes")).code, 0);
    });

    test("rollback says what is lost and asks; off a terminal it needs --yes", async () => {
        const refused = await run("db", "rollback", "--to", "0");
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /table users \(2 rows\)/);
        assert.match(refused.stderr, /Nothing was changed/);
        const looked = await json("db", "rollback", "--to", "0", "--dry-run");
        assert.ok(looked.rolledBack.at(-1).drops.includes("table users (2 rows)"));
        assert.ok(looked.schema > 0);
        const gone = await json("db", "rollback", "--to", "0", "--yes");
        assert.equal(gone.schema, 0);
        assert.equal((await run("db", "rollback", "--yes")).code, 1);
        assert.ok((await json("db", "migrate")).schema > 0);
        assert.equal((await run("db", "verify")).code, 0);
    });

    test("a database of another major version is refused and left alone", async () => {
        const file = path.join(folder, "data/postgres/PG_VERSION");
        writeFileSync(file, "9\n");
        const { code, stderr } = await run("db", "status");
        writeFileSync(file, "15\n");
        assert.equal(code, 1);
        assert.match(stderr, /made by PostgreSQL 9.*Install that version/s);
    });
});

describe("with a server", () => {
    let server;
    before(async () => {
        server = await startServer();
    });
    after(() => server.stop());
    const postmaster = () => server.databasePids()[0];

    test("commands use the running database and leave it running", async () => {
        const pid = postmaster();
        const { code, stdout } = await server.command("db", "verify", "--json");
        assert.equal(code, 0, stdout);
        assert.equal(postmaster(), pid);
        assert.equal((await server.request("/readyz")).status, 200);
    });

    test("a second server on the same data is refused with the number of the first", async () => {
        const { code, stderr } = await server.command("serve");
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`already running on .*, process ${server.pid}`));
    });

    test("rollback is refused while the server runs", async () => {
        const { code, stderr } = await server.command("db", "rollback", "--yes");
        assert.equal(code, 1);
        assert.match(stderr, /Stop it first/);
    });

    test("neither server nor database runs as root", () => {
        for (const pid of [server.pid, postmaster()]) {
            assert.notEqual(statSync(`/proc/${pid}`).uid, 0);
        }
    });

    test("after kill -9 of the server alone the next one takes the database over", async () => {
        const pid = postmaster();
        await server.kill();
        assert.equal(postmaster(), pid);
        await server.start();
        assert.equal(postmaster(), pid);
    });

    test("after kill -9 of server and database the next start recovers", async () => {
        await server.as("kept@example.org");
        const pid = postmaster();
        await server.killAll();
        await server.start();
        assert.notEqual(postmaster(), pid);
        const people = JSON.parse((await server.command("user", "list", "--json")).stdout).users;
        assert.ok(people.some((one) => one.email === "kept@example.org"));
    });

    test("a database that is killed under the server is started again", async () => {
        const pid = postmaster();
        process.kill(pid, "SIGKILL");
        const deadline = Date.now() + 30_000;
        for (;;) {
            const { status } = await server.request("/readyz").catch(() => ({ status: 0 }));
            if (status === 200 && postmaster() !== undefined && postmaster() !== pid) break;
            assert.ok(Date.now() < deadline, server.tail());
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    });

    test("stopping the server stops the database", async () => {
        await server.stop({ keep: true });
        assert.deepEqual(server.databasePids(), []);
        await server.start();
    });

    test("verify --deep names the table whose long values are damaged", async () => {
        const ana = await server.as("ana@damage.example");
        const material = await create(ana, "/api/materials", { title: "Long" });
        const content = randomBytes(6_000).toString("hex");
        await create(ana, `/api/materials/${material}/entries`, { title: "Long", content });
        const run = path.join(server.dataFolder, "run");
        const sql =
            "SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE oid = 'entries'::regclass";
        const words = ["-h", run, "-U", "brainbytes", "-d", "brainbytes", "-XAtqc", sql];
        const file = path.join(server.dataFolder, "postgres", execFileSync("psql", words).toString().trim());
        await server.stop({ keep: true });
        const bytes = readFileSync(file);
        bytes[4_000] ^= 4;
        writeFileSync(file, bytes);
        const quick = await server.command("db", "verify", "--json");
        assert.equal(quick.code, 0, quick.stdout);
        const deep = await server.command("db", "verify", "--deep", "--json");
        assert.equal(deep.code, 1, deep.stdout);
        const detail = (name) => JSON.parse(deep.stdout).checks.find((one) => one.name === name).detail;
        assert.match(detail("tables"), /^Damaged, .*: entries \(invalid page in block 0 /);
        assert.match(detail("checksums"), /^[1-9]\d* pages were damaged when they were read/);
    });
});

describe("with a database from outside", () => {
    let host;
    const psql = (database, sql) =>
        new Promise((resolve, reject) => {
            const args = [
                "-X",
                "-q",
                "-h",
                path.join(host.dataFolder, "run"),
                "-U",
                "brainbytes",
                "-c",
                sql,
                database,
            ];
            execFile("psql", args, (fault, stdout, stderr) =>
                fault ? reject(new Error(stderr)) : resolve(stdout),
            );
        });
    const url = (database) =>
        `postgresql://brainbytes@/${database}?host=${path.join(host.dataFolder, "run")}`;
    const refusal = async (database) => {
        const guest = startServer({ env: { DATABASE_URL: url(database) } });
        const fault = await guest.then(
            (server) => server.stop().then(() => undefined),
            (failed) => failed,
        );
        assert.ok(fault, "the server must not start");
        return fault.message;
    };

    before(async () => {
        host = await startServer();
        for (const name of ["fresh", "taken", "newer"]) await psql("brainbytes", `CREATE DATABASE ${name}`);
    });
    after(() => host.stop());

    test("an empty one is migrated at the start", async () => {
        const server = await startServer({ env: { DATABASE_URL: url("fresh") } });
        assert.equal((await server.command("db", "verify")).code, 0);
        assert.deepEqual(server.databasePids(), []);
        await server.stop();
    });

    test("one with tables of others is not touched until asked", async () => {
        await psql("taken", "CREATE TABLE theirs (id integer)");
        assert.match(
            await refusal("taken"),
            /has schema 0, and this program runs on .*brainbytes db migrate/,
        );
    });

    test("one with a newer schema is refused", async () => {
        await psql(
            "newer",
            "CREATE TABLE schema_migrations (number integer PRIMARY KEY, name text, checksum text, applied_at timestamptz DEFAULT now()); INSERT INTO schema_migrations VALUES (999, 'future', 'x')",
        );
        assert.match(await refusal("newer"), /migration 999 \(future\), which this program does not know/);
    });
});
