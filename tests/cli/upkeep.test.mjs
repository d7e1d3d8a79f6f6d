// `brainbytes maintenance due|run`: each task looks at its evidence, and compares with the last time.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

let database, server;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

const lines = (text) =>
    text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
async function run(...words) {
    const done = await server.command("maintenance", "run", ...words, "--json");
    assert.ok(done.stdout, done.stderr);
    const found = lines(done.stdout);
    assert.equal(done.code, found.every(({ result }) => result === "good") ? 0 : 1, done.stderr);
    return Object.fromEntries(found.map((one) => [one.task, one]));
}
const task = async (name) => (await run("--task", name))[name];

/** Hours of a metric's history, `ago` days back. */
async function hours(
    name,
    labels,
    value,
    ago,
    { counts = "NULL", bounds = "{}", kind = "counter", every = 1 } = {},
) {
    await database.query(
        `INSERT INTO metric_series (name, labels, kind, bounds) VALUES ('${name}', '${labels}', '${kind}', '${bounds}') ON CONFLICT DO NOTHING;` +
            `INSERT INTO metric_hours (slot, series, at, node, value, low, high, counts) SELECT 0, s.id, date_trunc('hour', now()) - interval '${ago} days' + n * interval '1 hour', 'one', ${value}, 0, 1, ${counts} ` +
            `FROM metric_series s, generate_series(0, ${24 * every - 1}) n WHERE s.name = '${name}' AND s.labels = '${labels}' ON CONFLICT DO NOTHING`,
    );
}

test("what has no evidence is missing, which is no success", async () => {
    const weekly = await run("weekly");
    assert.deepEqual(Object.keys(weekly), ["performance", "errors", "backups", "updates", "cost"]);
    assert.equal(weekly.backups.result, "missing");
    assert.match(weekly.backups.words, /backup create/);
    const quarterly = await run("quarterly");
    for (const name of ["architecture", "penetration", "continuity"])
        assert.equal(quarterly[name].result, "missing", quarterly[name].words);
    assert.match(
        quarterly.stack.words,
        /Debian 12 is looked after until 2028-06-30; PostgreSQL 15 .* 2027-11-11/,
    );
});

test("a week is compared with the one before, figure by figure", async () => {
    const labels = '{"route": "/api/threads", "status": "200"}';
    await hours("brainbytes_http_requests_total", labels, 100, 6);
    await hours("brainbytes_http_requests_total", labels, 50, 13);
    const timed = { kind: "histogram", bounds: "{0.1,1}", counts: "'{100,0,0}'" };
    await hours("brainbytes_http_request_duration_seconds", '{"route": "/api/threads"}', 5, 6, timed);
    const first = await task("performance");
    assert.match(first.words, /^\d+ requests \(\d+ in the week before\), 0\.000 % failed, p95 95 ms/);
    assert.ok(first.figures.requests >= 2400);
    assert.equal(first.result, "good");
    await hours("brainbytes_http_requests_total", '{"route": "/api/threads", "status": "500"}', 5, 3);
    const second = await task("performance");
    assert.equal(second.result, "attention");
    assert.match(second.sinceLast, /failedShare 0 -> 0\.0\d+, requests \d+ -> \d+/);
    const errors = await task("errors");
    assert.deepEqual([errors.result, errors.figures.failed], ["attention", 120]);
    assert.match(errors.words, /\/api\/threads 500: 120/);
    const slow = await task("slow");
    assert.deepEqual([slow.result, slow.figures["/api/threads"]], ["good", 0.095]);
});

test("a disk that fills has a day on which it is full", async () => {
    const disk = { kind: "gauge", every: 10 };
    await hours("brainbytes_disk_free_share", '{"place": "data"}', "0.5 - n * 0.001", 10, disk);
    const { result, words, figures } = await task("capacity");
    assert.equal(result, "attention");
    assert.match(words, /data: 26 % free, full about 20\d\d-\d\d-\d\d/);
    assert.ok(figures.dataDaysLeft > 10 && figures.dataDaysLeft < 12, String(figures.dataDaysLeft));
});

test("drills count for recovery and for continuity, bad ones against them", async () => {
    const drill = (good, rto) =>
        database.query(
            `INSERT INTO drills VALUES ('${randomUUID()}', 'lost-host', 'b1', now(), ${rto}, 60, ${good}, '[]')`,
        );
    await drill(true, 30);
    assert.deepEqual((await task("drill")).figures, { rpoSeconds: 60, rtoSeconds: 30 });
    assert.equal((await task("continuity")).result, "good");
    await drill(false, 4000);
    assert.equal((await task("drill")).result, "attention");
    assert.equal((await task("continuity")).result, "attention");
    await drill(false, "'NaN'");
    const last = await task("drill");
    assert.match(last.words, /: never back/);
    assert.equal(last.figures.rtoSeconds, undefined);
});

test("in a clone the documents and the record of a scan are looked at", async () => {
    const folder = path.dirname(server.dataFolder);
    mkdirSync(path.join(folder, "docs"), { recursive: true });
    writeFileSync(
        path.join(folder, "docs/one.md"),
        "`brainbytes doctor`, `brainbytes nothing now`, [x](gone.md), [y](one.md#x)\n",
    );
    const { result, words, figures } = await task("documentation");
    assert.deepEqual([result, figures], ["attention", { faults: 2, files: 1 }]);
    assert.match(words, /one\.md links to gone\.md; one\.md names "brainbytes nothing"/);
    mkdirSync(path.join(folder, "build/evidence"), { recursive: true });
    const record = { at: new Date().toISOString().replace("Z", "000Z"), result: "passed", detail: "all" };
    writeFileSync(path.join(folder, "build/evidence/security.json"), JSON.stringify(record));
    assert.equal((await task("penetration")).result, "good");
});

test("what was done is not due; what was not is overdue after its time", async () => {
    const due = async () => {
        const { stdout } = await server.command("maintenance", "due", "--json");
        return Object.fromEntries(lines(stdout).map((one) => [one.task, one]));
    };
    assert.equal(Object.keys(await due()).length, 15);
    assert.equal((await due()).performance.overdue, false);
    await database.query(
        "UPDATE maintenance_runs SET at = at - interval '9 days' WHERE task = 'performance'",
    );
    const late = await server.command("maintenance", "due");
    assert.equal(late.code, 1);
    assert.match(late.stdout, /^overdue\tweekly\tperformance\tReview performance metrics\tlast /m);
    assert.match((await server.command("maintenance", "run", "--task", "nothing")).stderr, /maintenance due/);
});
