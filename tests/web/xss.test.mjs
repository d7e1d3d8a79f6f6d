// Hostile texts in every field that stores one, looked at on every screen that shows it: nothing of it runs, becomes an
// element, or is fetched.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Authenticator } from "../support/authenticator.mjs";
import { ask, newId, personOf } from "../support/chat.mjs";
import { startTrap } from "../support/gullible.mjs";
import { injections } from "../support/injections.mjs";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { create, startBrowser } from "./browser.mjs";

let model, trap, server, browser, person, page, payloads;
const elsewhere = [];

before(async () => {
    [model, trap, browser] = await Promise.all([startModel(), startTrap(), startBrowser()]);
    server = await startServer({ env: model.env });
    person = await personOf(server, "ana@example.org");
    payloads = injections
        .filter((one) => one.class === "LLM05")
        .map((one) => one.text.replaceAll("{trap}", trap.url).replaceAll("\u0000", ""));
    page = await browser.visitor(server, { cookie: person.cookie });
    page.on("request", (request) => {
        if (!request.url().startsWith(server.url) && !request.url().startsWith("data:"))
            elsewhere.push(request.url());
    });
    page.on("dialog", (dialog) => {
        page.faults.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
    });
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await model?.close();
    await trap?.close();
});

/** What a screen must not hold once it is there. */
async function assertHarmless(address, shows, press) {
    await page.goto(address);
    if (press) await page.getByRole("button", { name: press, exact: true }).click();
    await page.getByText(shows).filter({ visible: true }).first().waitFor();
    await page.waitForLoadState("networkidle");
    await assertNothingRuns(address);
}

async function assertNothingRuns(address) {
    const found = await page.evaluate(() => ({
        ran: globalThis.pwned ?? null,
        tags: [...document.querySelectorAll("main *, dialog *")]
            .map((element) => element.localName)
            .filter((tag) =>
                /^(script|img|iframe|object|embed|style|link|video|audio|base|meta|template)$/.test(tag),
            ),
        handlers: [...document.querySelectorAll("body *")].flatMap((element) =>
            element.getAttributeNames().filter((name) => /^on/.test(name)),
        ),
        links: [...document.querySelectorAll("main a, dialog a")]
            .map((link) => link.protocol)
            .filter((protocol) => !/^(https?|mailto):$/.test(protocol)),
    }));
    assert.deepEqual(found, { ran: null, tags: [], handlers: [], links: [] }, address);
    assert.deepEqual(page.faults, [], address);
}

const oneLine = (text, longest = 80) => text.replaceAll(/\s+/g, " ").slice(0, longest);

test("names of subjects, materials, texts and files, and what stands in them", async () => {
    const places = [];
    for (const [i, payload] of payloads.entries()) {
        const title = `${i} ${oneLine(payload)}`;
        const subject = i % 6 === 0 ? `S${oneLine(payload, 60)}` : "Plain";
        const material = await create(person, "/api/materials", { title, subject, description: payload });
        const content = `Marker${i}\n\n${payload}`;
        const entry = await create(person, `/api/materials/${material.id}/entries`, { title, content });
        places.push({ material: material.id, entry: entry.id });
    }
    const form = new FormData();
    const name = `x" onload="window.pwned=1.md`;
    form.append("file", new Blob([payloads.join("\n\n")], { type: "text/markdown" }), name);
    const files = `/api/materials/${places[0].material}/files`;
    const sent = await person.request(files, { method: "POST", body: form });
    assert.equal(sent.status, 201, sent.text);
    const content = await person.request(`${files}/${sent.json.id}/content`);
    assert.match(content.headers.get("content-disposition"), /^attachment;/);
    assert.equal(content.headers.get("x-content-type-options"), "nosniff");

    await assertHarmless("/materials", "Plain");
    await assertHarmless(`/materials/${places[0].material}`, "window.pwned=1.md");
    await assertHarmless(`/materials/${places[0].material}/files/${sent.json.id}`, "window.pwned=1.md");
    for (const [i, { material, entry }] of places.entries())
        if (i % 2 === 0)
            await assertHarmless(`/materials/${material}/entries/${entry}`, `Marker${i}`, "Read");
    await assertHarmless("/search?q=pwned", "pwned");
});

test("questions, titles of chats and the name of a person", async () => {
    const threads = [];
    for (const payload of payloads) {
        const thread = newId();
        await ask(person, thread, `${payload}\n\nLook [[tokens=2]]`);
        const title = oneLine(payload) || "x";
        await person.request(`/api/threads/${thread}`, { method: "PATCH", json: { title } });
        threads.push(thread);
    }
    for (const thread of threads.filter((_, i) => i % 3 === 0))
        await assertHarmless(`/chat/${thread}`, "Look [[tokens=2]]");
    for (const payload of payloads.slice(0, 6)) {
        const name = oneLine(payload);
        const changed = await person.request("/api/me", { method: "PATCH", json: { name } });
        assert.equal(changed.status, 200, changed.text);
        await assertHarmless("/settings", "Settings");
    }
});

test("names of API keys and of passkeys", async () => {
    const origin = `http://localhost:${server.port}`;
    const passkeys = [];
    for (const payload of payloads.slice(0, 18)) {
        const name = `K ${oneLine(payload, 70)}`.trim();
        await create(person, "/api/keys", { name, scopes: ["read"] });
        const options = await create(person, "/api/passkeys/options", {}, 200);
        const credential = new Authenticator(origin).create(options);
        passkeys.push((await create(person, "/api/passkeys", { credential, name })).passkey.name);
    }
    const keys = (await person.request("/api/keys")).json.keys;
    assert.deepEqual([keys.length, passkeys.length], [18, 18]);
    await assertHarmless("/settings", keys[0].name);
    for (const name of passkeys) await page.getByText(name).first().waitFor();
    for (const { name } of keys) await page.getByText(name).first().waitFor();
});

test("the same names where an administrator sees them", async () => {
    const made = await server.command("user", "create", "root@example.org", "--role", "administrator");
    assert.equal(made.code, 0, made.stderr);
    const cookie = await server.cookieFor("root@example.org");
    const admin = await browser.visitor(server, { cookie });
    const own = page;
    page = admin;
    for (const payload of payloads.slice(0, 6)) {
        const name = oneLine(payload).trim();
        await person.request("/api/me", { method: "PATCH", json: { name } });
        const { people } = (await server.request("/api/admin/people?q=ana@", { cookie })).json;
        assert.equal(people[0].name, name);
        await assertHarmless("/admin", name);
        await page.getByRole("button", { name: /ana@example\.org/ }).click();
        const dialog = page.getByRole("dialog", { name, exact: true });
        await dialog.getByText("ana@example.org").first().waitFor();
        await assertNothingRuns("the dialog of a person");
        await page.keyboard.press("Escape");
    }
    await assertHarmless("/admin/log", /session\.created/);
    page = own;
    // Who looked: the administrator's name, at the person who was looked at.
    const [payload] = payloads;
    const name = oneLine(payload).trim();
    await server.request("/api/me", { method: "PATCH", json: { name }, cookie });
    await assertHarmless("/settings/data", name);
});

test("nothing was asked for elsewhere", () => {
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(trap.asked, []);
});
