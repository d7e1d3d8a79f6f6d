// Notices by mail: what is queued, put off, refused and never lost; and how people end them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { startMailSink } from "../support/mail_sink.mjs";
import { freePort, generousLimits, startServer } from "../support/server.mjs";

const refused = "refused@example.org";
let database, server, sink;
before(async () => {
    database = await startDatabase();
    sink = await startMailSink(["--refuse", refused]);
    server = await startServer({
        env: {
            DATABASE_URL: database.url,
            SMTP_URL: sink.url,
            BRAINBYTES_RATE_LIMITS: generousLimits,
            BRAINBYTES_TRUSTED_PROXIES: "127.0.0.1",
        },
    });
});
after(async () => {
    await server?.stop();
    await sink?.close();
    await database?.stop();
});

const post = (target, json, headers) => server.request(target, { method: "POST", json, headers });
const rows = async (sql) => (await database.query(sql)).trim();
const queued = (email) =>
    rows(`SELECT state FROM mail_queue q JOIN users u ON u.id = q.user_id WHERE u.email = '${email}'`);

async function until(what, check) {
    const deadline = Date.now() + 15_000;
    while (!(await check())) {
        if (Date.now() > deadline) assert.fail(`${what}\n${server.tail()}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
    }
}

/** Signs in by a code, from an address of the internet. */
async function signIn(email, from, agent = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Firefox/130.0") {
    const headers = { "x-forwarded-for": from, "user-agent": agent };
    const subject = /Subject: (\d{6})/;
    const codes = () => sink.letters(email).filter((letter) => /sign-in code/.test(letter.data));
    const count = codes().length;
    assert.equal((await post("/api/auth/email", { email }, headers)).status, 202);
    await until("no code", () => codes().length > count);
    const code = subject.exec(codes().at(-1).data)[1];
    const answer = await post("/api/auth/code", { email, code }, headers);
    assert.equal(answer.status, 204, answer.text);
    return answer.headers.getSetCookie()[0].split(";")[0];
}

const noticesOf = (email) => sink.letters(email).filter((letter) => !/sign-in code/.test(letter.data));
const plain = (letter) => letter.data.replace(/=\r?\n/g, "").replaceAll("=3D", "=");

test("a new device or network is told of, the first and known ones are not", async () => {
    const email = "ana@example.org";
    await signIn(email, "203.0.113.9");
    await signIn(email, "203.0.113.200"); // the same shortened network
    await signIn(email, "198.51.100.4");
    await until("no notice", () => noticesOf(email).length === 1);
    await signIn(email, "198.51.100.4");
    await signIn(email, "198.51.100.4", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Safari/605.1.15");
    await until("no second notice", () => noticesOf(email).length === 2);
    const [letter] = noticesOf(email);
    assert.match(letter.data, /^Subject: New sign-in to your BrainBytes account$/m);
    assert.match(plain(letter), /Firefox on Linux \(198\.51\.100\.x\), \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    assert.match(letter.data, /^List-Unsubscribe: <http:\/\/\S+\/api\/mail\/unsubscribe\?token=\S+>\r?$/m);
    assert.match(letter.data, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m);
    assert.match(letter.data, /^Content-Type: multipart\/alternative/m);
});

test("one click without a session ends notices of a kind, and no other token does", async () => {
    const email = "ben@example.org";
    const cookie = await signIn(email, "203.0.113.9");
    await signIn(email, "198.51.100.4");
    await until("no notice", () => noticesOf(email).length === 1);
    const [, address] = /List-Unsubscribe: <(\S+)>/.exec(noticesOf(email)[0].data);
    const { pathname, search } = new URL(address);
    const click = (target) =>
        server.request(target, {
            method: "POST",
            body: "List-Unsubscribe=One-Click",
            headers: { "content-type": "application/x-www-form-urlencoded" },
        });
    for (const bad of ["", "?token=x", "?token=a.b.c", search.slice(0, -1) + "g", search.replace("new_", "")])
        assert.equal((await click(pathname + bad)).status, 422, bad);
    assert.deepEqual((await server.request("/api/me/notices", { cookie })).json, {
        newDevice: true,
        weekly: false,
    });
    assert.equal((await click(pathname + search)).status, 204);
    assert.equal((await server.request("/api/me/notices", { cookie })).json.newDevice, false);
    await signIn(email, "192.0.2.7");
    assert.equal(await queued(email), "");
    const change = (json) => server.request("/api/me/notices", { method: "PATCH", cookie, json });
    assert.deepEqual((await change({ weekly: true })).json, { newDevice: false, weekly: true });
    assert.equal((await change({ weekly: "yes", other: 1 })).json.errors.length, 2);
});

test("a mail server that puts strangers off gets the notice later", async () => {
    const grey = await startMailSink(["--greylist", "1"]);
    const own = await startDatabase();
    const other = await startServer({ env: { DATABASE_URL: own.url, SMTP_URL: grey.url } });
    try {
        await other.as("cora@example.org");
        const sql = (text) => own.query(text);
        await enqueue(sql, "cora@example.org");
        await until("not put off", () => grey.events.some((event) => event.event === "put off"));
        await until("not settled", async () =>
            /^1\|waiting\|t/.test(
                await sql(
                    "SELECT attempts, state, next_try_at BETWEEN now() + interval '40 seconds' " +
                        "AND now() + interval '70 seconds' FROM mail_queue",
                ),
            ),
        );
        await sql("UPDATE mail_queue SET next_try_at = now()");
        await until("not sent", () => grey.letters("cora@example.org").length === 1);
        await until("still there", async () => (await sql("SELECT count(*) FROM mail_queue")).trim() === "0");
    } finally {
        await other.stop();
        await grey.close();
        await own.stop();
    }
});

test("an address that refuses for good gets no more notices, until a sign-in proves it reads", async () => {
    await server.as(refused);
    const sql = (text) => database.query(text);
    await enqueue(sql, refused);
    await until("not parked", async () => (await queued(refused)) === "parked");
    assert.equal(sink.events.filter((event) => event.to === refused).length, 1);
    await enqueue(sql, refused);
    await until("not parked", async () => (await queued(refused)) === "parked\nparked");
    assert.equal(sink.events.filter((event) => event.to === refused).length, 1, "not even tried");
    // Sign-in mails are tried all the same.
    assert.equal((await post("/api/auth/email", { email: refused })).status, 202);
    await until("not tried", () => sink.events.filter((event) => event.to === refused).length === 2);

    await sql("INSERT INTO bouncing_addresses VALUES ('dan@example.org')");
    await signIn("dan@example.org", "203.0.113.9");
    assert.equal(await rows("SELECT count(*) FROM bouncing_addresses WHERE address LIKE 'dan@%'"), "0");
});

test("after two days a notice is given up", async () => {
    const port = await freePort(); // where nobody listens
    const own = await startDatabase();
    const lost = await startServer({ env: { DATABASE_URL: own.url, SMTP_URL: `smtp://127.0.0.1:${port}` } });
    try {
        await lost.as("eva@example.org");
        await enqueue((text) => own.query(text), "eva@example.org");
        await until("not tried", async () => /^1/.test(await own.query("SELECT attempts FROM mail_queue")));
        await own.query(
            "UPDATE mail_queue SET created_at = now() - interval '49 hours', next_try_at = now()",
        );
        await until("not parked", async () => /parked/.test(await own.query("SELECT state FROM mail_queue")));
    } finally {
        await lost.stop();
        await own.stop();
    }
});

test("kill -9 loses no notice", { timeout: 120_000 }, async () => {
    const own = await startDatabase();
    const killed = await startServer({ env: { DATABASE_URL: own.url, SMTP_URL: sink.url } });
    try {
        const people = Array.from({ length: 30 }, (_, i) => `person${i}@kill.example`);
        for (const email of people) await killed.as(email);
        for (let round = 0; round < 3; round += 1) {
            for (const email of people.slice(round * 10, round * 10 + 10))
                await enqueue((text) => own.query(text), email);
            await new Promise((resolve) => setTimeout(resolve, 300 + 900 * round));
            await killed.kill();
            await own.query("UPDATE mail_queue SET next_try_at = now()"); // what was in hand: two minutes later
            await killed.start();
        }
        await until(
            "something is left",
            async () => (await own.query("SELECT count(*) FROM mail_queue")).trim() === "0",
        );
        for (const email of people) assert.ok(noticesOf(email).length >= 1, `${email} got nothing`);
    } finally {
        await killed.stop();
        await own.stop();
    }
});

function enqueue(sql, email) {
    return sql(
        "INSERT INTO mail_queue (user_id, kind, language, payload) " +
            `SELECT id, 'weekly', 'fil', '{"chats":"1","questions":"2","materials":"3"}' ` +
            `FROM users WHERE email = '${email}'`,
    );
}
