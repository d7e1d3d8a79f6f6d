// Coming in and going out, as a person does it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, startBrowser } from "./browser.mjs";

let server, browser;
before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

test("the one-time link makes the first administrator", async () => {
    const page = await browser.visitor(server);
    await page.goto("/sign-in");
    await page.getByText("Nobody uses this server yet").waitFor();
    const made = await server.command("setup");
    const link = new URL(/https?:\/\/\S+#\S+/.exec(made.stdout + made.stderr)[0]);
    await page.goto(link.pathname + link.hash);
    await page.getByLabel("Name").fill("Ada Reyes");
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.waitForURL("**/chat");
    await page.getByText("What shall we study, Ada?").waitFor();
    await page.context().clearCookies();
    await page.goto("about:blank");
    await page.goto(link.pathname + link.hash);
    await page.getByLabel("Name").fill("Eve");
    await page.getByLabel("E-mail").fill("eve@example.org");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.getByText("This link has been used").waitFor();
    assert.deepEqual(page.faults, []);
});

test("a code from the mail signs in, a wrong one does not, and the wanted place is kept", async () => {
    const page = await browser.visitor(server, { size: "phone" });
    await page.goto("/materials?x=1");
    await page.waitForURL("**/sign-in?next=*");
    await page.getByLabel("E-mail").fill("ben@example.org");
    await page.getByLabel("E-mail").press("Enter");
    const field = page.getByLabel("Six-digit code");
    await field.waitFor();
    assert.ok(await field.evaluate((node) => node === document.activeElement), "ready to type");
    const { code } = await newestMail(server, "ben@example.org");
    await page.reload(); // the phone threw the page away while the mail was read
    await field.waitFor();
    await assertGood(page, "the step of the code");
    await field.pressSequentially(code === "111111" ? "222222" : "111111");
    await page.getByText("That code does not fit").waitFor();
    await assertGood(page, "a refused code");
    await field.pressSequentially(code);
    await page.waitForURL("**/materials?x=1");
    await page.getByRole("heading", { name: "Materials" }).waitFor();
});

test("the link of the mail asks for one click, works once", async () => {
    const page = await browser.visitor(server);
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill("carla@example.org");
    await page.getByRole("button", { name: "Send me a code" }).click();
    const { link } = await newestMail(server, "carla@example.org");
    const { pathname, hash } = new URL(link);
    await page.goto(pathname + hash);
    await page.getByRole("button", { name: "Sign in on this device" }).click();
    await page.waitForURL("**/chat");
    const other = await browser.visitor(server);
    await other.goto(pathname + hash);
    await other.getByRole("button", { name: "Sign in on this device" }).click();
    await other.getByText("This link has been used").waitFor();
});

/** What a phone paints its own bar with. */
const barColour = (page) =>
    page.evaluate(
        () =>
            [...document.querySelectorAll("meta[name=theme-color]")].find(
                ({ media }) => matchMedia(media).matches,
            ).content,
    );

test("settings are kept: name, theme and language; sign-out closes the door", async () => {
    const dana = await server.as("dana@example.org");
    const page = await browser.visitor(server, { cookie: dana.cookie });
    await page.goto("/settings");
    await page.getByLabel("Name", { exact: true }).fill("Dana Cruz");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    assert.equal(await barColour(page), "#faf8f5");
    await page.getByText("Dark", { exact: true }).click();
    await page.getByText("Filipino", { exact: true }).click();
    await page.getByRole("heading", { name: "Mga setting" }).waitFor();
    await page.waitForFunction(
        async () => (await (await fetch("/api/session")).json()).user.language === "fil",
    );
    await page.reload();
    await page.getByRole("heading", { name: "Mga setting" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "fil");
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    assert.equal(await barColour(page), "#1c1917");
    assert.equal(await page.getByLabel("Pangalan", { exact: true }).inputValue(), "Dana Cruz");
    // On another device nothing is remembered yet: what it shows comes from the server.
    const other = await browser.visitor(server, { cookie: await server.cookieFor("dana@example.org") });
    await other.goto("/settings");
    await other.getByRole("heading", { name: "Mga setting" }).waitFor();
    assert.equal(await other.locator("html").getAttribute("data-theme"), "dark");
    assert.equal(await other.locator("html").getAttribute("lang"), "fil");
    await page.getByRole("button", { name: "Mag-sign out" }).click();
    await page.waitForURL("**/sign-in*");
    await page.goto("/chat");
    await page.waitForURL("**/sign-in?next=*");
});

test("another session can be ended from here", async () => {
    const eli = await server.as("eli@example.org");
    const second = await server.cookieFor("eli@example.org");
    const page = await browser.visitor(server, { cookie: eli.cookie });
    const other = await browser.visitor(server, { cookie: second });
    await other.goto("/chat");
    await page.goto("/settings");
    await page.getByRole("button", { name: "Sign out everywhere else" }).click();
    await page.getByText("Signed out there").waitFor();
    await other.goto("/settings");
    await other.waitForURL("**/sign-in?next=*");
});

test("a request that crosses a proof in another tab is sent again, and nobody is signed out", async () => {
    const email = "hal@example.org";
    const hal = await server.as(email);
    const page = await browser.visitor(server, { cookie: hal.cookie });
    await page.goto("/settings");
    await page.getByLabel("Name", { exact: true }).fill("Hal Reyes");
    let crossed = 0;
    await page.route("**/api/me", async (route) => {
        crossed += 1;
        if (crossed > 1) return route.continue();
        await page.request.post("/api/auth/email", { data: { email } });
        const { code } = await newestMail(server, email);
        const proved = await page.request.post("/api/auth/reauthenticate", { data: { code } });
        assert.equal(proved.status(), 204);
        const late = await hal.request("/api/me", { method: "PATCH", json: { name: "Hal Reyes" } });
        assert.equal(late.status, 401);
        const contentType = late.headers.get("content-type");
        await route.fulfill({ status: 401, contentType, body: late.text });
    });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    assert.equal(crossed, 2);
    assert.match(page.url(), /\/settings$/);
    const now = await page.request.get("/api/session");
    assert.equal((await now.json()).user.name, "Hal Reyes");
});

test("a name has its limits, said where it is written", async () => {
    const fe = await server.as("fe@example.org");
    const page = await browser.visitor(server, { cookie: fe.cookie });
    await page.goto("/settings");
    const name = page.getByLabel("Name", { exact: true });
    await name.fill(" ");
    assert.ok(await page.getByRole("button", { name: "Save" }).isDisabled());
    await name.fill("N".repeat(81));
    assert.equal((await name.inputValue()).length, 80);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await name.fill("N\u0001");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("A name has 1 to 80 characters in one line.").waitFor();
});

test("devices are named in the language of the reader", async () => {
    await server.as("gab@example.org");
    const page = await browser.visitor(server, { locale: "fil-PH" });
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill("gab@example.org");
    await page.getByLabel("E-mail").press("Enter");
    const field = page.locator("input[name=code]");
    await field.waitFor();
    const { code } = await newestMail(server, "gab@example.org");
    await field.pressSequentially(code);
    await page.waitForURL("**/chat");
    await page.request.fetch("/api/me", { method: "PATCH", data: { language: "fil" } });
    await page.goto("/settings");
    await page.getByText("Chrome sa Linux").waitFor();
});
