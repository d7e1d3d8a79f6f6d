// Nothing somebody wrote is lost: not by a switch, a reload, an ended session, a refusal or its length.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { create, eventually, startBrowser } from "./browser.mjs";
import { composer, finished, holds, openChat, reply, say, stored } from "./conversation.mjs";

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

const open = (...args) => openChat(browser, server, ...args);

/** Ends the session of the page behind its back. */
const endSession = async (page) => {
    const [cookie] = (await page.context().cookies()).filter((c) => c.name === "brainbytes_session");
    const done = await server.request("/api/auth/sign-out", {
        method: "POST",
        cookie: `${cookie.name}=${cookie.value}`,
    });
    assert.equal(done.status, 204);
};

/** Comes in again as this person, as the sign-in form would: with a new cookie, to the wanted place. */
async function enterAgain(page, email, place) {
    const cookie = await server.cookieFor(email);
    const at = cookie.indexOf("=");
    await page
        .context()
        .addCookies([{ name: cookie.slice(0, at), value: cookie.slice(at + 1), url: server.url }]);
    await page.goto(place ?? new URL(page.url()).searchParams.get("next"));
    await composer(page).waitFor();
}

test("a message sent with an ended session is there after the next sign-in, and arrives once", async () => {
    const { page, person } = await open("ana@example.org");
    await say(page, "first [[tokens=3]]");
    await finished(page);
    await endSession(page);
    await say(page, "second [[tokens=4]]");
    await page.waitForURL("**/sign-in?next=*");
    await enterAgain(page, "ana@example.org");
    await holds(page, "second [[tokens=4]]");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await reply(page).getByText("word3").waitFor();
    await finished(page);
    await holds(page, "");
    await page.reload();
    await reply(page).getByText("word3").waitFor();
    await holds(page, "");
    const fresh = await server.as(person.email);
    const mine = (await stored(page, fresh)).filter((m) => m.role === "user").map((m) => m.text);
    assert.deepEqual(mine, ["first [[tokens=3]]", "second [[tokens=4]]"]);
});

test("so is the first message of a conversation, which nobody has heard of", async () => {
    const { page } = await open("bo@example.org");
    await endSession(page);
    await say(page, "the very first [[tokens=3]]");
    await page.waitForURL("**/sign-in?next=*");
    await enterAgain(page, "bo@example.org");
    await holds(page, "the very first [[tokens=3]]");
    assert.equal(
        await page.getByRole("alert").count(),
        0,
        "a conversation to begin, not one that is missing",
    );
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await finished(page);
    await page.goto("/chat");
    await composer(page).waitFor();
    await holds(page, "");
});

test("another person on the same device does not see the draft", async () => {
    const { page } = await open("cy@example.org");
    await composer(page).fill("my secret");
    await endSession(page);
    await page.goto("/materials");
    await page.waitForURL("**/sign-in?next=*");
    await enterAgain(page, "dee@example.org", "/chat");
    await holds(page, "");
    await page.context().clearCookies();
    await page.goto("/chat");
    await page.waitForURL("**/sign-in?next=*");
    await enterAgain(page, "cy@example.org");
    await holds(page, "my secret");
});

test("signing out on purpose leaves no draft on the device", async () => {
    const { page } = await open("fay@example.org");
    await composer(page).fill("my secret");
    const kept = () => page.evaluate(() => JSON.stringify(localStorage));
    await eventually(async () => assert.match(await kept(), /my secret/));
    await page.goto("/settings");
    await page.getByRole("button", { name: "Sign out", exact: true }).last().click();
    await page.waitForURL("**/sign-in");
    assert.doesNotMatch(await kept(), /my secret|draft:|unsent:/);
});

test("each conversation keeps its own draft", async () => {
    const { page, person } = await open("eve@example.org");
    for (const title of ["Algebra", "Botany"]) await create(person, "/api/threads", { title });
    await page.reload();
    const list = page.getByRole("region", { name: "Conversations" });
    const go = async (title) => {
        await list.getByRole("link", { name: title }).click();
        await page.getByRole("heading", { level: 1, name: title }).waitFor({ state: "attached" });
    };
    await go("Algebra");
    await composer(page).fill("about algebra");
    await go("Botany");
    await holds(page, "");
    await composer(page).fill("about botany");
    await go("Algebra");
    await holds(page, "about algebra");
    await composer(page).fill("");
    await go("Botany");
    await holds(page, "about botany");
    await page.reload();
    await holds(page, "about botany");
    await go("Algebra");
    await holds(page, "");
});

test("what never arrived is in the composer after a reload, what arrived is not", async () => {
    const { page } = await open("fay@example.org");
    await say(page, "one [[tokens=3]]");
    await finished(page);
    await page.route("**/api/chat", (route) => route.abort());
    await say(page, "two [[tokens=4]]");
    await page.getByText("The server cannot be reached").waitFor();
    await page.unroute("**/api/chat");
    await page.reload();
    await holds(page, "two [[tokens=4]]");
    // The server takes this one, and the page never hears of it.
    await page.route("**/api/chat", async (route) => {
        await route.fetch();
        await route.abort();
    });
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("The server cannot be reached").waitFor();
    await page.unroute("**/api/chat");
    await page.reload();
    await reply(page).getByText("word3").waitFor();
    await holds(page, "");
});

test("a message that was refused waits while another is sent", async () => {
    const { page, person } = await open("gil@example.org");
    await say(page, "one [[tokens=3]]");
    await finished(page);
    await page.route("**/api/chat", (route) => route.abort());
    await say(page, "lost at first");
    await page.getByText("The server cannot be reached").waitFor();
    await page.unroute("**/api/chat");
    await say(page, "three [[tokens=4]]");
    await reply(page).getByText("word3").waitFor();
    await finished(page);
    await holds(page, "lost at first");
    const mine = (await stored(page, person)).filter((m) => m.role === "user").map((m) => m.text);
    assert.deepEqual(mine, ["one [[tokens=3]]", "three [[tokens=4]]"]);
});

test("a new answer that is refused leaves the old one, a refused edit leaves both", async () => {
    const { page } = await open("hal@example.org");
    await say(page, "question [[tokens=5]]");
    await finished(page);
    await page.route("**/api/chat", (route) => route.fulfill({ status: 503, body: "{}" }));
    await page.getByRole("button", { name: "Answer again" }).click();
    await page.getByText("The server is busy right now").waitFor();
    await reply(page).getByText("word4").waitFor();
    await page.getByRole("button", { name: "Edit this message" }).click();
    await page.getByLabel("Edit this message").fill("mended [[tokens=7]]");
    await page.getByRole("article", { name: "You" }).getByRole("button", { name: "Send" }).click();
    await page.getByText("The server is busy right now").waitFor();
    await page.getByText("mended [[tokens=7]]").waitFor();
    await reply(page).getByText("word4").waitFor();
    await page.unroute("**/api/chat");
    await page.getByRole("button", { name: "Try again" }).click();
    await reply(page).getByText("word6").waitFor();
    await finished(page);
    await page.getByText("2/2").waitFor();
    assert.equal(await page.getByRole("article", { name: "You" }).count(), 1);
});

test("a message is kept while the reply to another tab's is in the way", async () => {
    const { page, person } = await open("ida@example.org");
    await say(page, "one [[tokens=3]]");
    await finished(page);
    const id = page.url().split("/").pop();
    const parts = [{ type: "text", text: "from elsewhere [[tokens=60 delay=50]]" }];
    const running = person.request("/api/chat", {
        method: "POST",
        json: { id, message: { id: "other1", role: "user", parts } },
    });
    await new Promise((resolve) => {
        const look = setInterval(() => {
            if (![...model.running].some((text) => text.includes("from elsewhere"))) return;
            clearInterval(look);
            resolve();
        }, 20);
    });
    await say(page, "mine [[tokens=4]]");
    await page.getByText("from elsewhere").waitFor();
    await running;
    await finished(page);
    await page.getByText("mine [[tokens=4]]").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.waitForFunction(() => !document.querySelector('[role="alert"]'));
    await finished(page);
    const mine = (await stored(page, person)).filter((m) => m.role === "user");
    assert.equal(mine.at(-1).text, "mine [[tokens=4]]");
    assert.equal(mine.length, 3);
});

test("a message that is too long is said to be, and nothing of it is cut", async () => {
    const { page } = await open("jo@example.org");
    const long = "😀".repeat(32_003);
    await composer(page).fill(long);
    await page.getByText("3 characters too long").waitFor();
    assert.equal(await composer(page).inputValue(), long);
    await composer(page).press("Enter");
    assert.ok(await page.getByRole("button", { name: "Send", exact: true }).isDisabled());
    assert.ok(page.url().endsWith("/chat"));
    await composer(page).fill("😀".repeat(32_000));
    await page.getByText("characters too long").waitFor({ state: "detached" });
    assert.ok(await page.getByRole("button", { name: "Send", exact: true }).isEnabled());
});
