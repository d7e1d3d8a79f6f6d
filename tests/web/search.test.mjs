// The search screen: what it finds, where it leads, and how it is narrowed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";

let server, browser, person, rocks, walls, note, thread;
before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    person = await server.as("eve@example.org");
    rocks = await create(person, "/api/materials", { title: "Rocks" });
    const content = "# Rocks\n\nGranite cools slowly underground.\n";
    const entry = { title: "Geology", content };
    const { id } = await create(person, `/api/materials/${rocks.id}/entries`, entry);
    note = `/materials/${rocks.id}/entries/${id}`;
    walls = await create(person, "/api/materials", {
        title: "Granite walls, their builders and what became of them in all the years since",
        description: "For the trip to the old town",
    });
    await create(person, "/api/materials", { title: "Unfound" });
    thread = await create(person, "/api/threads", { title: "Is granite hard?" });
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

const visit = (options = {}) => browser.visitor(server, { cookie: person.cookie, ...options });
const hits = (page) => page.locator("main li > a");
const chip = (page, name) =>
    page.getByRole("group", { name: "Where to search" }).getByRole("button", { name });
const choice = (page) => page.getByRole("combobox", { name: "Material", exact: true });

/** Waits until these are the addresses of what was found, in whatever order. */
async function leadsTo(page, ...places) {
    const wanted = places.toSorted().join();
    await page.waitForFunction((wanted) => {
        const links = [...document.querySelectorAll("main li > a")];
        return (
            links
                .map(({ pathname }) => pathname)
                .sort()
                .join() === wanted
        );
    }, wanted);
}

test("materials and chats are found by their titles, marked, and open", async () => {
    const page = await visit();
    await page.goto("/search");
    await page.getByRole("searchbox", { name: "Search materials and conversations" }).fill("granite");
    await leadsTo(page, note, `/materials/${walls.id}`, `/chat/${thread.id}`);
    const material = page.getByRole("link", { name: /Granite walls.*Material.*For the trip/s });
    const chat = page.getByRole("link", { name: /Is granite hard\?.*Chat/s });
    assert.equal(await material.locator("mark").textContent(), "Granite");
    assert.equal(await chat.locator("mark").textContent(), "granite");
    await page.getByText("3 results").waitFor();
    await assertGood(page, "search-all");
    await material.click();
    await page.getByRole("heading", { name: /Granite walls/ }).waitFor();
    await page.goBack();
    await chat.click();
    await page.waitForURL(`**/chat/${thread.id}`);
    await page.goBack();
    await material.waitFor();
});

test("a search is narrowed to chats or to one material, and a reload keeps it", async () => {
    const page = await visit({ size: "phone" });
    await page.goto("/search");
    await page.getByRole("searchbox", { name: "Search materials and conversations" }).fill("granite");
    await hits(page).nth(2).waitFor();
    await chip(page, "Chats").click();
    await leadsTo(page, `/chat/${thread.id}`);
    assert.equal(await choice(page).count(), 0, "no material to choose among chats");
    assert.match(page.url(), /\?q=granite&in=threads$/);
    await page.reload();
    await leadsTo(page, `/chat/${thread.id}`);
    assert.equal(await chip(page, "Chats").getAttribute("aria-pressed"), "true");
    await assertGood(page, "search-chats");

    await chip(page, "Materials").click();
    await leadsTo(page, note, `/materials/${walls.id}`);
    await choice(page).selectOption("Rocks");
    await leadsTo(page, note);
    await page.reload();
    await leadsTo(page, note);
    await choice(page).getByRole("option", { name: "Rocks", selected: true }).waitFor({ state: "attached" });
    assert.equal(await choice(page).inputValue(), rocks.id);
    assert.equal(await chip(page, "Materials").getAttribute("aria-pressed"), "true");
    await assertGood(page, "search-material");
    await choice(page).selectOption("Unfound");
    await page.getByText("Nothing found for “granite”.").waitFor();

    await chip(page, "All").click();
    await hits(page).nth(2).waitFor();
    assert.equal(await choice(page).inputValue(), "");
    assert.match(page.url(), /\?q=granite$/);
});

test("the keyboard alone narrows a search", async () => {
    const page = await visit();
    await page.goto("/search?q=granite");
    await hits(page).nth(2).waitFor();
    await choice(page).waitFor();
    for (let i = 0; i < 2; i += 1) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await leadsTo(page, note, `/materials/${walls.id}`);
    for (let i = 0; i < 2; i += 1) await page.keyboard.press("Tab");
    await page.keyboard.type("Rocks");
    await leadsTo(page, note);
    assert.match(page.url(), new RegExp(`material=${rocks.id}$`));
});

test("a material that is in no list stays the choice until another is made", async () => {
    const page = await visit({ size: "tiny" });
    await page.goto("/search?q=granite&material=3f0a2c44-0000-4000-8000-000000000009");
    await page.getByText("Nothing found for “granite”.").waitFor();
    await choice(page).getByRole("option", { name: "Rocks" }).waitFor({ state: "attached" });
    assert.equal(await choice(page).locator("option:checked").textContent(), "The chosen material");
    await assertGood(page, "search-gone");
    await choice(page).selectOption({ index: 0 });
    await leadsTo(page, note, `/materials/${walls.id}`);
    await assertGood(page, "search-tiny");
});

test("in Filipino, on a small dark screen", async () => {
    const changed = await person.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    assert.equal(changed.status, 200, changed.text);
    const page = await visit({ size: "tiny", scheme: "dark" });
    await page.goto(`/search?q=granite&material=${walls.id}`);
    await page.getByRole("group", { name: "Kung saan maghahanap" }).waitFor();
    await page.getByRole("combobox", { name: "Aralin", exact: true }).waitFor();
    await page.getByText("Walang nakita para sa “granite”.").waitFor();
    await page.getByRole("button", { name: "Lahat", exact: true }).click();
    await page.getByText("3 resulta").waitFor();
    await page.getByRole("link", { name: /Is granite hard\?.*Usapan/s }).waitFor();
    await assertGood(page, "search-filipino");
});
