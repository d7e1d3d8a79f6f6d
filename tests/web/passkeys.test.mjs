// Passkeys from end to end, with an authenticator that the browser plays; and recovery codes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDatabase } from "../support/database.mjs";
import { mails } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, eventually, startBrowser } from "./browser.mjs";

let database, server, browser, named;
before(async () => {
    database = await startDatabase();
    [server, browser] = await Promise.all([
        startServer({ env: { DATABASE_URL: database.url } }),
        startBrowser(),
    ]);
    // Passkeys need a name: 127.0.0.1 has none.
    named = { url: `http://localhost:${server.port}` };
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await database?.stop();
});

const one = (page, name) => page.getByRole("button", { name, exact: true });

/**
 * Has the browser of this page play an authenticator: {credentials(), send(command, options)}. Without autofill, because
 * it would choose a passkey in the e-mail field by itself before anybody presses the button.
 */
async function addAuthenticator(page, { autofill = false } = {}) {
    if (!autofill)
        await page.addInitScript(() => {
            PublicKeyCredential.isConditionalMediationAvailable = async () => false;
        });
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
        options: {
            protocol: "ctap2",
            transport: "internal",
            hasResidentKey: true,
            hasUserVerification: true,
            isUserVerified: true,
            automaticPresenceSimulation: true,
        },
    });
    return {
        credentials: async () =>
            (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
        send: (command, options) => session.send(`WebAuthn.${command}`, { authenticatorId, ...options }),
    };
}

/** A person in the settings, on a page that can make passkeys: {person, page, authenticator}. */
async function inSettings(email, options = {}) {
    const person = await server.as(email);
    const page = await browser.visitor(named, { cookie: person.cookie, ...options });
    const authenticator = await addAuthenticator(page, options);
    await page.goto("/settings");
    await page.getByRole("heading", { name: /Passkeys|Mga passkey/ }).waitFor();
    return { person, page, authenticator };
}

async function addFirst(page) {
    await one(page, "Add a passkey").click();
    const dialog = page.getByRole("dialog", { name: "Recovery codes" });
    await dialog.waitFor();
    const codes = await dialog.getByRole("listitem").allTextContents();
    assert.equal(codes.length, 10);
    await assertGood(page, "recovery codes");
    await one(dialog, "Done").click();
    await dialog.waitFor({ state: "detached" });
    return codes;
}

/** The code in a mail that came after the first `count`; there may be notices besides. */
function codeAfter(count, email) {
    return eventually(() => {
        const mail = mails(server, email)
            .slice(count)
            .find((one) => one.code);
        assert.ok(mail, "no code came");
        return mail.code;
    });
}

/** Signs out, without the page. */
async function signOut(page) {
    await page.request.fetch("/api/auth/sign-out", { method: "POST" });
}

for (const [size, scheme] of [
    ["desktop", "dark"],
    ["tiny", "light"],
])
    test(`a passkey is added, and signs in again (${size}, ${scheme})`, async () => {
        const email = `ana-${size}@example.org`;
        const { page, authenticator } = await inSettings(email, { size, scheme });
        await page.getByText("You have no passkey yet.").waitFor();
        await assertGood(page, "settings without a passkey");
        await addFirst(page);
        await page.getByText("10 recovery codes are left").waitFor();
        await page.getByText("Chrome on", { exact: false }).first().waitFor();
        await assertGood(page, "settings with a passkey");
        const [made] = await authenticator.credentials();
        assert.equal(made.rpId, "localhost");
        assert.ok(made.isResidentCredential);

        await authenticator.send("setAutomaticPresenceSimulation", { enabled: false });
        await one(page, "Sign out").last().click();
        await page.waitForURL("**/sign-in*");
        await one(page, "Sign in with a passkey").waitFor();
        await assertGood(page, "the door with passkeys");
        await authenticator.send("setAutomaticPresenceSimulation", { enabled: true });
        await one(page, "Sign in with a passkey").click();
        await page.waitForURL(/\/(chat|settings)$/);
        const { user } = await (await page.request.get("/api/session")).json();
        assert.equal(user.email, email);
        await page.goto("/settings");
        await page.getByText("Last used", { exact: false }).waitFor();
        assert.deepEqual(page.faults, []);
    });

test("a person who is not verified is not let in, and can still use a code", async () => {
    const { page, authenticator } = await inSettings("ben@example.org");
    await addFirst(page);
    await authenticator.send("setAutomaticPresenceSimulation", { enabled: false });
    await signOut(page);
    await page.goto("/sign-in");
    await authenticator.send("setUserVerified", { isUserVerified: false });
    await authenticator.send("setAutomaticPresenceSimulation", { enabled: true });
    await one(page, "Sign in with a passkey").click();
    await page.getByText("No passkey was used.").waitFor();
    await assertGood(page, "a refused passkey");
    await page.getByLabel("E-mail").fill("ben@example.org");
    await page.getByLabel("E-mail").press("Enter");
    await page.getByLabel("Six-digit code").waitFor();
});

test("of two passkeys one is renamed, the other removed; what is removed signs in no more", async () => {
    const { person, page, authenticator } = await inSettings("cora@example.org");
    await addFirst(page);
    await one(page, "Add a passkey").click();
    await page.getByText("This device already has a passkey").waitFor();
    // Another device, where the person is signed in too.
    const second = await browser.visitor(named, { cookie: person.cookie });
    const other = await addAuthenticator(second);
    await second.goto("/settings");
    await one(second, "Add a passkey").click();
    await second.getByText("Passkey added").waitFor();
    assert.equal(await second.getByRole("dialog").count(), 0, "codes come with the first one alone");
    await page.reload();
    const rename = page.getByRole("button", { name: /^Rename:/ });
    await eventually(async () => assert.equal(await rename.count(), 2));
    await rename.first().click();
    await page.getByLabel("New name").fill("Old laptop");
    await page.getByLabel("New name").press("Enter");
    await page.getByText("Old laptop").waitFor();
    await page.getByRole("button", { name: "Remove: Old laptop" }).click();
    const dialog = page.getByRole("dialog", { name: "Remove “Old laptop”?" });
    await assertGood(page, "the question before removing");
    await one(dialog, "Remove").click();
    await page.getByText("Passkey removed").waitFor();
    await page.getByText("Old laptop", { exact: true }).waitFor({ state: "detached" });
    assert.equal((await authenticator.credentials()).length, 1);

    for (const [at, key, enters] of [
        [page, authenticator, false],
        [second, other, true],
    ]) {
        await key.send("setAutomaticPresenceSimulation", { enabled: false });
        await signOut(at);
        await at.goto("/sign-in");
        await key.send("setAutomaticPresenceSimulation", { enabled: true });
        await one(at, "Sign in with a passkey").click();
        if (enters) await at.waitForURL("**/chat");
        else await at.getByText("This passkey was not accepted.").waitFor();
    }
});

test("after a quarter of an hour the person is asked to show who they are, by passkey or code", async () => {
    const { person, page, authenticator } = await inSettings("dan@example.org");
    await addFirst(page);
    await page.evaluate(() => localStorage.setItem("brainbytes:draft:x", "not yet sent"));
    const wait = () => database.query("UPDATE sessions SET proved_at = now() - interval '16 minutes'");
    const left = async () => (await person.request("/api/recovery-codes")).json;
    const proof = page.getByRole("dialog", { name: "Is it you?" });
    const codes = page.getByRole("dialog", { name: "Recovery codes" });
    await wait();
    const before = await left();
    await one(page, "Make new codes").click();
    await proof.waitFor();
    await assertGood(page, "the question who it is");
    await page.keyboard.press("Escape");
    await page.getByText("Nothing was changed.").waitFor();
    assert.deepEqual(await left(), before);

    await authenticator.send("setUserVerified", { isUserVerified: false });
    await one(page, "Make new codes").click();
    await one(proof, "Confirm with a passkey").click();
    await proof.getByText("This passkey was not accepted.").waitFor();
    await authenticator.send("setUserVerified", { isUserVerified: true });
    await one(proof, "Confirm with a passkey").click();
    await codes.waitFor();
    await one(codes, "Done").click();

    await wait();
    let mail = mails(server, person.email).length;
    await page.getByRole("button", { name: /^Remove:/ }).click();
    await one(page.getByRole("dialog", { name: /^Remove/ }), "Remove").click();
    await proof.waitFor();
    await page.getByLabel("Six-digit code").fill(await codeAfter(mail, person.email));
    await one(proof, "Continue").click();
    await page.getByText("Passkey removed").waitFor();

    await wait();
    mail = mails(server, person.email).length;
    await authenticator.send("clearCredentials", {});
    await one(page, "Add a passkey").click();
    await proof.waitFor();
    assert.equal(await one(proof, "Confirm with a passkey").count(), 0, "there is none");
    await page.getByLabel("Six-digit code").fill(await codeAfter(mail, person.email));
    await one(proof, "Continue").click();
    await codes.waitFor(); // they come with the only passkey
    const draft = await page.evaluate(() => localStorage.getItem("brainbytes:draft:x"));
    assert.equal(draft, "not yet sent", "a proof is no sign-out");
});

test("the passkey of somebody else proves nothing", async () => {
    const { page: theirs, authenticator } = await inSettings("hana@example.org");
    await addFirst(theirs);
    const [hers] = await authenticator.credentials();
    const { page, authenticator: own } = await inSettings("ivan@example.org");
    await addFirst(page);
    await database.query("UPDATE sessions SET proved_at = now() - interval '16 minutes'");
    await own.send("clearCredentials", {});
    await own.send("addCredential", { credential: hers });
    await one(page, "Make new codes").click();
    await one(page, "Confirm with a passkey").click();
    await page.getByText("Nothing was changed.").waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.equal((await (await page.request.get("/api/session")).json()).user.email, "hana@example.org");
});

test("a recovery code lets in once, and not twice", async () => {
    const { page } = await inSettings("eva@example.org", { size: "phone" });
    const [code] = await addFirst(page);
    // Somewhere else, at an address where passkeys do not work.
    const visitor = await browser.visitor(server, { size: "tiny" });
    const enter = async () => {
        await visitor.goto("/sign-in");
        assert.equal(await one(visitor, "Sign in with a passkey").count(), 0);
        await one(visitor, "Use a recovery code").click();
        const field = visitor.getByLabel("E-mail");
        assert.ok(await field.evaluate((node) => node === document.activeElement), "ready to type");
        await field.fill("eva@example.org");
        await visitor.getByLabel("Recovery code").fill(code.toLowerCase());
        await assertGood(visitor, "the door for recovery codes");
        await one(visitor, "Sign in").click();
    };
    await enter();
    await visitor.waitForURL("**/chat");
    await visitor.getByText("9 recovery codes are left").waitFor();
    await visitor.goto("/settings");
    await visitor.getByText("9 recovery codes are left").waitFor();
    assert.equal(await one(visitor, "Add a passkey").count(), 0, "an IP address has no passkeys");
    await visitor.getByRole("heading", { name: "Passkeys", level: 2 }).waitFor();
    await visitor.context().clearCookies();
    await enter();
    await visitor.getByText("That code does not fit this address").waitFor();
    await assertGood(visitor, "a used recovery code");
});

test("where passkeys do not work, who has none finds recovery codes under a heading of their own", async () => {
    const person = await server.as("jo@example.org");
    const page = await browser.visitor(server, { cookie: person.cookie, size: "tiny" });
    await page.goto("/settings");
    await page.getByRole("heading", { name: "Recovery codes", level: 2 }).waitFor();
    await page.getByText("You have no recovery codes.").waitFor();
    assert.equal(await page.getByRole("heading", { name: "Passkeys" }).count(), 0);
    await assertGood(page, "settings without passkeys");
});

test("in Filipino, on a phone", async () => {
    const person = await server.as("fe@example.org");
    await person.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    const { page } = await inSettings("fe@example.org", { size: "tiny", locale: "fil-PH" });
    await one(page, "Magdagdag ng passkey").click();
    await page.getByRole("dialog", { name: "Mga recovery code" }).waitFor();
    await assertGood(page, "recovery codes in Filipino");
    await page.keyboard.press("Escape");
    await page.getByText("10 recovery code pa ang natitira").waitFor();
    await assertGood(page, "settings in Filipino");
});

test("an e-mail field offers passkeys as autofill where the browser can", async () => {
    const { page, authenticator } = await inSettings("gil@example.org", { autofill: true });
    await addFirst(page);
    await authenticator.send("setAutomaticPresenceSimulation", { enabled: false });
    await signOut(page);
    await page.addInitScript(() => {
        const asked = (window.asked = []);
        const real = navigator.credentials.get.bind(navigator.credentials);
        navigator.credentials.get = (options) => {
            asked.push({ mediation: options.mediation, aborted: () => options.signal?.aborted });
            return real(options);
        };
    });
    await page.goto("/sign-in");
    assert.equal(await page.getByLabel("E-mail").getAttribute("autocomplete"), "email webauthn");
    await page.waitForFunction(() => window.asked.length === 1);
    assert.equal(await page.evaluate(() => window.asked[0].mediation), "conditional");
    await one(page, "Use a recovery code").click();
    assert.ok(await page.evaluate(() => window.asked[0].aborted()), "nothing waits behind the next step");
    // Chosen in the field, which the authenticator that the browser plays does at once.
    await authenticator.send("setAutomaticPresenceSimulation", { enabled: true });
    await page.goto("/sign-in");
    await page.waitForURL("**/chat");
    assert.equal((await (await page.request.get("/api/session")).json()).user.email, "gil@example.org");
});
