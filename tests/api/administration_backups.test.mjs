// What administrators are shown of backups and drills.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

let database, server, admin;
before(async () => {
    database = await startDatabase();
    const env = { DATABASE_URL: database.url, BACKUP_EVERY_HOURS: "6", DRILL_EVERY_DAYS: "7" };
    server = await startServer({ env });
    admin = await server.admin();
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

const show = async () => {
    const answer = await admin.request("/api/admin/backups");
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    return answer.json;
};
const hours = (n) => n * 3600;
const backup = (ago, id, fault) =>
    database.query(
        `INSERT INTO backup_runs VALUES ('${randomUUID()}', now() - interval '${ago}', 'schedule', ` +
            `${id ? `'${id}', 2048, 1.5, NULL` : `NULL, 0, 0.5, '${fault}'`})`,
    );
const drill = (ago, good) =>
    database.query(
        `INSERT INTO drills VALUES ('${randomUUID()}', 'lost-host', 'b1', now() - interval '${ago}', 5.5, 60, ` +
            `${good}, '[{"name":"rows","good":${good},"detail":"14 tables"}]')`,
    );

test("nothing was made yet: all would be lost, and the next one is due soon", async () => {
    const json = await show();
    assert.deepEqual([json.everyHours, json.rpoSeconds, json.late], [6, null, false]);
    assert.equal(json.logBehindBytes, null);
    assert.equal(json.besideData, true);
    assert.deepEqual([json.backups, json.drills, json.drillLate, json.drillEveryDays], [[], [], true, 7]);
    const wait = Date.parse(json.next) - Date.now();
    assert.ok(wait > 0 && wait < 30 * 60_000, json.next);
    assert.ok(Date.parse(json.nextDrill) > Date.now());
});

test("the newest first, with what would be lost now", async () => {
    await backup("7 hours", "b1");
    await backup("1 hour", null, "The disk is full.");
    const json = await show();
    assert.deepEqual(
        json.backups.map(({ id, fault, bytes, reason }) => [id, fault, bytes, reason]),
        [
            [null, "The disk is full.", 0, "schedule"],
            ["b1", null, 2048, "schedule"],
        ],
    );
    assert.ok(Math.abs(json.rpoSeconds - hours(7)) < 60, json.rpoSeconds);
    assert.equal(json.late, false);
});

test("two missed: late; a good one further back than the list is still the last", async () => {
    await database.query("UPDATE backup_runs SET started_at = started_at - interval '30 days'");
    for (let i = 0; i < 25; i += 1) await backup(`${i + 1} minutes`, null, "Refused.");
    const json = await show();
    assert.equal(json.backups.length, 20);
    assert.ok(json.backups.every(({ fault }) => fault === "Refused."));
    assert.equal(json.late, true);
    assert.ok(json.rpoSeconds > 29 * 24 * 3600);
});

test("drills: in time or a month old", async () => {
    await drill("40 days", true);
    let json = await show();
    assert.equal(json.drillLate, true);
    await drill("2 days", false);
    json = await show();
    assert.equal(json.drillLate, false);
    assert.deepEqual(
        json.drills.map(({ good }) => good),
        [false, true],
    );
    const [{ startedAt, ...rest }] = json.drills;
    assert.ok(Date.now() - Date.parse(startedAt) > 47 * 3_600_000);
    assert.deepEqual(rest, {
        scenario: "lost-host",
        backup: "b1",
        rtoSeconds: 5.5,
        rpoSeconds: 60,
        good: false,
        checks: [{ name: "rows", good: false, detail: "14 tables" }],
    });
});

test("for administrators alone", async () => {
    assert.equal((await server.request("/api/admin/backups")).status, 401);
    const ana = await server.as("ana@example.org");
    assert.equal((await ana.request("/api/admin/backups")).status, 403);
    assert.equal((await admin.request("/api/admin/backups", { method: "POST", json: {} })).status, 405);
});
