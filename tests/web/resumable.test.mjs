// A large file over a bad connection: it goes on by itself, and after a reload where it stopped.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { root, startServer, temporaryFolder } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";

const folder = temporaryFolder("bb-large");
const file = path.join(folder, "notes.pdf");
let server, browser;
before(async () => {
    const padding = Buffer.from("\n%".padEnd(3 * 1024 * 1024, "x"));
    writeFileSync(file, Buffer.concat([readFileSync(path.join(root, "tests/samples/notes.pdf")), padding]));
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

async function open(email) {
    const person = await server.as(email);
    const { id } = await create(person, "/api/materials", { title: "Plants" });
    const page = await browser.visitor(server, { cookie: person.cookie, size: "phone" });
    page.begun = [];
    page.on("request", (request) => {
        if (request.url().includes("/api/uploads")) page.begun.push(request.method());
    });
    await page.goto(`/materials/${id}`);
    await page.getByRole("heading", { name: "Plants" }).waitFor();
    return page;
}

const bring = (page) => page.locator("input[type=file][multiple]").setInputFiles(file);
const isThere = (page) => page.getByRole("link", { name: /notes\.pdf/ }).waitFor({ timeout: 60_000 });

test("a connection that breaks twice costs nothing but time", async () => {
    const page = await open("breaks@example.org");
    let broken = 0;
    await page.route("**/api/uploads/*", (route) => {
        if (route.request().method() === "PATCH" && (broken += 1) <= 2) return route.abort("connectionreset");
        return route.fallback();
    });
    await bring(page);
    await isThere(page);
    assert.equal(page.begun.filter((method) => method === "POST").length, 1);
    assert.ok(broken >= 3);
    await page.getByRole("link", { name: /notes\.pdf/ }).click();
    await page.getByText("Ang dahon ang kusina ng halaman").first().waitFor();
});

test("after a reload the same file goes on where it stopped, with its progress", async () => {
    const page = await open("reload@example.org");
    const stuck = (route) => (route.request().method() === "PATCH" ? undefined : route.fallback());
    await page.route("**/api/uploads/*", stuck);
    await bring(page);
    await page.getByText("notes.pdf: sending…").waitFor();
    await page.waitForFunction(() =>
        Object.keys(localStorage).some((key) => key.startsWith("brainbytes:upload:")),
    );
    await assertGood(page, "uploading");
    await page.unroute("**/api/uploads/*", stuck);
    await page.reload();
    await bring(page);
    await isThere(page);
    const posts = page.begun.filter((method) => method === "POST").length;
    assert.deepEqual([posts, page.begun.includes("HEAD")], [1, true], page.begun.join(" "));
    // The list may show it before the answer to its last piece is here.
    await page.waitForFunction(() =>
        Object.keys(localStorage).every((key) => !key.startsWith("brainbytes:upload:")),
    );
});

test("signing out takes along what was remembered of an upload", async () => {
    const page = await open("leaves@example.org");
    await page.route("**/api/uploads/*", (route) =>
        route.request().method() === "PATCH" ? undefined : route.fallback(),
    );
    await bring(page);
    const remembered = () => Object.keys(localStorage).filter((key) => key.includes("notes.pdf")).length;
    for (const deadline = Date.now() + 10_000; (await page.evaluate(remembered)) !== 1; await pause(50))
        assert.ok(Date.now() < deadline, "no upload is remembered");
    await page.goto("/settings");
    await page.getByRole("button", { name: "Sign out", exact: true }).last().click();
    await page.waitForURL("**/sign-in");
    assert.equal(await page.evaluate(remembered), 0);
});

test("what the server refuses is said at once, with what helps, and can be dismissed", async () => {
    const page = await open("refused@example.org");
    for (const [pointer, words] of [
        ["#/storage", "Delete files you no longer need."],
        ["#/deleted", "What you deleted in the last 30 days still takes too much room."],
    ]) {
        const refuse = (route) =>
            route.fulfill({
                status: 413,
                contentType: "application/problem+json",
                body: JSON.stringify({
                    status: 413,
                    title: "Too large",
                    errors: [{ pointer, detail: "full" }],
                }),
            });
        await page.route("**/api/uploads", refuse);
        await bring(page);
        await page.getByRole("alert").filter({ hasText: "notes.pdf" }).filter({ hasText: words }).waitFor();
        await page.getByRole("button", { name: "Try again" }).waitFor();
        await page.getByRole("button", { name: "Dismiss" }).click();
        await page.getByText("notes.pdf").waitFor({ state: "detached" });
        await page.unroute("**/api/uploads", refuse);
    }
});
