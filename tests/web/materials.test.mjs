// Bringing materials and keeping them in order: files, subjects, places, undo, search.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, create, eventually, startBrowser } from "./browser.mjs";

let model, server, browser;
before(async () => {
    model = await startModel();
    [server, browser] = await Promise.all([startServer({ env: model.env }), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await model?.close();
});

async function open(email, place, options = {}) {
    const person = await server.as(email);
    const page = await browser.visitor(server, { cookie: person.cookie, ...options });
    await page.goto(place);
    return { page, person };
}

async function upload(person, material, files) {
    const form = new FormData();
    for (const [name, text] of Object.entries(files)) form.append("file", new Blob([text]), name);
    const answer = await person.request(`/api/materials/${material}/files`, { method: "POST", body: form });
    assert.equal(answer.status, 201, answer.text);
}

async function withEntry(email, content, title = "Notes") {
    const person = await server.as(email);
    const material = await create(person, "/api/materials", { title: "Chapter" });
    const entry = await create(person, `/api/materials/${material.id}/entries`, { title, content });
    return { person, material, entry, place: `/materials/${material.id}/entries/${entry.id}` };
}

test("a material is made, gets a pasted text and files, and is used or not", async () => {
    const { page, person } = await open("ana@example.org", "/materials", { size: "phone" });
    await page.getByRole("button", { name: "Make the first one" }).click();
    await page.getByLabel("Title").fill("Cells");
    await page.getByLabel("Subject").fill("Biology");
    await page.getByRole("button", { name: "Create" }).click();
    await page.waitForURL(/\/materials\/[0-9a-f-]{36}$/);
    await page.getByRole("heading", { name: "Cells" }).waitFor();
    const id = page.url().split("/").pop();
    await page.evaluate(() => {
        const data = new DataTransfer();
        data.setData("text/plain", "Osmosis\nWater moves through a membrane.");
        document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    });
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.waitForURL(/\/entries\//);
    assert.equal(await page.getByLabel("Title").inputValue(), "Osmosis");
    await page.goBack();
    await page.locator("input[type=file][multiple]").setInputFiles([
        { name: "one.md", mimeType: "text/markdown", buffer: Buffer.from("# One\n\nFirst.") },
        { name: "bad.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 255, 254]) },
    ]);
    await page.getByRole("link", { name: /one\.md/ }).waitFor();
    await page.getByRole("alert").getByText("bad.bin").waitFor();
    await page.getByRole("switch").click();
    await page.getByText("The tutor does not look in here.").waitFor();
    const { json } = await person.request(`/api/materials/${id}`);
    assert.equal(json.active, false);
    await page.evaluate(() => {
        const data = new DataTransfer();
        data.items.add(new File(["Dropped words"], "dropped.txt", { type: "text/plain" }));
        document.body.dispatchEvent(
            new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }),
        );
    });
    await page.getByRole("link", { name: /dropped\.txt/ }).click();
    await page.getByText("Dropped words").waitFor();
});

test("a file that arrives while the list is loaded anew is shown", async () => {
    const { person, material } = await withEntry("lea@example.org", "words", "Poem");
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(`/materials/${material.id}`);
    await page.getByRole("link", { name: /Poem/ }).waitFor();
    let release;
    const gate = new Promise((resolve) => (release = resolve));
    await page.route("**/files", async (route) => {
        if (route.request().method() === "POST") await gate;
        await route.continue();
    });
    await page
        .locator("input[type=file][multiple]")
        .setInputFiles([{ name: "slow.txt", mimeType: "text/plain", buffer: Buffer.from("slow words") }]);
    await page.getByText("slow.txt: sending").waitFor();
    const reloaded = page.waitForResponse((answer) => answer.url().includes("/entries?"));
    await page.getByRole("button", { name: "Actions for Poem" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await (await reloaded).finished();
    await page.getByText("No texts yet.").waitFor();
    release();
    await page.getByRole("link", { name: /slow\.txt/ }).waitFor();
});

test("a material without a subject can be edited", async () => {
    const { person, material } = await withEntry("max@example.org", "words");
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(`/materials/${material.id}`);
    await page.getByRole("button", { name: "Actions for Chapter" }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await page.getByLabel("Title").fill("Chapter two");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Chapter two" }).waitFor();
    assert.equal((await person.request(`/api/materials/${material.id}`)).json.title, "Chapter two");
});

test("deleting can be taken back", async () => {
    const { person, material } = await withEntry("dan@example.org", "words", "Poem");
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(`/materials/${material.id}`);
    await page.getByRole("button", { name: "Actions for Poem" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("link", { name: /Poem/ }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("link", { name: /Poem/ }).waitFor();
    await page.goto("/materials");
    await page.getByRole("button", { name: "Actions for Chapter" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText("Bring what you study").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("link", { name: /Chapter/ }).waitFor();
});

test("taking a deletion back says when there is no room for it any more", async () => {
    const small = await startServer({ env: { BRAINBYTES_STORAGE_MB: "1" } });
    try {
        const person = await small.as("full@example.org");
        const material = await create(person, "/api/materials", { title: "Shelf" });
        await upload(person, material.id, { "old.txt": "old ".repeat(150_000) });
        const page = await browser.visitor(small, { cookie: person.cookie });
        await page.goto(`/materials/${material.id}`);
        await page.getByRole("button", { name: "Actions for old.txt" }).click();
        await page.getByRole("menuitem", { name: "Delete" }).click();
        await page.getByRole("link", { name: /old\.txt/ }).waitFor({ state: "detached" });
        await upload(person, material.id, { "new.txt": "new ".repeat(150_000) });
        await page.getByRole("button", { name: "Undo" }).click();
        await page.getByText("Your room for files is used up").waitFor();
    } finally {
        await small.stop();
    }
});

test("search finds the place and shows it", async () => {
    const { person } = await withEntry(
        "eve@example.org",
        "# Rocks\n\nGranite cools slowly underground.\n",
        "Geology",
    );
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto("/search");
    await page.getByRole("searchbox", { name: "Search materials and conversations" }).fill("granite");
    const found = page.getByRole("link", { name: /Geology/ });
    await found.waitFor();
    assert.match(page.url(), /q=granite/);
    assert.match(await found.locator("mark").first().textContent(), /granite/i);
    await found.click();
    await page.locator("mark.passage").first().waitFor();
    await page.goBack();
    await found.waitFor();
});

/** Chooses an item of the menu of the thing with this name. */
async function choose(page, name, item) {
    await page.getByRole("button", { name: `Actions for ${name}` }).click();
    await page.getByRole("menuitem", { name: item }).click();
}

test("a subject is renamed and deleted; its materials stay", async () => {
    const { page, person } = await open("olga@example.org", "/settings", { size: "phone" });
    await create(person, "/api/materials", { title: "Cells", subject: "Biology" });
    await create(person, "/api/subjects", { name: "Physics" });
    await page.goto("/materials");
    const section = (name) => page.getByRole("region", { name, exact: true });
    await section("Physics").getByText("No materials in this subject.").waitFor();
    await choose(page, "Biology", "Rename");
    await page.getByLabel("New name").fill("physics");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("You already have one with this name.").waitFor();
    await assertGood(page, "renaming a subject");
    await page.getByLabel("New name").fill("Life");
    await page.getByRole("button", { name: "Save" }).click();
    await section("Life").getByRole("link", { name: /Cells/ }).waitFor();
    await choose(page, "Life", "Delete");
    await page.getByText("Its materials stay").waitFor();
    await assertGood(page, "deleting a subject");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await section("No subject").getByRole("link", { name: /Cells/ }).waitFor();
    const { json } = await person.request("/api/subjects");
    assert.deepEqual(
        json.subjects.map((subject) => subject.name),
        ["Physics"],
    );
});

test("texts are put in order and moved to another material, and back", async () => {
    const { page, person } = await open("pia@example.org", "/settings");
    const [one, other] = [
        await create(person, "/api/materials", { title: "Book one" }),
        await create(person, "/api/materials", { title: "Book two" }),
    ];
    const entries = `/api/materials/${one.id}/entries`;
    for (const title of ["Alpha", "Beta", "Gamma"]) await create(person, entries, { title, content: title });
    const titles = async (id = one.id) =>
        (await person.request(`/api/materials/${id}/entries`)).json.entries
            .map((entry) => entry.title)
            .join();
    const until = (wanted, id) => eventually(async () => assert.equal(await titles(id), wanted));
    await page.goto(`/materials/${one.id}`);
    await choose(page, "Gamma", "Move up");
    await choose(page, "Gamma", "Move up");
    await until("Gamma,Alpha,Beta");
    const shown = page.getByRole("link", { name: /Alpha|Beta|Gamma/ });
    assert.match((await shown.allTextContents()).join(), /Gamma.*Alpha.*Beta/s);
    assert.equal(
        await page.evaluate(() => document.activeElement.getAttribute("aria-label")),
        "Actions for Gamma",
    );
    await choose(page, "Gamma", "Move down");
    await until("Alpha,Gamma,Beta");
    await choose(page, "Gamma", "Move to…");
    await assertGood(page, "moving a text");
    await page.getByRole("button", { name: "Book two" }).click();
    await page.getByText("“Gamma” moved to “Book two”").waitFor();
    await until("Alpha,Beta");
    await until("Gamma", other.id);
    await page.getByRole("button", { name: "Undo" }).click();
    await until("Alpha,Gamma,Beta");
    await page.getByRole("link", { name: /Gamma/ }).waitFor();
});

test("files are renamed and moved", async () => {
    const { page, person } = await open("quin@example.org", "/settings");
    const one = await create(person, "/api/materials", { title: "Book one" });
    const other = await create(person, "/api/materials", { title: "Book two" });
    await upload(person, one.id, { "notes.txt": "words" });
    const names = async (id) =>
        (await person.request(`/api/materials/${id}/files`)).json.files.map((file) => file.name).join();
    await page.goto(`/materials/${one.id}`);
    await choose(page, "notes.txt", "Rename");
    await page.getByLabel("New name").fill("notes.exe");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The name of a file keeps its ending").waitFor();
    await page.getByLabel("New name").fill("chapter.md");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: /chapter\.md/ }).waitFor();
    await choose(page, "chapter.md", "Move to…");
    await page.getByRole("button", { name: "Book two" }).click();
    await eventually(async () => assert.equal(await names(other.id), "chapter.md"));
    await page.getByRole("link", { name: /chapter\.md/ }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("link", { name: /chapter\.md/ }).waitFor();
    await eventually(async () => assert.equal(await names(one.id), "chapter.md"));
});

test("every text and file is listed, also beyond the first page of the list", async () => {
    const { page, person } = await open("rey@example.org", "/settings");
    const { id } = await create(person, "/api/materials", { title: "Much" });
    for (let n = 0; n < 201; n += 1)
        await create(person, `/api/materials/${id}/entries`, { title: `Text ${n}`, content: "x" });
    for (let n = 0; n < 201; n += 20) {
        const batch = Array.from({ length: Math.min(20, 201 - n) }, (_, i) => [`file ${n + i}.txt`, "x"]);
        await upload(person, id, Object.fromEntries(batch));
    }
    await page.goto(`/materials/${id}`);
    await page.getByRole("link", { name: /^Text 200 / }).waitFor();
    await page.getByRole("link", { name: /^file 200\.txt / }).waitFor();
    assert.equal(await page.getByRole("link", { name: /^(Text|file) \d/ }).count(), 402);
});

test("a long file can be read to its end, and from a passage to its start", async () => {
    const { page, person } = await open("sol@example.org", "/settings");
    const { id } = await create(person, "/api/materials", { title: "Long" });
    const line = "The river runs on and on.\n";
    const long = `The first line.\n\n${`${line}\n`.repeat(6000)}The last line.\n`;
    await upload(person, id, { "long.txt": long, "long.md": long });
    const { files } = (await person.request(`/api/materials/${id}/files`)).json;
    for (const { id: file } of files) {
        await page.goto(`/materials/${id}/files/${file}`);
        await page.getByText("The first line.").waitFor();
        const shown = await page.evaluate(() => document.body.textContent.length);
        assert.ok(shown < 100_000, `${shown} characters at once`);
        const next = page.getByRole("button", { name: "Show what comes next" });
        await next.click();
        await next.click();
        await page.getByText("The last line.").waitFor();
        await next.waitFor({ state: "detached" });
    }
    await page.goto(`/materials/${id}/files/${files[0].id}?start=${long.length - 15}&end=${long.length}`);
    await page.locator("mark.passage").getByText("The last line.").waitFor();
    const before = page.getByRole("button", { name: "Show what comes before" });
    await before.click();
    await before.click();
    await page.getByText("The first line.").waitFor();
    await before.waitFor({ state: "detached" });
    const text = await page.locator(".text").evaluate((node) => node.innerText.replace(/\s+/g, " ").trim());
    assert.equal(text, long.replace(/\s+/g, " ").trim());
});

test("what goes wrong is said in Filipino to who reads Filipino", async () => {
    const { page, person } = await open("tala@example.org", "/settings");
    await person.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    const { id } = await create(person, "/api/materials", { title: "Sulat", subject: "Wika" });
    await create(person, "/api/subjects", { name: "Agham" });
    await page.goto(`/materials/${id}`);
    await page.locator("input[type=file][multiple]").setInputFiles([
        { name: "bad.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 255, 254]) },
        { name: "bad.txt", mimeType: "text/plain", buffer: Buffer.from(" ") },
    ]);
    await page.evaluate(() => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(10 * 1024 * 1024 + 1)], "big.txt", { type: "text/plain" }));
        document.body.dispatchEvent(
            new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }),
        );
    });
    const rows = page.getByRole("alert");
    await eventually(async () => assert.equal(await rows.count(), 3));
    assert.deepEqual((await rows.allTextContents()).map((text) => text.trim().replace(/\s+/g, " ")).sort(), [
        "bad.bin: Hindi mababasa ang ganitong file. Puwede ang PDF, Word, PowerPoint, Excel, EPUB, web page at teksto.",
        "bad.txt: Walang mabasang teksto sa file na ito. Baka walang laman.",
        "big.txt: Mas malaki ang file na ito kaysa sa tinatanggap ng server (10 MB ang text file). Hatiin ito.",
    ]);
    await page.goto("/materials");
    await page.getByRole("button", { name: "Mga gawain para sa Wika" }).click();
    await page.getByRole("menuitem", { name: "Palitan ang pangalan" }).click();
    await page.getByLabel("Bagong pangalan").fill("Agham");
    await page.getByRole("button", { name: "I-save" }).click();
    await page.getByText("Mayroon ka nang ganitong pangalan.").waitFor();
    await page.getByLabel("Bagong pangalan").fill("a\u0001b");
    await page.getByRole("button", { name: "I-save" }).click();
    await page.getByText("May 1 hanggang 80 karakter sa isang linya ang pangalan.").waitFor();
});
