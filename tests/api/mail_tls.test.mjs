// Mail goes over TLS to a server whose certificate is trusted, or not at all.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { makeCertificate } from "../support/certificates.mjs";
import { startDatabase } from "../support/database.mjs";
import { startMailSink } from "../support/mail_sink.mjs";
import { startServer, temporaryFolder } from "../support/server.mjs";

const password = "s3cret word";
const folder = temporaryFolder("bb-mail");
const good = makeCertificate(folder, "mail.test", "IP:127.0.0.1,IP:0.0.0.0");
const other = makeCertificate(folder, "other.test", "DNS:other.test");
let database;
before(async () => (database = await startDatabase()));
after(async () => {
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const tls = (files = good) => ["--tls", files.certificate, files.key];
const signIn = ["--sign-in", `tutor:${password}`];

/** A mail server with these options and one of ours that sends there: `url` makes SMTP_URL of its port. */
async function between(options, url, work, env = { SSL_CERT_FILE: good.certificate }) {
    const sink = await startMailSink(options);
    const server = await startServer({
        env: { DATABASE_URL: database.url, SMTP_URL: url(sink.port), ...env },
    });
    try {
        const admin = await server.admin();
        const mailTest = async () => (await admin.request("/api/admin/mail-test", { method: "POST" })).json;
        await work({ sink, server, mailTest });
        assert.ok(!server.log.includes(password) && !server.log.includes(encodeURIComponent(password)));
    } finally {
        await server.stop();
        await sink.close();
    }
}

async function until(what, server, check) {
    const deadline = Date.now() + 15_000;
    while (!(await check())) {
        if (Date.now() > deadline) assert.fail(`${what}\n${server.tail()}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
    }
}

const withPassword =
    (scheme, word = password) =>
    (port) =>
        `${scheme}://tutor:${encodeURIComponent(word)}@127.0.0.1:${port}`;
// Not an address of this machine to who reads it, though it leads here.
const elsewhere = (port) => `smtp://0.0.0.0:${port}`;

/** Nothing was sent, neither a letter nor a password, and the answer and the log say why. */
async function notSent({ sink, server, mailTest }, why) {
    const { delivered, detail } = await mailTest();
    assert.equal(delivered, false);
    assert.match(detail, why);
    const json = { email: "ana@example.org" };
    assert.equal((await server.request("/api/auth/email", { method: "POST", json })).status, 202);
    await until("not in the log", server, () => why.test(server.log));
    assert.deepEqual(
        sink.events.filter(({ event }) => event !== "ready"),
        [],
    );
}

for (const [what, options, url] of [
    ["STARTTLS and a sign-in", [...tls(), ...signIn], withPassword("smtp")],
    ["TLS from the start and a sign-in", [...tls(), "--implicit", ...signIn], withPassword("smtps")],
    ["STARTTLS to another machine, without a password", tls(), elsewhere],
])
    test(`mail goes out by ${what}`, async () => {
        await between(options, url, async ({ sink, server, mailTest }) => {
            const { delivered, detail, to } = await mailTest();
            assert.equal(delivered, true, detail);
            const json = { email: "ana@example.org" };
            await server.request("/api/auth/email", { method: "POST", json });
            await until("no code", server, () => sink.letters("ana@example.org").length === 1);
            for (const letter of [...sink.letters(to), ...sink.letters("ana@example.org")])
                assert.equal(letter.tls, true);
            const entered = sink.events.filter(({ event }) => event === "sign-in");
            assert.equal(entered.length, options.includes("--sign-in") ? 2 : 0);
            assert.ok(entered.every(({ right, tls }) => right && tls));
        });
    });

test("plain text is for this machine, and without a password", async () => {
    const here = (port) => `smtp://127.0.0.1:${port}`;
    await between([], here, async ({ sink, mailTest }) => {
        const { delivered, to } = await mailTest();
        assert.equal(delivered, true);
        assert.equal(sink.letters(to)[0].tls, false);
    });
});

for (const [what, options, url] of [
    ["a password", signIn, withPassword("smtp")],
    ["a letter to another machine", [], elsewhere],
])
    test(`a mail server without STARTTLS does not get ${what}, and that is said`, async () => {
        await between(options, url, (parts) => notSent(parts, /does not turn to TLS.*STARTTLS/));
    });

for (const [what, files, env, words] of [
    ["nobody vouches for", good, {}, /certificate is not trusted: .*self.signed/],
    [
        "is another's",
        other,
        { SSL_CERT_FILE: other.certificate },
        /certificate is not trusted: .*subject name.* '127\.0\.0\.1'/,
    ],
])
    for (const scheme of ["smtp", "smtps"])
        test(`a mail server whose certificate ${what} gets nothing by ${scheme}`, async () => {
            const options = [...tls(files), ...signIn, ...(scheme === "smtps" ? ["--implicit"] : [])];
            await between(options, withPassword(scheme), (parts) => notSent(parts, words), env);
        });

test("a wrong password is said clearly, and not tried on and on", async () => {
    await between([...tls(), ...signIn], withPassword("smtp", "wr0ng word"), async (parts) => {
        const { sink, server, mailTest } = parts;
        const { delivered, detail } = await mailTest();
        assert.equal(delivered, false);
        const words = /refused the user name or password of SMTP_URL \(answer 535\)/;
        assert.match(detail, words);
        const json = { email: "ana@example.org" };
        assert.equal((await server.request("/api/auth/email", { method: "POST", json })).status, 202);
        await until("not in the log", server, () => words.test(server.log));
        assert.doesNotMatch(server.log, /wr0ng/);
        await new Promise((resolve) => setTimeout(resolve, 6_000)); // another try would come after five seconds
        assert.equal(sink.events.filter(({ event }) => event === "sign-in").length, 2);
        assert.equal(sink.events.filter(({ event }) => event === "letter").length, 0);
    });
});

test("a file of authorities that is missing or empty is named", async () => {
    const missing = path.join(folder, "missing.pem");
    const server = await startServer({ ready: false, env: { SSL_CERT_FILE: missing } });
    assert.deepEqual(await server.exited, { code: 2, signal: null });
    assert.ok(server.log.includes(`SSL_CERT_FILE: ${missing} cannot be read: No such file`), server.log);
    await server.stop();

    const empty = path.join(folder, "empty.pem");
    writeFileSync(empty, "");
    const words = /the file that SSL_CERT_FILE names holds no certificates/;
    const env = { SSL_CERT_FILE: empty };
    await between([...tls(), ...signIn], withPassword("smtp"), (parts) => notSent(parts, words), env);
});
