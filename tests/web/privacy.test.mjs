// "Your data" and temporary chats, as people use them: on a desktop and on a phone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { startDatabase } from "../support/database.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { unzip } from "../support/zip.mjs";
import { assertGood, create, eventually, startBrowser, tooWide } from "./browser.mjs";

let database, server, browser, admin;
before(async () => {
    database = await startDatabase();
    [server, browser] = await Promise.all([
        startServer({ env: { DATABASE_URL: database.url } }),
        startBrowser(),
    ]);
    admin = await server.admin();
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await database?.stop();
});

async function open(person, options = {}) {
    const page = await browser.visitor(server, { cookie: person.cookie, ...options });
    await page.goto("/settings/data");
    await page.getByRole("heading", { level: 1, name: /Your data|Ang datos mo/ }).waitFor();
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .skeleton'));
    return page;
}

for (const size of ["desktop", "phone", "tiny"])
    for (const scheme of ["light", "dark"])
        test(`the page, ${size}, ${scheme}`, async () => {
            const person = await server.as(`${size}-${scheme}@privacy.example`);
            const { id } = (await person.request("/api/session")).json.user;
            await admin.request(`/api/admin/people/${id}`);
            if (size === "tiny")
                await person.request("/api/me", { method: "PATCH", json: { language: "fil" } });
            const page = await open(person, { size, scheme });
            await page.getByText(/admin: (looked|tiningnan)/).waitFor();
            await assertGood(page, `${size} ${scheme}`);
            assert.ok((await tooWide(page)) <= 0);
            if (process.env.SHOTS)
                await page.screenshot({ path: `${process.env.SHOTS}/${size}-${scheme}.png`, fullPage: true });
            await page.context().close();
        });

test("an archive is downloaded after a proof, and brought again", async () => {
    const ana = await server.as("ana@privacy.example");
    await create(ana, "/api/materials", { title: "Cells" });
    await database.query("UPDATE sessions SET proved_at = now() - interval '1 hour'");
    const page = await open(ana);
    await page.getByRole("button", { name: "Make an archive" }).click();
    const { code } = await newestMail(server, ana.email, 1);
    await page.getByLabel(/code/i).fill(code);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText(/Your archive of .* is ready/).waitFor();
    await assertGood(page, "an archive that is ready");
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/ready.png`, fullPage: true });
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download" }).click();
    assert.match((await download).suggestedFilename(), /^brainbytes-[\d-]+\.zip$/);
    const file = await (await download).path();
    await page.getByText("Your archive is there.").waitFor();
    const mail = await newestMail(server, ana.email, 2);
    assert.match(mail.subject, /archive of your BrainBytes data is ready/);
    await page.getByRole("button", { name: "Delete it now" }).click();
    await page.getByRole("button", { name: "Make an archive" }).waitFor();
    assert.ok(unzip(readFileSync(file))["brainbytes.json"]);
    await page
        .locator('input[type="file"]')
        .setInputFiles({ name: "x.zip", mimeType: "application/zip", buffer: readFileSync(file) });
    await page.getByText("0 things came along. 1 were here already.").waitFor();
    await page
        .locator('input[type="file"]')
        .setInputFiles({ name: "x.zip", mimeType: "application/zip", buffer: Buffer.from("no") });
    await page.getByText("This file is no whole archive of BrainBytes. Nothing was changed.").waitFor();
    const details = page.getByText("This is not a whole ZIP file");
    assert.equal(await details.getAttribute("lang"), "en");
    await assertGood(page, "an archive that was refused");
});

test("an archive that is refused says why, in the language of the person", async () => {
    const fe = await server.as("fe@privacy.example");
    await fe.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    const page = await open(fe, { size: "tiny" });
    const refused = { headers: { "content-type": "application/problem+json" }, body: "{}" };
    await page.route("**/api/me/archive", (route) => route.fulfill({ ...refused, status: 429 }), {
        times: 1,
    });
    await page.getByRole("button", { name: "Gumawa ng archive" }).click();
    await page.getByText("Masyado").waitFor();
    await page.getByRole("button", { name: "Gumawa ng archive" }).click();
    await page.getByText(/Handa na ang archive mo/).waitFor();
    await page.route("**/api/me/archive", (route) => route.fulfill({ ...refused, status: 404 }), {
        times: 1,
    });
    await page.getByRole("button", { name: "I-download" }).click();
    await page.getByText("Wala na ang archive na ito.").waitFor();
    await page
        .locator('input[type="file"]')
        .setInputFiles({ name: "x.zip", mimeType: "application/zip", buffer: Buffer.from("no") });
    await page.getByText("Hindi ito buong archive ng BrainBytes. Walang nabago.").waitFor();
    await page.getByText("This is not a whole ZIP file").waitFor();
});

test("an account is deleted after a second thought, and signing in undoes it", async () => {
    const ben = await server.as("ben@privacy.example");
    const page = await open(ben, { size: "phone" });
    await page.evaluate(() => localStorage.setItem("brainbytes:draft:x", "not yet sent"));
    await page.getByRole("button", { name: "Delete my account" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Close" }).click();
    assert.equal((await ben.request("/api/sessions")).status, 200);
    await page.getByRole("button", { name: "Delete my account" }).click();
    await dialog.getByRole("button", { name: "Delete my account" }).click();
    await page.getByText("Sign in before if you change your mind").waitFor();
    await page.waitForURL(/sign-in/);
    const kept = await page.evaluate(() =>
        Object.keys(localStorage).filter((key) => /draft:|unsent:/.test(key)),
    );
    assert.deepEqual(kept, [], "no draft stays on the device");
    const again = await browser.visitor(server);
    await again.goto("/sign-in");
    await again.getByLabel("E-mail").fill("ben@privacy.example");
    await again.getByLabel("E-mail").press("Enter");
    const { code } = await newestMail(server, "ben@privacy.example");
    await again.getByLabel("Six-digit code").pressSequentially(code);
    await again.getByText("You signed in, so your account is not deleted.").waitFor();
});

test("a temporary chat says so and stands in no list", async () => {
    const cora = await server.as("cora@privacy.example");
    const page = await browser.visitor(server, { size: "phone", cookie: cora.cookie });
    await page.goto("/chat");
    const choice = page.getByRole("switch", { name: "Temporary chat" });
    await choice.click();
    assert.equal(await choice.getAttribute("aria-checked"), "true");
    await assertGood(page, "the switch");
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/temporary.png` });
    await page.getByRole("textbox").fill("Hello there");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Temporary chat: In no list").waitFor();
    const id = new URL(page.url()).pathname.split("/").pop();
    await eventually(async () => (await cora.request(`/api/threads/${id}`)).json.temporary === true);
    assert.deepEqual((await cora.request("/api/threads")).json.threads, []);
    await page.reload();
    await page.getByText("Temporary chat: In no list").waitFor();
});

test("the school says how long things are kept", async () => {
    const administrator = await server.as("admin@example.org");
    const page = await browser.visitor(server, { size: "phone", cookie: administrator.cookie });
    await page.goto("/admin/system");
    await page.getByLabel("Chats (months)").fill("6");
    const save = page
        .locator("form", { hasText: "How long things are kept" })
        .getByRole("button", { name: "Save" });
    await save.click();
    await page.getByText("Saved").waitFor();
    assert.equal((await administrator.request("/api/admin/retention")).json.chatsMonths, 6);
    const faster = { method: "PATCH", json: { materialsMonths: 24 } };
    assert.equal((await administrator.request("/api/admin/retention", faster)).status, 200);
    await page.getByLabel("Chats (months)").fill("9");
    await save.click();
    await page.getByText("Somebody changed this meanwhile").waitFor();
    assert.equal(await page.getByLabel("Chats (months)").inputValue(), "6");
    assert.equal(await page.getByLabel("Materials (months)").inputValue(), "24");
    await page.getByLabel("Chats (months)").fill("9");
    await save.click();
    await eventually(async () => {
        const { json } = await administrator.request("/api/admin/retention");
        assert.deepEqual(json, { chatsMonths: 9, materialsMonths: 24 });
    });
});
