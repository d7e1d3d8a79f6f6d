// Signing in with GitHub, as a person does it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { startGithub } from "../support/github.mjs";
import { newestMail } from "../support/outbox.mjs";
import { freePort, startServer } from "../support/server.mjs";
import { assertGood, startBrowser } from "./browser.mjs";

let server, browser, github;
let people = 0;
before(async () => {
    const port = await freePort();
    github = await startGithub({ callback: `http://127.0.0.1:${port}/api/auth/github/callback` });
    const env = { ...github.env, BRAINBYTES_URL: `http://127.0.0.1:${port}` };
    [server, browser] = await Promise.all([startServer({ port, env }), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await github?.close();
});
beforeEach(() => {
    github.reset();
    somebodyNew();
});

/** Another person sits before GitHub. */
function somebodyNew() {
    people += 1;
    github.person = {
        id: 5000 + people,
        login: `person${people}`,
        name: `Person Number${people}`,
        emails: [{ email: `person${people}@example.org`, primary: true, verified: true }],
    };
}

test("one click signs a new person in and keeps the wanted place", async () => {
    const page = await browser.visitor(server, { size: "tiny" });
    await page.goto("/materials?x=1");
    await page.waitForURL("**/sign-in?next=*");
    const link = page.getByRole("link", { name: "Continue with GitHub" });
    await link.waitFor();
    await assertGood(page, "the door with GitHub");
    await link.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/materials?x=1");
    await page.getByRole("heading", { name: "Materials" }).waitFor();
    assert.deepEqual(page.faults, []);
    assert.deepEqual(github.faults, []);
});

test("a page of another site cannot sign anybody in, the person can", async () => {
    const other = createServer((request, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.end(`<a href="${server.url}/api/auth/github?next=/materials">Win</a>`);
    });
    await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
        const page = await browser.visitor(server);
        await page.goto(`http://localhost:${other.address().port}/`);
        await page.getByRole("link", { name: "Win" }).click();
        await page.waitForURL(`${server.url}/sign-in?next=*`);
        const session = await (await page.request.get("/api/session")).json();
        assert.equal(session.user, null);
        await page.getByRole("link", { name: "Continue with GitHub" }).click();
        await page.waitForURL("**/materials");
    } finally {
        other.closeAllConnections();
        other.close();
    }
});

test("the door without GitHub does not offer it", async () => {
    const plain = await startServer();
    try {
        const page = await browser.visitor(plain);
        await page.goto("/sign-in");
        await page.getByLabel("E-mail").waitFor();
        await page.getByText("Nobody uses this server yet").waitFor(); // the session is known by now
        assert.equal(await page.getByText("Continue with GitHub").count(), 0);
    } finally {
        await plain.stop();
    }
});

// What happens on the way, and what the person reads, in both languages.
const problems = [
    [
        "denied",
        () => (github.denies = true),
        /You did not allow BrainBytes at GitHub, so nothing has changed/,
        /Hindi mo pinayagan ang BrainBytes sa GitHub/,
    ],
    [
        "without a verified address",
        () => (github.person.emails = []),
        /no verified primary address. Verify one in GitHub’s settings/,
        /Walang beripikadong pangunahing address/,
    ],
    [
        "GitHub out of order",
        () => (github.answers["/user"] = (_, response) => response.writeHead(503).end()),
        /GitHub cannot be reached right now. Try again in a few minutes/,
        /Hindi maabot ang GitHub ngayon/,
    ],
    [
        "garbage",
        () => (github.answers["/user"] = (_, response) => response.end("<html>")),
        /GitHub gave an answer that makes no sense/,
        /Hindi maintindihan ang sagot ng GitHub/,
    ],
];
for (const [name, prepare, english, filipino] of problems)
    test(`${name}: the page says in words what to do`, async () => {
        prepare();
        const page = await browser.visitor(server, { size: "phone", scheme: "dark" });
        await page.goto("/sign-in?next=%2Fsearch");
        await page.getByRole("link", { name: "Continue with GitHub" }).click();
        const words = page.getByRole("alert");
        await words.filter({ hasText: english }).waitFor();
        await assertGood(page, `the door after ${name}`);
        await page.getByRole("button", { name: "Filipino" }).click();
        await words.filter({ hasText: filipino }).waitFor();
        // Trying again works, and still leads to the wanted place.
        const { person } = github;
        github.reset();
        github.person = { ...person, emails: [{ email: "x@example.org", primary: true, verified: true }] };
        github.person.emails[0].email = `${person.login}@example.org`;
        await page.getByRole("link", { name: "Magpatuloy gamit ang GitHub" }).click();
        await page.waitForURL("**/search");
    });

test("a way begun in another browser ends at the door with a sentence", async () => {
    const page = await browser.visitor(server);
    await page.goto(`/api/auth/github/callback?code=x&state=${"A".repeat(43)}`);
    await page.waitForURL("**/sign-in?problem=github-state");
    await page.getByText("begun in another browser").waitFor();
    await page.goto("/sign-in?problem=github-nonsense");
    await page.getByLabel("E-mail").waitFor();
    assert.equal(await page.getByRole("alert").count(), 0, "only what the catalogue knows is said");
});

test("an address with an account asks for its code before the two are joined", async () => {
    const [{ email }] = github.person.emails;
    const owner = await server.as(email);
    const page = await browser.visitor(server, { size: "phone" });
    await page.goto("/sign-in?next=%2Fsearch");
    await page.getByRole("link", { name: "Continue with GitHub" }).click();
    await page.waitForURL("**/sign-in/github?next=*");
    await page.getByText(`The address ${email} of your GitHub account ${github.person.login}`).waitFor();
    const field = page.getByLabel("Six-digit code");
    await assertGood(page, "the proof of an address");
    const { code } = await newestMail(server, email);
    await field.pressSequentially(code === "111111" ? "222222" : "111111");
    await page.getByText("That code does not fit").waitFor();
    await page.getByRole("button", { name: "Send another code" }).click();
    await page.getByText("Another code is on its way").waitFor();
    await field.pressSequentially(code);
    await page.waitForURL("**/search");
    const { identities } = (await owner.request("/api/me/identities")).json;
    assert.equal(identities[0].login, github.person.login);

    await page.goto("/sign-in/github");
    await page.getByText("No GitHub account waits in this browser").waitFor();
    await assertGood(page, "no claim");
});

test("settings link an account and take the link away", async () => {
    const ana = await server.as("ana@example.org");
    const page = await browser.visitor(server, { cookie: ana.cookie });
    await page.goto("/settings");
    await page.getByRole("button", { name: "Link GitHub" }).click();
    await page.waitForURL("**/settings?linked=github");
    await page.getByText("Your GitHub account is linked.").waitFor();
    await page.getByText(`Linked with ${github.person.login}`).waitFor();
    await assertGood(page, "settings with a linked account");

    // Somebody else cannot link the same one.
    const ben = await server.as("ben@example.org");
    const other = await browser.visitor(server, { cookie: ben.cookie, size: "tiny", scheme: "dark" });
    await other.goto("/settings");
    await other.getByRole("button", { name: "Link GitHub" }).click();
    await other.getByText("This GitHub account is linked to somebody else here").waitFor();
    await assertGood(other, "settings with an account that is taken");

    await page.getByRole("button", { name: "Unlink" }).click();
    await page.getByText("GitHub is no longer linked").waitFor();
    await page.getByRole("button", { name: "Link GitHub" }).waitFor();
});
