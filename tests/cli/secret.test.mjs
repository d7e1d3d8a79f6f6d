// `brainbytes secret ...`, beside a running server and without one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startGithub, Visitor } from "../support/github.mjs";
import { freePort, startServer } from "../support/server.mjs";

const column = "github_sign_ins.verifier";
let server, github;
before(async () => {
    const port = await freePort();
    github = await startGithub({ callback: `http://127.0.0.1:${port}/api/auth/github/callback` });
    server = await startServer({
        port,
        env: { ...github.env, BRAINBYTES_URL: `http://127.0.0.1:${port}`, BRAINBYTES_SECRET: "the-first" },
    });
});
after(async () => {
    await server?.stop();
    await github?.close();
});

async function keys() {
    const listed = await server.command("secret", "list", "--json");
    assert.equal(listed.code, 0, listed.stderr);
    return JSON.parse(listed.stdout).keys;
}

test("a rotation beside a running server loses nobody who is away at GitHub", async () => {
    const browsers = Array.from({ length: 3 }, () => new Visitor(server));
    const backs = await Promise.all(browsers.map((browser) => browser.leave()));
    const [first, ...none] = await keys();
    assert.deepEqual(none, []);
    assert.deepEqual(first.rows, {
        [column]: 3,
        "file_keys.sealed_key": 0,
        "kept_secrets.sealed": 0,
        "uploads.sealed_key": 0,
    });
    assert.ok(first.newest && first.readable);

    const dry = await server.command("secret", "rotate", "--dry-run");
    assert.match(dry.stdout, /^3 values are sealed/);
    assert.equal((await keys()).length, 1);

    const rotated = await server.command("secret", "rotate");
    assert.equal(rotated.code, 0, rotated.stderr);
    const [newest, older] = await keys();
    assert.equal(rotated.stdout, `${newest.id}\n`);
    assert.match(newest.id, /^[0-9a-f]{16}$/);
    assert.deepEqual([newest.newest, newest.rows[column]], [true, 3]);
    assert.deepEqual([older.id, older.newest, older.rows[column]], [first.id, false, 0]);

    // The server has not heard of the new key, and reads what it seals.
    assert.equal(await browsers[0].comeBack(backs[0]), "/chat");
    const resumed = await server.command("secret", "rotate", "--resume");
    assert.equal(resumed.stdout, `${newest.id}\n`);
    assert.equal((await keys()).length, 2, "going on makes no key");
    const plain = await server.command("secret", "list");
    assert.match(
        plain.stdout,
        new RegExp(`^${newest.id}\\t\\S+Z\\t0 days\\t2 rows\\tnewest\n${older.id}\\t`),
    );
});

test("a changed server secret is told, and the former one opens what it sealed", async () => {
    const browser = new Visitor(server);
    const back = await browser.leave();
    await server.stop({ keep: true });
    server.options.env.BRAINBYTES_SECRET = "the-second";
    const lost = await server.command("secret", "rotate");
    assert.equal(lost.code, 1);
    assert.match(lost.stderr, /cannot be opened .*BRAINBYTES_SECRET_BEFORE/);
    assert.ok((await keys()).some((key) => !key.readable));

    server.options.env.BRAINBYTES_SECRET_BEFORE = "the-first";
    const found = await server.command("secret", "rotate");
    assert.equal(found.code, 0, found.stderr);
    delete server.options.env.BRAINBYTES_SECRET_BEFORE;
    await server.start();
    assert.equal(await browser.comeBack(back), "/chat");
});

test("a kept secret is used from the next start on, and never shown", async () => {
    const token = "a-token-that-nobody-shall-see";
    const scrape = () =>
        server.request("/api/metrics", {
            headers: { authorization: `Bearer ${token}`, "x-forwarded-for": "192.0.2.7" },
        });
    assert.equal((await scrape()).status, 401);
    const set = await server.commandWith(`${token}\n`, "secret", "set", "METRICS_TOKEN");
    assert.equal(set.code, 0, set.stderr);
    const listed = await server.command("secret", "list", "--json");
    assert.deepEqual(
        JSON.parse(listed.stdout).secrets.map(({ name }) => name),
        ["METRICS_TOKEN"],
    );
    const rotated = await server.command("secret", "rotate");
    assert.equal(rotated.code, 0, rotated.stderr);
    await server.stop({ keep: true });
    await server.start();
    assert.equal((await scrape()).status, 200);
    const log = await server.command("audit", "list", "--action", "secret.set");
    const said = [set, listed, rotated, log].map((one) => one.stdout + one.stderr);
    for (const text of [...said, server.tail()]) assert.ok(!text.includes(token));
    assert.match(log.stdout, /secret\.set/);

    const cases = [
        [["set", "METRICS_TOKEN"], "\n", /No value came/],
        [["set", "SMTP_URL"], "http://mail\n", /SMTP_URL must/],
        [["set", "BRAINBYTES_SECRET"], "x\n", /can be kept/],
        [["set", "METRICS_TOKEN"], `${"x".repeat(5000)}\n`, /4096/],
        [["remove", "OPENAI_API_KEY"], "", /not kept/],
    ];
    for (const [args, input, why] of cases) {
        const refused = await server.commandWith(input, "secret", ...args);
        assert.equal(refused.code, 1, args.join(" "));
        assert.match(refused.stderr, why);
    }
    assert.equal((await server.command("secret", "remove", "METRICS_TOKEN")).code, 0);
    await server.stop({ keep: true });
    await server.start();
    assert.equal((await scrape()).status, 401);
});

test("wrong usage exits 2, and no key is ever shown", async () => {
    for (const args of [["secret"], ["secret", "show"], ["secret", "rotate", "--nonsense"]]) {
        const done = await server.command(...args);
        assert.equal(done.code, 2, args.join(" "));
        assert.equal(done.stdout, "");
    }
    for (const key of await keys())
        assert.deepEqual(Object.keys(key), ["id", "createdAt", "readable", "newest", "rows"]);
});
