// `brainbytes dns list` and `dns point`, against a strict stand-in for Cloudflare's API.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";

import { startCloudflare } from "../support/cloudflare.mjs";
import { freePort, program, programEnvironment, temporaryFolder } from "../support/server.mjs";

const folder = temporaryFolder("bb-dns");
after(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;

/** A stand-in, and the program beside it on a data folder of its own. */
async function start(t, options = { zones: ["school.example"] }) {
    const cloudflare = await startCloudflare(options);
    t.after(() => cloudflare.close());
    const data = path.join(folder, `data-${(folders += 1)}`);
    const dns = (args, env = {}) =>
        new Promise((resolve) => {
            const all = programEnvironment({ BRAINBYTES_DATA: data, ...cloudflare.env, ...env });
            execFile(program, ["dns", ...args], { env: all, cwd: folder }, (fault, stdout, stderr) => {
                assert.ok(!(stdout + stderr).includes(cloudflare.token), "the token is shown");
                resolve({ code: fault ? fault.code : 0, stdout, stderr });
            });
        });
    const done = async (...args) => {
        const { code, stdout, stderr } = await dns(args);
        assert.equal(code, 0, stderr);
        return stdout;
    };
    const refused = async (args, words, env) => {
        const { code, stdout, stderr } = await dns(args, env);
        assert.equal(code, 1, stdout + stderr);
        assert.equal(stdout, "");
        assert.match(stderr, words);
        return stderr;
    };
    return { cloudflare, data, dns, done, refused };
}

const name = "tutor.school.example";
const one = { type: "A", content: "203.0.113.5", ttl: 300, proxied: false };

test("list follows the pages of zones and of records", async (t) => {
    const zones = Array.from({ length: 60 }, (_, i) => `school-${i}.example`);
    const { cloudflare, done, refused } = await start(t, { zones });
    for (let i = 0; i < 230; i += 1)
        cloudflare.add(zones[59], {
            type: "A",
            name: `n${i}.${zones[59]}`,
            content: "203.0.113.5",
            ttl: 120,
        });
    cloudflare.add(zones[0], { type: "CNAME", name: zones[0], content: "host.example", proxied: true });
    cloudflare.add(zones[0], { type: "TXT", name: zones[0], content: '"v=spf1 -all"' });
    const { records } = JSON.parse(await done("list", "--json"));
    assert.equal(records.length, 232);
    assert.equal(new Set(records.map((record) => record.name)).size, 231);
    cloudflare.countsPages = false;
    assert.equal(JSON.parse(await done("list", "--json")).records.length, 232);
    const lines = (await done("list", "--zone", zones[0])).split("\n");
    assert.deepEqual(lines, [
        `${zones[0]}\tCNAME\thost.example\tautomatic\tproxied`,
        `${zones[0]}\tTXT\t"v=spf1 -all"\tautomatic\tdirect`,
        "",
    ]);
    await refused(["list", "--zone", "other.example"], /no zone other\.example that this token reaches/);
});

test("a list without an end is given up", async (t) => {
    const { cloudflare, refused } = await start(t);
    const zone = { id: "0".repeat(32), name: "school.example" };
    const body = { success: true, errors: [], messages: [], result: [zone] };
    body.result_info = { page: 1, per_page: 50, count: 1, total_count: 1e9, total_pages: 2e7 };
    cloudflare.fail({ status: 200, body, times: 1000 });
    await refused(["list"], /more than 100 pages/);
    assert.equal(cloudflare.requests.length, 100);
});

test("point makes a record, changes exactly it, and undo takes each back", async (t) => {
    const { cloudflare, data, done, refused } = await start(t);
    const other = cloudflare.add("school.example", { ...one, name: `www.${name}`, comment: "not ours" });
    await refused(["point", "--undo"], /No change was made from here/);

    const made = JSON.parse(
        await done("point", "Tutor.School.Example.", "203.0.113.5", "--ttl", "300", "--json"),
    );
    assert.deepEqual(cloudflare.of(name), [one]);
    assert.equal(made.before, null);
    assert.equal(made.changed, true);
    assert.equal(made.zone, "school.example");
    await done("point", "--undo");
    assert.deepEqual(cloudflare.of(name), []);

    const record = cloudflare.add("school.example", { ...one, name, comment: "keep me" });
    const before = cloudflare.writes;
    assert.match(await done("point", name, "198.51.100.9", "--dry-run"), /was: A 203\.0\.113\.5, TTL 300/);
    assert.match(await done("point", name, "203.0.113.5"), /stays/);
    assert.equal(cloudflare.writes, before);
    await done("point", name, "198.51.100.9");
    assert.deepEqual(cloudflare.of(name), [{ ...one, content: "198.51.100.9" }]);
    assert.equal(record.comment, "keep me");
    assert.equal(other.content, "203.0.113.5");
    assert.doesNotMatch(readFileSync(path.join(data, "dns-change.json"), "utf8"), /token/i);
    await done("point", "--undo", "--dry-run");
    assert.equal(cloudflare.of(name)[0].content, "198.51.100.9");
    await done("point", "--undo");
    assert.deepEqual(cloudflare.of(name), [one]);
    await refused(["point", "--undo"], /No change was made from here/);
});

test("proxied, its TTL, and other types", async (t) => {
    const { cloudflare, done, refused } = await start(t);
    await refused(["point", name, "203.0.113.5", "--proxied", "--ttl", "300"], /always automatic/);
    await refused(["point", name, "203.0.113.5", "--ttl", "30"], /1 \(automatic\) or from 60 to 86400/);
    await refused(["point", name, "203.0.113.500"], /neither an IP address nor/);
    await refused(["point", name, "2001:db8::5", "--type", "A"], /of type A: that is AAAA/);
    await refused(["point", "tutor", "203.0.113.5"], /no full name/);
    assert.equal(cloudflare.writes, 0);
    await done("point", name, "203.0.113.5", "--ttl", "300");
    await done("point", name, "203.0.113.5", "--proxied");
    assert.deepEqual(cloudflare.of(name), [{ ...one, ttl: 1, proxied: true }]);
    await done("point", name, "198.51.100.9");
    assert.deepEqual(cloudflare.of(name), [{ ...one, content: "198.51.100.9", ttl: 1, proxied: true }]);
    await done("point", name, "198.51.100.9", "--direct", "--ttl", "60");
    assert.deepEqual(cloudflare.of(name), [{ ...one, content: "198.51.100.9", ttl: 60 }]);
    await done("point", `six.${name}`, "2001:DB8:0:0:0:0:0:5");
    assert.equal(cloudflare.of(`six.${name}`)[0].content, "2001:db8::5");
    await done("point", `*.${name}`, "Host.Example.");
    assert.deepEqual(cloudflare.of(`*.${name}`)[0], {
        ...one,
        type: "CNAME",
        content: "host.example",
        ttl: 1,
    });
});

test("the zone is the longest one, of the account that is set", async (t) => {
    const account = "a".repeat(32);
    const zones = ["school.example", "tutor.school.example", { name: "school.example", account }];
    const { cloudflare, done, dns, refused } = await start(t, { zones });
    assert.equal(JSON.parse(await done("point", `a.${name}`, "203.0.113.5", "--json")).zone, name);
    assert.equal(cloudflare.zones[1].records.length, 1);
    await refused(
        ["point", "b.school.example", "203.0.113.5"],
        /Several accounts .*CLOUDFLARE_DEFAULT_ACCOUNT_ID/,
    );
    const chosen = await dns(["point", "b.school.example", "203.0.113.5"], {
        CLOUDFLARE_DEFAULT_ACCOUNT_ID: account,
    });
    assert.equal(chosen.code, 0, chosen.stderr);
    assert.equal(cloudflare.zones[2].records.length, 1);
    await refused(
        ["point", "myschool.example", "203.0.113.5"],
        /None of the zones .* holds myschool\.example/,
    );
});

test("what is not clear is refused with the list", async (t) => {
    const { cloudflare, done, refused } = await start(t);
    cloudflare.add("school.example", { ...one, name });
    cloudflare.add("school.example", { ...one, name, content: "203.0.113.6" });
    const several = await refused(["point", name, "198.51.100.9"], /not clear/);
    assert.match(several, /A 203\.0\.113\.5, TTL 300 \([0-9a-f]{32}\)\n.*A 203\.0\.113\.6/);
    const both = `both.${name}`;
    cloudflare.add("school.example", { ...one, name: both });
    await refused(["point", both, "2001:db8::5"], /A 203\.0\.113\.5[^]*Add --type AAAA/);
    await refused(["point", both, "host.example"], /A CNAME cannot stand beside/);
    assert.equal(cloudflare.writes, 0);
    await done("point", both, "2001:db8::5", "--type", "AAAA");
    assert.deepEqual(
        cloudflare.of(both).map(({ type }) => type),
        ["A", "AAAA"],
    );
});

test("a record that somebody else changed meanwhile is left alone", async (t) => {
    const { cloudflare, done, refused } = await start(t);
    const record = cloudflare.add("school.example", { ...one, name });
    // Two lists of zones and the first look pass; then it changes.
    const change = () => (record.content = "192.0.2.77");
    cloudflare.fail({ method: "GET", before: () => {}, times: 3 });
    cloudflare.fail({ method: "GET", before: change });
    await refused(["point", name, "198.51.100.9"], /A 192\.0\.2\.77[^]*changed meanwhile/);
    assert.equal(cloudflare.writes, 0);
    await done("point", name, "198.51.100.9");
    record.ttl = 600;
    await refused(["point", "--undo"], /TTL 600[^]*changed meanwhile/);
    assert.equal(record.content, "198.51.100.9");
    record.ttl = 300;
    await done("point", "--undo");
    assert.equal(record.content, "192.0.2.77");
});

test("the token, and what it may not do", async (t) => {
    const { refused, cloudflare, data } = await start(t, { zones: ["school.example"], readOnly: true });
    await refused(["list"], /CLOUDFLARE_API_TOKEN is not set: .*Zone\.DNS edit/, {
        CLOUDFLARE_API_TOKEN: null,
    });
    await refused(["list"], /403: Invalid access token \(9109\)/, { CLOUDFLARE_API_TOKEN: "wrong" });
    await refused(["list"], /Invalid format for Authorization/, { CLOUDFLARE_API_TOKEN: "wr%ng" });
    await refused(["list"], /must be https/, { CLOUDFLARE_API_URL: "http://127.0.0.1.example/client/v4" });
    await refused(["point", name, "203.0.113.5"], /403: Authentication error \(10000\).*Zone\.DNS edit/);
    assert.deepEqual(readdirSync(data), ["dns-change.lock"], "nothing to undo after a refusal");
    const body = {
        success: false,
        errors: [{ code: 1000, message: `Invalid API Token ${cloudflare.token}` }],
    };
    cloudflare.fail({ status: 401, body });
    await refused(["list"], /401: Invalid API Token \.\.\. \(1000\)/);
});

test("what the API says in refusing is passed on", async (t) => {
    const { cloudflare, refused } = await start(t);
    await refused(
        ["point", name, "10.0.0.1", "--proxied"],
        /DNS Validation Error \(1004\), Target 10\.0\.0\.1 /,
    );
    cloudflare.fail({
        status: 200,
        body: { success: false, errors: [{ code: 7, message: "no\u001b[31m" }] },
    });
    const said = await refused(["list"], /refuses GET \/zones \(status 200: no/);
    assert.ok(!said.includes("\u001b"), said);
});

test("429 is waited out when that is short", async (t) => {
    const { cloudflare, dns, done, refused } = await start(t);
    const limited = (seconds) => ({ status: 429, headers: { "retry-after": String(seconds) }, body: "{}" });
    cloudflare.fail({ method: "POST", ...limited(2) });
    const began = Date.now();
    await done("point", name, "203.0.113.5");
    assert.ok(Date.now() - began >= 2000);
    assert.equal(cloudflare.of(name).length, 1);
    cloudflare.fail(limited(300));
    await refused(["list"], /no more requests for 300 seconds/);
    const before = cloudflare.requests.length;
    cloudflare.fail({ ...limited(1), times: 10 });
    assert.equal((await dns(["list"])).code, 1);
    assert.equal(cloudflare.requests.length, before + 3);
});

test("garbage, pages of gateways, silence and nobody there", async (t) => {
    const { cloudflare, data, done, refused } = await start(t);
    for (const body of ["", "<html>", "[]", '{"success":"yes"}', '{"success":true'])
        await (cloudflare.fail({ status: 200, body }), refused(["list"], /something else than its JSON/));
    for (const result of [null, {}, [{ id: "../x", name: "school.example" }], [7]]) {
        cloudflare.fail({ status: 200, body: { success: true, errors: [], messages: [], result } });
        await refused(["list"], /without a list|a zone that is none/);
    }
    cloudflare.fail({
        status: 502,
        body: "<html>Bad gateway</html>",
        headers: { "content-type": "text/html" },
    });
    await done("list");
    cloudflare.fail({ status: 502, body: "<html>Bad gateway</html>", times: 3 });
    await refused(["list"], /a fault of its own \(GET \/zones, status 502\)/);
    const nobody = { CLOUDFLARE_API_URL: `http://127.0.0.1:${await freePort()}/client/v4` };
    await refused(["list"], /cannot be reached: /, nobody);

    cloudflare.fail({ method: "POST", silent: true });
    await refused(
        ["point", name, "203.0.113.5"],
        /did not answer within 10 seconds\. Whether the change was made/,
    );
    assert.ok(readdirSync(data).includes("dns-change.json"), "it may have happened: the way back stays");
});

test("wrong words on the command line", async (t) => {
    const { dns } = await start(t);
    for (const args of [
        [],
        ["point"],
        ["point", name],
        ["point", name, "203.0.113.5", "--undo"],
        ["nonsense"],
    ])
        assert.equal((await dns(args)).code, 2, args.join(" "));
});
