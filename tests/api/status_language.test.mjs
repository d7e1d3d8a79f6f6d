// The status page, its letter and the pages behind links speak English or Filipino, as the browser asks.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { startMailSink } from "../support/mail_sink.mjs";
import { startServer, temporaryFolder } from "../support/server.mjs";

let server, mail;
before(async () => {
    mail = await startMailSink();
    const contacts = path.join(temporaryFolder(), "contacts.toml");
    const lines = ["[contacts]", 'ana = { email = "ana@school.example" }', "[escalation]", 'L1 = ["ana"]'];
    writeFileSync(contacts, `${lines.join("\n")}\n`, { mode: 0o644 });
    server = await startServer({ env: { SMTP_URL: mail.url, BRAINBYTES_CONFIG: contacts } });
});
after(async () => {
    await server?.stop();
    await mail?.close();
});

/** A page for who wants `language`, with all that says so right. */
async function page(language, target, options = {}) {
    const headers = { "Accept-Language": language === "fil" ? "fil-PH,fil;q=0.9,en;q=0.5" : "en-PH" };
    const { status, headers: got, text } = await server.request(target, { headers, ...options });
    assert.match(text, new RegExp(`^<!doctype html>\n<html lang="${language}">`), target);
    assert.equal(got.get("content-language"), language, target);
    assert.equal(got.get("vary"), "Accept-Language", target);
    assert.doesNotMatch(text, /[{}]/, target);
    return { status, text };
}

async function letterTo(to, pattern) {
    for (const deadline = Date.now() + 40_000; Date.now() < deadline; await pause(250)) {
        const plain = mail
            .letters(to)
            .map(({ data }) => data.replace(/=\r?\n/g, "").replace(/=3D/gi, "="))
            .find((data) => pattern.test(data));
        if (plain) return plain;
    }
    throw new Error(`no letter to ${to} like ${pattern}\n${server.tail(20)}`);
}

/** The path and query of a link in a letter. */
function targetIn(letter, pattern) {
    const { pathname, search } = new URL(pattern.exec(letter)[0]);
    return pathname + search;
}

test("the status page is in the language that is wanted most, English without a wish", async () => {
    assert.match((await page("en", "/status")).text, /<h1>How BrainBytes is<\/h1>/);
    const { text } = await page("fil", "/status");
    assert.match(text, /<h1>Kalagayan ng BrainBytes<\/h1>/);
    assert.doesNotMatch(text, /Incidents|Signing in|works/);
    for (const [wish, language] of [
        ["", "en"],
        ["de,fr;q=0.5", "en"],
        ["en,fil;q=0.9", "en"],
        ["en;q=0.1,tl", "fil"],
    ]) {
        const { text: shown } = await server.request("/status", { headers: { "Accept-Language": wish } });
        assert.match(shown, new RegExp(`<html lang="${language}">`), wish);
    }
});

test("who subscribes in Filipino is asked in Filipino", async () => {
    const form = new FormData();
    form.set("email", "magulang@home.example");
    const asked = await page("fil", "/status/subscribe", { method: "POST", body: form });
    assert.match(asked.text, /Tingnan ang iyong mail/);
    const bad = await page("fil", "/status/subscribe", { method: "POST", body: new FormData() });
    assert.deepEqual([bad.status, /Hindi iyan e-mail address/.test(bad.text)], [422, true]);
    const letter = await letterTo("magulang@home.example", /May humiling/);
    assert.match(letter, /Subject: Gusto mo bang mabalitaan/);
    assert.match(letter, /<html lang="fil">/);
    const confirm = targetIn(letter, /http\S+\/status\/confirm\?\S+/);
    const end = confirm.replace("/status/confirm", "/status/end");
    assert.match((await page("fil", confirm)).text, /mabalitaan.*<button class="button primary">Oo</s);
    assert.match((await page("fil", confirm, { method: "POST" })).text, /Babalitaan ka/);
    assert.match((await page("en", confirm)).text, /Hear of incidents\?/);
    assert.match((await page("fil", end)).text, /Buburahin ang address\..*Itigil</s);
    assert.match((await page("fil", end, { method: "POST" })).text, /Binura na ang address/);
    const gone = await page("fil", confirm, { method: "POST" });
    assert.deepEqual([gone.status, /Mali ang link na ito/.test(gone.text)], [404, true]);
});

test("an incident is told in Filipino, and taken in hand in it", async () => {
    const words = ["open", "Walang makapasok", "--severity", "P1", "--component", "sign-in", "--json"];
    const opened = await server.command("incident", ...words);
    assert.equal(opened.code, 0, opened.stderr);
    const { number } = JSON.parse(opened.stdout);
    const letter = await letterTo("ana@school.example", /Walang makapasok/);
    const link = targetIn(letter, /http\S+\/incident\?number=\d+&key=\w+/);
    assert.match((await page("fil", link)).text, /Ikaw na ba ang bahala rito\?.*Ako ang bahala/s);
    const yours = await page("fil", link, { method: "POST" });
    assert.match(yours.text, new RegExp(`Ikaw na ang bahala sa insidente ${number}.*Walang makapasok`, "s"));
    const late = await page("fil", link, { method: "POST" });
    assert.equal(late.status, 409);
    assert.match(late.text, /<p lang="en">Incident \d+ is in hand already/);
    for (const deadline = Date.now() + 40_000; ; await pause(250)) {
        const { text } = await page("fil", "/status");
        if (/Napansin namin ito/.test(text)) {
            assert.match(text, /Pag-sign in: may problema/);
            assert.match(text, /Pag-sign in, tinitingnan pa/);
            break;
        }
        assert.ok(Date.now() < deadline, text);
    }
});
