// Every screen at every size in both themes: no accessibility fault, nothing too wide, a small first load.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser, tooWide } from "./browser.mjs";

let model, server, browser, person;
const places = {};
before(async () => {
    model = await startModel();
    [server, browser] = await Promise.all([startServer({ env: model.env }), startBrowser()]);
    person = await server.as("maria@example.org");
    const material = await create(person, "/api/materials", { title: "Cells", subject: "Biology" });
    const content =
        "# Cells\n\nMitochondria release energy.\n\n$a^2$\n\n```python\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";
    const entry = await create(person, `/api/materials/${material.id}/entries`, {
        title: "Mitochondria",
        content,
    });
    const long = "A title so long that no phone can show it in one line";
    await create(person, "/api/materials", { title: long, subject: long });
    await create(person, `/api/materials/${material.id}/entries`, { title: long, content: "Words." });
    const form = new FormData();
    form.append("file", new Blob(["# File\n\nWords."]), "notes.md");
    const uploaded = await person.request(`/api/materials/${material.id}/files`, {
        method: "POST",
        body: form,
    });
    assert.equal(uploaded.status, 201, uploaded.text);
    const thread = await create(person, "/api/threads", { title: "Energy" });
    const message = {
        id: "q1",
        role: "user",
        parts: [{ type: "text", text: "What do mitochondria release? [[cite=1]]" }],
    };
    await create(person, "/api/chat", { id: thread.id, message }, 200);
    Object.assign(places, {
        chat: "/chat",
        conversation: `/chat/${thread.id}`,
        materials: "/materials",
        material: `/materials/${material.id}`,
        entry: `/materials/${material.id}/entries/${entry.id}`,
        passage: `/materials/${material.id}/entries/${entry.id}?start=9&end=36`,
        file: `/materials/${material.id}/files/${uploaded.json.id}`,
        search: "/search?q=mitochondria",
        settings: "/settings",
        missing: "/nowhere",
        lost: "/chat/3f0a2c44-0000-4000-8000-000000000009",
    });
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await model?.close();
});

const doors = { "sign-in": "/sign-in", link: "/sign-in/link#x", setup: "/setup#x" };

/** Opens a place and waits until nothing on it is still loading. */
async function open(page, place) {
    await page.goto(place);
    await page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .skeleton'));
}

for (const size of ["desktop", "phone"]) {
    for (const scheme of ["light", "dark"]) {
        test(`every screen, ${size}, ${scheme}`, async () => {
            const outside = await browser.visitor(server, { size, scheme });
            for (const [name, place] of Object.entries(doors)) {
                await open(outside, place);
                await assertGood(outside, name);
            }
            await outside.context().close();
            const page = await browser.visitor(server, { size, scheme, cookie: person.cookie });
            for (const [name, place] of Object.entries(places)) {
                await open(page, place);
                await assertGood(page, name);
            }
            await page.goto(places.conversation);
            await page.locator("button.cite").first().click();
            await page.locator("mark.passage").first().waitFor();
            await assertGood(page, "source");
            await page.goto(places.materials);
            await page.getByRole("button", { name: "New material" }).click();
            await assertGood(page, "dialog");
            await open(page, places.material);
            await page.getByRole("button", { name: "Add text" }).click();
            await page.getByRole("dialog").waitFor();
            await assertGood(page, "dialog of a new text");
            await page.keyboard.press("Escape");
            await page.getByRole("button", { name: "Actions for Mitochondria" }).click();
            await page.getByRole("menuitem", { name: "Delete" }).waitFor();
            await assertGood(page, "open menu");
            await page.route(/\/api\/materials/, (route) => route.fulfill({ status: 503, body: "{}" }));
            await page.goto(places.material);
            await page.getByRole("button", { name: "Try again" }).waitFor();
            await assertGood(page, "error");
            await page.context().close();
        });
    }
}

test("nothing is wider than a screen of 320 pixels", async () => {
    const page = await browser.visitor(server, { size: "tiny", cookie: person.cookie });
    for (const [name, place] of Object.entries(places)) {
        await open(page, place);
        const over = await tooWide(page);
        assert.ok(over <= 0, `${name} is ${over} px too wide`);
        const box = page.getByLabel("Your message");
        if (name === "chat") assert.ok((await box.boundingBox()).width > 200, "room to write");
    }
});

test("a server in trouble is said on every screen, with a way to try again", async () => {
    const page = await browser.visitor(server, { cookie: person.cookie });
    const data = /\/api\/(?!session|threads\?|threads$)/;
    const contents = {
        conversation: page.getByRole("article").getByText("What do mitochondria release?"),
        materials: page.getByRole("link", { name: /Cells/ }),
        material: page.getByRole("link", { name: /Mitochondria/ }),
        entry: page.getByRole("textbox", { name: "Text", exact: true }),
        file: page.getByText("Words."),
        search: page.getByRole("link", { name: /Mitochondria/ }),
    };
    for (const [name, content] of Object.entries(contents)) {
        await page.route(data, (route) => route.fulfill({ status: 503, body: "{}" }));
        await page.goto(places[name]);
        await page.getByText("The server is busy right now").first().waitFor();
        assert.equal(await content.count(), 0, `${name}: nothing to show yet`);
        await page.unroute(data);
        await page.getByRole("button", { name: "Try again" }).first().click();
        await content.first().waitFor();
        assert.equal(await page.getByText("The server is busy right now").count(), 0, name);
    }
});

test("the first load is small", async () => {
    for (const [place, limit, cookie] of [
        ["/sign-in", 60_000],
        ["/chat", 120_000, person.cookie],
    ]) {
        const page = await browser.visitor(server, { cookie });
        const session = await page.context().newCDPSession(page);
        await session.send("Network.enable");
        const scripts = new Map();
        session.on(
            "Network.responseReceived",
            ({ requestId, type }) => type === "Script" && scripts.set(requestId, 0),
        );
        session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
            if (scripts.has(requestId)) scripts.set(requestId, encodedDataLength);
        });
        await page.goto(place, { waitUntil: "networkidle" });
        const bytes = [...scripts.values()].reduce((sum, n) => sum + n, 0);
        assert.ok(bytes > 5_000 && bytes <= limit, `${place}: ${bytes} bytes of JavaScript`);
    }
});

test("no screen in Filipino has an accessibility fault or is too wide either", async () => {
    const outside = await browser.visitor(server, { locale: "fil-PH", size: "phone" });
    for (const [name, place] of Object.entries(doors)) {
        await open(outside, place);
        assert.equal(await outside.locator("html").getAttribute("lang"), "fil");
        await assertGood(outside, `${name} in Filipino`);
    }
    const before = await person.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    assert.equal(before.status, 200);
    const page = await browser.visitor(server, { size: "tiny", cookie: person.cookie });
    for (const [name, place] of Object.entries(places)) {
        await open(page, place);
        await page.waitForFunction(() => document.documentElement.lang === "fil");
        await assertGood(page, `${name} in Filipino`);
    }
});
