// What administrators are shown of the language model's tokens: of all people by day, and of each person.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, newId } from "../support/chat.mjs";
import { assertProblem, until, withinOneDay } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

let database, model, server, admin, ana, ben;
before(async () => {
    await withinOneDay();
    [database, model] = await Promise.all([startDatabase(), startModel()]);
    server = await startServer({
        env: {
            DATABASE_URL: database.url,
            ...model.env,
            BRAINBYTES_QUOTAS: "person-tokens=9000,school-tokens=20000",
        },
    });
    admin = await server.admin();
    ana = { ...(await server.as("ana@example.org")), url: server.url };
    ben = await server.as("ben@example.org");
});
after(async () => {
    await server?.stop();
    await model?.close();
    await database?.stop();
});

const usage = (query = "", who = admin) => who.request(`/api/admin/usage${query}`);
const idOf = async (person) => (await person.request("/api/session")).json.user.id;
const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

/** Has a person use so many tokens, so many days ago. */
const use = async (person, ago, tokens) =>
    database.query(`INSERT INTO token_use VALUES ('${await idOf(person)}', '${day(ago)}', ${tokens})`);

test("tokens are summed up by day, and today stands beside its limit", async () => {
    const empty = await usage();
    assert.equal(empty.status, 200, empty.text);
    assert.equal(empty.headers.get("cache-control"), "no-store");
    assert.equal(empty.json.days.length, 30);
    assert.ok(empty.json.days.every(({ tokens }) => tokens === 0));

    await use(ana, 0, 100);
    await use(ben, 0, 20);
    await use(ana, 3, 7);
    await use(ana, 29, 1);
    await use(ben, 30, 1000);
    const { today, personLimit, days } = (await usage()).json;
    assert.deepEqual([today.used, today.limit, personLimit], [120, 20000, 9000]);
    assert.equal(today.resetsAt.slice(0, 19), `${day(-1)}T00:00:00`);
    assert.deepEqual(
        days.filter(({ tokens }) => tokens > 0),
        [
            { day: day(29), tokens: 1 },
            { day: day(3), tokens: 7 },
            { day: day(0), tokens: 120 },
        ],
    );
    assert.equal(days.at(-1).day, day(0), "oldest first, today last");
});

test("as many days as asked for, up to a year", async () => {
    const { days } = (await usage("?days=31")).json;
    assert.deepEqual(days[0], { day: day(30), tokens: 1000 });
    assert.deepEqual((await usage("?days=1")).json.days, [{ day: day(0), tokens: 120 }]);
    assert.equal((await usage("?days=366")).json.days.length, 366);
    for (const bad of ["0", "367", "-1", "x", "1.5", "", "99999999999"])
        assertProblem(await usage(`?days=${bad}`), 422, "invalid-input", ["?days"]);
});

test("signed out or in another role nobody is told", async () => {
    const teacher = await server.as("teacher@example.org", "teacher");
    assert.equal((await server.request("/api/admin/usage")).status, 401);
    for (const person of [ana, teacher]) assert.equal((await usage("", person)).status, 403);
});

test("the list of people and a record tell what each used today and in 30 days", async () => {
    const { people } = (await admin.request("/api/admin/people")).json;
    const told = Object.fromEntries(people.map((p) => [p.email, [p.tokensToday, p.tokensMonth]]));
    assert.deepEqual(told["ana@example.org"], [100, 108]);
    assert.deepEqual(told["ben@example.org"], [20, 20], "thirty days ago is too long ago");
    assert.deepEqual(told["teacher@example.org"], [0, 0]);
    const id = await idOf(ana);
    const record = (await admin.request(`/api/admin/people/${id}`)).json;
    assert.deepEqual([record.tokensToday, record.tokensMonth], [100, 108]);
    const json = { state: "suspended" };
    const changed = await admin.request(`/api/admin/people/${await idOf(ben)}`, { method: "PATCH", json });
    assert.deepEqual([changed.json.tokensToday, changed.json.tokensMonth], [20, 20]);
});

test("what an answer cost is there, and its words are not", async () => {
    await ask(ana, newId(), "Private thoughts [[tokens=20]]");
    // 7 + 20 for the reply, and the same for the title.
    await until("counted", async () => (await usage()).json.today.used === 120 + 54);
    const { text } = await admin.request("/api/admin/people?q=ana@");
    assert.match(text, /"tokensToday":154/);
    assert.ok(!text.includes("Private"));
});

test("without a limit there is none to tell", async () => {
    const free = await startServer({
        env: { DATABASE_URL: database.url, BRAINBYTES_QUOTAS: "person-tokens=0,school-tokens=0" },
    });
    const { today, personLimit } = (
        await free.request("/api/admin/usage", { cookie: (await free.admin()).cookie })
    ).json;
    assert.deepEqual([today.limit, personLimit], [null, null]);
    await free.stop();
});

test("days of more than thirteen months ago are forgotten", async () => {
    await database.query(
        `INSERT INTO token_use VALUES ('${await idOf(ana)}', (now() - interval '13 months')::date - 1, 5),` +
            ` ('${await idOf(ana)}', (now() - interval '13 months')::date + 1, 6)`,
    );
    const later = await startServer({ env: { DATABASE_URL: database.url } });
    const old = () => database.query("SELECT string_agg(tokens::text, ' ') FROM token_use WHERE tokens < 7");
    await until("swept at the start", async () => !/5/.test(await old()));
    assert.match(await old(), /6/);
    await later.stop();
});
