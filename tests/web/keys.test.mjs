// API keys, the address and notices by mail, as a person meets them in the settings.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDatabase } from "../support/database.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, startBrowser } from "./browser.mjs";

let database, server, browser;
before(async () => {
    database = await startDatabase();
    const env = { DATABASE_URL: database.url };
    [server, browser] = await Promise.all([startServer({ env }), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await database?.stop();
});

async function settings(email, options = {}) {
    const person = await server.as(email);
    const page = await browser.visitor(server, { cookie: person.cookie, ...options });
    await page.goto("/settings");
    await page.getByRole("heading", { name: "API keys" }).waitFor();
    return { person, page };
}

test("a key is made after a proof, shown once, works, and is revoked", async () => {
    const { page } = await settings("ana@example.org", { size: "tiny", scheme: "dark" });
    await database.query("UPDATE sessions SET proved_at = now() - interval '16 minutes'");
    await page.getByLabel("What it is for").fill("Backup");
    await page.getByText("Read and change").click();
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.getByRole("dialog", { name: "Is it you?" }).waitFor();
    const { code } = await newestMail(server, "ana@example.org");
    await page.getByLabel("Six-digit code").fill(code);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("Copy the key now.").waitFor();
    const token = await page.getByRole("status").locator("code").innerText();
    await assertGood(page, "a new key at 320 px in the dark");
    if (process.env.SCREENSHOTS)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/keys.png`, fullPage: true });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByText("Copied").first().waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await server.request("/api/threads", { headers })).status, 200);

    await page.getByRole("button", { name: "Done" }).click();
    assert.equal(await page.getByText(token).count(), 0);
    await page.reload();
    await page.getByText(`Backup ${token.slice(0, 8)}…`).waitFor();
    assert.ok(!(await page.content()).includes(token));
    await page.getByRole("button", { name: "Revoke: Backup" }).click();
    await page.getByText("The key opens nothing any more").waitFor();
    assert.equal((await server.request("/api/threads", { headers })).status, 401);
    assert.deepEqual(page.faults, []);
});

test("the address changes with a code from the new one", async () => {
    const { page } = await settings("ben@example.org", { size: "tiny" });
    await page.getByRole("button", { name: "Change the address" }).click();
    await page.getByLabel("New e-mail").fill("ben.new@example.org");
    await page.getByRole("button", { name: "Send a code there" }).click();
    await page.getByText("Enter the code that we sent to ben.new@example.org.").waitFor();
    await assertGood(page, "the code of a new address");
    const { code } = await newestMail(server, "ben.new@example.org");
    await page.getByLabel("Six-digit code").fill(code);
    await page.getByRole("button", { name: "Change it" }).click();
    await page.getByText("Your address is ben.new@example.org now.").waitFor();
    await page.getByText("ben.new@example.org").first().waitFor();
    assert.deepEqual(page.faults, []);
});

test("notices are switched, and ended from a mail without signing in", async () => {
    const { person, page } = await settings("cora@example.org");
    const weekly = page.getByRole("switch", { name: /Sunday evening/ });
    await weekly.click();
    await page.waitForFunction(
        () => document.querySelectorAll('[role="switch"][aria-checked="true"]').length === 2,
    );
    await assertGood(page, "the settings");
    await database.query(
        "INSERT INTO mail_queue (user_id, kind, language, payload) SELECT id, 'weekly', 'en', " +
            `'{"chats":"1","questions":"2","materials":"3"}' FROM users WHERE email = 'cora@example.org'`,
    );
    const { link } = await newestMail(server, "cora@example.org");
    const stranger = await browser.visitor(server, { size: "tiny", scheme: "dark" });
    await stranger.goto(new URL(link).pathname + new URL(link).hash);
    await stranger.getByRole("button", { name: "Stop these mails" }).waitFor();
    await assertGood(stranger, "the page that ends mails");
    await stranger.getByRole("button", { name: "Stop these mails" }).click();
    await stranger.getByText("Done. You can have them again").waitFor();
    assert.deepEqual((await person.request("/api/me/notices")).json, { newDevice: true, weekly: false });
    await stranger.goto("/unsubscribe#broken");
    await stranger.reload();
    await stranger.getByRole("button", { name: "Stop these mails" }).click();
    await stranger.getByText("This link is not whole.").waitFor();
    assert.deepEqual([...page.faults, ...stranger.faults], []);
});
