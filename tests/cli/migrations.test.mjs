// The rules for migrations, the phases, and what `db verify` and `db rollback` say about a database from outside.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, test } from "node:test";

import { program, programEnvironment, startServer } from "../support/server.mjs";

describe("db lint", () => {
    const lint = (...args) =>
        new Promise((resolve) => {
            const env = programEnvironment({ BRAINBYTES_DATA: "/nonexistent/data" });
            execFile(program, ["db", "lint", ...args], { env }, (fault, stdout, stderr) =>
                resolve({ code: fault ? fault.code : 0, stdout, stderr }),
            );
        });

    test("finds nothing and needs neither data nor database", async () => {
        const { code, stdout } = await lint("--json");
        assert.equal(code, 0, stdout);
        const report = JSON.parse(stdout);
        assert.equal(report.clean, true);
        assert.deepEqual(report.findings, []);
        assert.ok(report.baseline.length > 0);
        for (const one of report.baseline) {
            assert.ok(one.number < report.firstLinted);
            assert.match(one.file, /^\d{4}_\w+\.up\.sql$/);
            assert.ok(one.line > 0 && one.rule && one.detail);
        }
    });

    test("says the same in words", async () => {
        const { code, stdout, stderr } = await lint();
        assert.equal(code, 0);
        assert.match(stdout, /^0007_people\.up\.sql:\d+: whole-table-write: baseline/m);
        assert.match(stderr, /keep the rules/);
    });
});

describe("with a database from outside", () => {
    let host;
    let guest;
    const psql = (sql) =>
        new Promise((resolve, reject) => {
            const folder = path.join(host.dataFolder, "run");
            const args = ["-X", "-q", "-A", "-t", "-h", folder, "-U", "brainbytes", "-c", sql, "outside"];
            execFile("psql", args, (fault, stdout, stderr) =>
                fault ? reject(new Error(stderr)) : resolve(stdout.trim()),
            );
        });
    /** A command from another machine: on that database, with a data folder of its own. */
    const elsewhere = (...args) =>
        new Promise((resolve) => {
            const env = programEnvironment({
                ...guest.env,
                BRAINBYTES_DATA: `${guest.dataFolder}-elsewhere`,
            });
            execFile(program, args, { env, cwd: guest.ownFolder, timeout: 60_000 }, (fault, stdout, stderr) =>
                resolve({ code: fault ? fault.code : 0, stdout, stderr }),
            );
        });
    const verify = async (...args) => {
        const { code, stdout } = await elsewhere("db", "verify", "--json", ...args);
        return { code, ...JSON.parse(stdout) };
    };
    const state = (report, name) => report.checks.find((one) => one.name === name);

    before(async () => {
        host = await startServer();
        await new Promise((resolve, reject) => {
            const folder = path.join(host.dataFolder, "run");
            const args = [
                "-X",
                "-h",
                folder,
                "-U",
                "brainbytes",
                "-c",
                "CREATE DATABASE outside",
                "brainbytes",
            ];
            execFile("psql", args, (fault) => (fault ? reject(fault) : resolve()));
        });
        const folder = path.join(host.dataFolder, "run");
        guest = await startServer({
            env: { DATABASE_URL: `postgresql://brainbytes@/outside?host=${folder}` },
        });
    });
    after(async () => {
        await guest?.stop();
        await host?.stop();
    });

    test("rollback is refused while a server runs anywhere, and names it", async () => {
        const { code, stderr } = await elsewhere("db", "rollback", "--yes");
        assert.equal(code, 1);
        assert.match(
            stderr,
            new RegExp(`Servers are running on this database.*process ${guest.pid} on host`),
        );
        const looked = await elsewhere("db", "rollback", "--dry-run", "--json");
        assert.equal(looked.code, 0, looked.stderr);
        const { servers } = JSON.parse(looked.stdout);
        assert.ok(
            servers.some(({ process, host }) => process === String(guest.pid) && host),
            looked.stdout,
        );
    });

    test("rollback waits for servers as long as it is told, and where nothing is above the number for none", async () => {
        const newest = String(JSON.parse((await elsewhere("db", "status", "--json")).stdout).schema);
        const done = await elsewhere("db", "rollback", "--to", newest, "--yes", "--wait", "30");
        assert.equal(done.code, 0, done.stderr);
        const began = Date.now();
        const late = await elsewhere("db", "rollback", "--yes", "--wait", "1");
        assert.equal(late.code, 1);
        assert.ok(Date.now() - began >= 1000);
        assert.match(late.stderr, /Servers are running on this database/);
    });

    test("verify says what it looked at and what it could not", async () => {
        const report = await verify();
        assert.equal(report.code, 0, JSON.stringify(report));
        assert.equal(report.matches, true);
        assert.match(state(report, "foreign-keys").detail, /at most 10000 rows/);
        assert.equal(state(report, "btrees").state, "skipped");
        assert.match(state(report, "btrees").detail, /permission denied/);
        assert.equal(state(report, "checksums").state, "ok");
        assert.match(state(await verify("--deep"), "foreign-keys").detail, /all rows/);
    });

    test("verify fails on a constraint that was never validated", async () => {
        await psql("ALTER TABLE sessions ADD CONSTRAINT made_up CHECK (device <> 'x') NOT VALID");
        const report = await verify();
        assert.equal(report.code, 1);
        assert.equal(report.matches, false);
        assert.equal(state(report, "constraints").state, "failed");
        assert.match(state(report, "constraints").detail, /made_up on sessions/);
        await psql("ALTER TABLE sessions DROP CONSTRAINT made_up");
    });

    test("verify fails on a sequence that fell behind, though the schema is right", async () => {
        await psql(`
            INSERT INTO users (id, email, name, role) VALUES (gen_random_uuid(), 'a@example.org', 'A', 'student');
            INSERT INTO vocabulary (id, owner_id, term, passages) OVERRIDING SYSTEM VALUE
            SELECT 500, id, 'word', 1 FROM users WHERE email = 'a@example.org'`);
        const report = await verify();
        assert.deepEqual([report.code, report.matches], [1, true]);
        assert.match(state(report, "sequences").detail, /vocabulary\.id at 500/);
        await psql("DELETE FROM vocabulary");
    });

    test("migrate has nothing to do in any phase", async () => {
        for (const phase of ["expand", "contract", "all"]) {
            const { code, stdout } = await elsewhere("db", "migrate", "--phase", phase, "--json");
            const { applied, waiting } = JSON.parse(stdout);
            assert.deepEqual([code, applied, waiting], [0, [], []]);
        }
        assert.equal((await elsewhere("db", "migrate", "--phase", "later")).code, 2);
    });

    test("rollback goes on once the server has stopped", async () => {
        const waiting = elsewhere("db", "rollback", "--yes", "--json", "--wait", "60");
        await pause(300);
        await guest.stop({ keep: true });
        const { code, stdout, stderr } = await waiting;
        assert.equal(code, 0, stderr);
        assert.equal(JSON.parse(stdout).rolledBack.length, 1);
    });
});
