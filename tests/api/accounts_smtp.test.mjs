// Sign-in mail through a mail server: good, slow, and refusing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { mails } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { startMailServer } from "../support/smtp.mjs";

let server, mailServer;
let answer = () => undefined;
before(async () => {
    mailServer = await startMailServer({ answer: (command) => answer(command) });
    const env = { SMTP_URL: mailServer.url, MAIL_FROM: "Tutor <tutor@school.example>" };
    server = await startServer({ env });
});
after(async () => {
    await server?.stop();
    await mailServer?.close();
});

const ask = (email) => server.request("/api/auth/email", { method: "POST", json: { email } });

async function until(what, check) {
    const deadline = Date.now() + 30_000;
    while (!(await check())) {
        if (Date.now() > deadline) assert.fail(`${what}\n${server.tail()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

test("the code comes by mail and signs in", async () => {
    const asked = await ask("ana@example.org");
    assert.equal(asked.status, 202);
    assert.deepEqual(asked.json, { delivery: "smtp" });
    await until("no letter", () => mailServer.letters.length === 1);
    const [letter] = mailServer.letters;
    assert.equal(letter.from, "tutor@school.example");
    assert.equal(letter.to, "ana@example.org");
    assert.match(letter.data, /^From: Tutor <tutor@school\.example>$/m);
    assert.match(letter.data, /^Subject: \d{6} is your BrainBytes sign-in code$/m);
    assert.match(letter.data, /^Content-Type: multipart\/alternative/m);
    const code = /^\s+(\d{6})\s*$/m.exec(letter.data)[1];
    const json = { email: "ana@example.org", code };
    assert.equal((await server.request("/api/auth/code", { method: "POST", json })).status, 204);
    assert.deepEqual(mails(server), [], "nothing in the outbox");
});

test("a slow mail server keeps nobody waiting", async () => {
    let release;
    const slow = new Promise((resolve) => (release = resolve));
    answer = (command) => (command === "MAIL" ? slow : undefined);
    const asked = await ask("ben@example.org"); // answered while the mail server still thinks
    assert.equal(asked.status, 202);
    assert.equal(mailServer.letters.length, 1);
    answer = () => undefined;
    release();
    await until("no second letter", () => mailServer.letters.length === 2);
});

test("a refused letter changes nothing for the asker and is told to the operator without the address", async () => {
    answer = (command) => (command === "RCPT" ? "550 no such person here" : undefined);
    const asked = await ask("cora@example.org");
    assert.equal(asked.status, 202);
    assert.deepEqual(asked.json, { delivery: "smtp" });
    await until("nothing logged", () => server.log.includes("the mail server did not take a mail"));
    assert.ok(!server.log.includes("cora@example.org"));
});

test("a letter that is put off is sent again, and what became of letters is counted", async () => {
    let putOff = 0;
    answer = (command) => (command === "RCPT" && putOff++ === 0 ? "451 greylisted, come back" : undefined);
    const before = mailServer.letters.length;
    assert.equal((await ask("eva@example.org")).status, 202);
    await until("no letter", () => mailServer.letters.length === before + 1);
    assert.equal(mailServer.letters.at(-1).to, "eva@example.org");
    const admin = await server.admin();
    await until("not counted", async () => {
        const { text } = await admin.request("/api/metrics");
        return text.includes('brainbytes_mails_total{outcome="sent"} 3');
    });
    const { text } = await admin.request("/api/metrics");
    assert.match(text, /brainbytes_mails_total\{outcome="refused"\} 1/);
});

test("a test mail says at once, in words, what the mail server answered", async () => {
    const admin = await server.admin();
    const tested = async () => (await admin.request("/api/admin/mail-test", { method: "POST" })).json;
    const before = mailServer.letters.length;
    answer = () => undefined;
    const good = await tested();
    assert.deepEqual([good.delivered, good.delivery, good.to], [true, "smtp", admin.email]);
    assert.equal(mailServer.letters.length, before + 1);
    assert.equal(mailServer.letters.at(-1).to, admin.email);
    for (const words of ["550 no such person here", "451 greylisted, come back"]) {
        answer = (command) => (command === "RCPT" ? words : undefined);
        const bad = await tested();
        assert.equal(bad.delivered, false);
        assert.match(bad.detail, new RegExp(words.slice(0, 3)), bad.detail);
    }
    answer = () => undefined;
});

test("a letter that waits for another try gets it at once when the server stops", async () => {
    let putOff = 0;
    answer = (command) => (command === "RCPT" && putOff++ === 0 ? "451 greylisted, come back" : undefined);
    const before = mailServer.letters.length;
    assert.equal((await ask("fe@example.org")).status, 202);
    await until("not put off", () => putOff === 1);
    const began = Date.now();
    assert.deepEqual(await server.stop({ keep: true }), { code: 0, signal: null });
    assert.ok(Date.now() - began < 20_000);
    assert.equal(mailServer.letters.length, before + 1);
    await server.start();
});

test("a letter on its way when the server stops still arrives", async () => {
    let asked;
    const reached = new Promise((resolve) => (asked = resolve));
    let release;
    const slow = new Promise((resolve) => (release = resolve));
    answer = (command) => {
        if (command !== "MAIL") return undefined;
        asked();
        return slow;
    };
    const before = mailServer.letters.length;
    assert.equal((await ask("dan@example.org")).status, 202);
    await reached;
    const stopped = server.stop({ keep: true });
    await until("not stopping", () => server.log.includes("stopping"));
    await new Promise((resolve) => setTimeout(resolve, 300)); // time enough to give the letter up
    release();
    assert.deepEqual(await stopped, { code: 0, signal: null });
    assert.equal(mailServer.letters.length, before + 1);
    assert.equal(mailServer.letters.at(-1).to, "dan@example.org");
    await server.start();
});
