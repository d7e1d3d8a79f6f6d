// Administration, as administrators use it: on a desktop and on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { withinOneDay } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { mails, newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, eventually, startBrowser, tooWide } from "./browser.mjs";

let database, server, browser, admin;
before(async () => {
    await withinOneDay();
    database = await startDatabase();
    [server, browser] = await Promise.all([
        startServer({
            env: { DATABASE_URL: database.url, BRAINBYTES_QUOTAS: "person-tokens=9000,school-tokens=200000" },
        }),
        startBrowser(),
    ]);
    admin = await server.admin();
    const long = "a-person-with-an-address-so-long-that-no-phone-shows-it@a-school-far-away.example";
    for (const email of ["ana@example.org", "ben@example.org", long]) await server.as(email);
    await database.query(
        "INSERT INTO token_use SELECT u.id, (now() AT TIME ZONE 'UTC')::date - n, 1000 + n * (29 - n) * 41 " +
            "FROM users u, generate_series(0, 28) n WHERE n % 7 <> 3 AND u.email LIKE 'ana@%'",
    );
    await database.query(
        "INSERT INTO backup_runs SELECT gen_random_uuid(), now() - n * interval '1 day', 'schedule', " +
            "CASE WHEN n <> 1 THEN 'backup-' || n END, n * 40000000, n, " +
            "CASE WHEN n = 1 THEN 'The disk of /srv/backups is full: 12 MB free, 40 MB needed.' END " +
            "FROM generate_series(1, 4) n; " +
            "INSERT INTO drills SELECT gen_random_uuid(), s, 'backup-2', now() - n * interval '9 days', n * 4, 7200, " +
            'n <> 3, CASE WHEN n = 3 THEN \'[{"name":"a chat","good":false,"detail":"no answer"}]\' ELSE \'[]\' END::jsonb ' +
            "FROM unnest(ARRAY['lost-host', 'ransomware', 'bad-migration']) WITH ORDINALITY AS list(s, n)",
    );
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await database?.stop();
});

const parts = [
    "/admin",
    "/admin/sign-up",
    "/admin/system",
    "/admin/backups",
    "/admin/operations",
    "/admin/incidents",
    "/admin/log",
];

async function open(page, place) {
    await page.goto(place);
    await page.getByRole("heading", { level: 1, name: /Administration|Pamamahala/ }).waitFor();
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .skeleton'));
}

for (const size of ["desktop", "phone"]) {
    for (const scheme of ["light", "dark"]) {
        test(`every part, ${size}, ${scheme}`, async () => {
            const page = await browser.visitor(server, { size, scheme, cookie: admin.cookie });
            for (const place of parts) {
                await open(page, place);
                await assertGood(page, place);
                if (process.env.SHOTS)
                    await page.screenshot({
                        path: `${process.env.SHOTS}/${size}-${scheme}${place.replaceAll("/", "-")}.png`,
                    });
            }
            await open(page, "/admin");
            await page.getByRole("button", { name: /ana@example.org/ }).click();
            await page.getByRole("button", { name: "Suspend" }).waitFor();
            await assertGood(page, "a person");
            if (process.env.SHOTS)
                await page.screenshot({ path: `${process.env.SHOTS}/${size}-${scheme}-person.png` });
            await page.context().close();
        });
    }
}

test("nothing is wider than a screen of 320 pixels, in Filipino either", async () => {
    await admin.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    const page = await browser.visitor(server, { size: "tiny", cookie: admin.cookie });
    for (const place of parts) {
        await open(page, place);
        await page.getByRole("heading", { name: "Pamamahala" }).waitFor();
        const over = await tooWide(page);
        assert.ok(over <= 0, `${place} is ${over} px too wide`);
        await assertGood(page, `${place} in Filipino`);
    }
    await admin.request("/api/me", { method: "PATCH", json: { language: "en" } });
});

test("backups and drills: the last, the next, what would be lost, and what failed", async () => {
    const page = await browser.visitor(server, { size: "phone", cookie: admin.cookie });
    await open(page, "/admin");
    await page.getByRole("navigation").getByRole("link", { name: "Backups" }).click();
    await page.getByText("the work of the last 2 days").waitFor();
    await page.getByText("The disk of /srv/backups is full").waitFor();
    await page.getByText("80 MB, 2 seconds").waitFor();
    await page.getByText("lost-host: back in 4 seconds, 2 hours lost").waitFor();
    await page.getByText("a chat: no answer").waitFor();
    assert.equal(await page.getByText("No recovery was practised").count(), 0);
    let shown = {};
    await page.route("**/api/admin/backups", async (route) => {
        const known = await (await route.fetch()).json();
        await route.fulfill({ json: { ...known, ...shown } });
    });
    for (const [behind, words] of [
        [512, "the work of about a second"],
        [48_000_000, "48 MB of changes not yet copied"],
    ]) {
        shown = { logBehindBytes: behind };
        await open(page, "/admin/backups");
        await page.getByText(words).waitFor();
    }
    const failed = { scenario: "ransomware", startedAt: new Date().toISOString(), good: false, checks: [] };
    shown = { drills: [{ ...failed, backup: "backup-2", rtoSeconds: null, rpoSeconds: null }] };
    await open(page, "/admin/backups");
    await page.getByText("ransomware: did not come back").waitFor();
    shown = { backups: [], drills: [], rpoSeconds: null, late: true, drillLate: true };
    await open(page, "/admin/backups");
    for (const words of ["No backup was made for too long", "No recovery was practised", "everything"])
        await page.getByText(words).first().waitFor();
    await assertGood(page, "no backup at all");
    await page.context().close();
});

test("how many tokens are used stands there of all people, day by day, and of each", async () => {
    const { today, days } = (await admin.request("/api/admin/usage")).json;
    assert.equal(today.used, 1000);
    const total = days.reduce((sum, { tokens }) => sum + tokens, 0).toLocaleString("en-US");
    for (const [size, scheme] of [
        ["phone", "light"],
        ["desktop", "dark"],
    ]) {
        const page = await browser.visitor(server, { size, scheme, cookie: admin.cookie });
        await open(page, "/admin/system");
        await page.getByText("1,000 of 200,000 tokens today").waitFor();
        await page.getByText(/199,000 are left; a new day begins at/).waitFor();
        await page.getByText("Each person has 9,000 tokens a day.").waitFor();
        await page.getByRole("meter", { name: "Use of the language model" }).waitFor();
        await page.getByRole("img", { name: `${total} tokens` }).waitFor();
        await page.getByText("Day by day").click();
        const rows = page.getByRole("table").getByRole("row");
        assert.equal(await rows.count(), 31);
        assert.match(await rows.nth(1).innerText(), /1,000$/);
        await assertGood(page, `the days, ${size}, ${scheme}`);
        await open(page, "/admin");
        await page.getByRole("button", { name: `${total} tokens in 30 days` }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText(/^Tokens today\s*1,000$/).waitFor();
        await dialog.getByText(new RegExp(`^Tokens in 30 days\\s*${total}$`)).waitFor();
        await page.context().close();
    }
});

test("a school that has used no tokens is told so, and why when there is no language model", async () => {
    const today = { used: 0, limit: null, resetsAt: "2030-01-02T00:00:00Z" };
    const json = { today, personLimit: null, days: [{ day: "2030-01-01", tokens: 0 }] };
    for (const [mode, words] of [
        ["model", "No tokens in the last 30 days."],
        ["extractive", "There is no language model"],
    ]) {
        const page = await browser.visitor(server, { cookie: admin.cookie });
        await page.route("**/api/admin/usage", (route) => route.fulfill({ json }));
        await page.route("**/api/session", async (route) => {
            const known = await (await route.fetch()).json();
            await route.fulfill({ json: { ...known, tutor: { mode, model: null } } });
        });
        await open(page, "/admin/system");
        await page.getByText(words).waitFor();
        assert.equal(await page.getByRole("img").count(), 0);
        await assertGood(page, `no use, ${mode}`);
        await page.context().close();
    }
});

test("who is no administrator finds nothing there, and no way to it", async () => {
    const ana = await server.as("ana@example.org");
    const page = await browser.visitor(server, { cookie: ana.cookie });
    await page.goto("/admin");
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Administration" }).count(), 0);
});

test("people are found, get another role, are suspended and let in again", async () => {
    const page = await browser.visitor(server, { size: "phone", cookie: admin.cookie });
    await open(page, "/admin");
    await page.getByLabel("Search by name or e-mail").fill("BEN@");
    const ben = page.getByRole("button", { name: /ben@example.org/ });
    await page.getByRole("button", { name: /ana@example.org/ }).waitFor({ state: "detached" });
    await ben.click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Teacher").click();
    await dialog.getByRole("button", { name: "Give this role" }).click();
    await page.getByText("Saved").first().waitFor();
    await dialog.getByRole("button", { name: "Suspend" }).click();
    await dialog.getByRole("button", { name: "Let in again" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Teacher · Suspended").waitFor();
    const { people } = (await admin.request("/api/admin/people?q=ben")).json;
    assert.deepEqual([people[0].role, people[0].state], ["teacher", "suspended"]);
    await ben.click();
    await dialog.getByRole("button", { name: "Let in again" }).click();
    await dialog.getByRole("button", { name: "Suspend" }).waitFor();
    assert.deepEqual(page.faults, []);
});

test("who edits what another administrator changed meanwhile is told, and sees the newest", async () => {
    const change = (target, json) => admin.request(target, { method: "PATCH", json });
    const told = "Somebody changed this meanwhile";
    const page = await browser.visitor(server, { size: "phone", cookie: admin.cookie });
    await open(page, "/admin/sign-up");
    await page.getByText("Only who is invited").click();
    const domains = ["faster.example"];
    assert.equal((await change("/api/admin/policy", { signUp: "domains", domains })).status, 200);
    const save = page.getByRole("button", { name: "Save" });
    await save.click();
    await page.getByText(told).waitFor();
    const field = page.getByLabel("Domains", { exact: true });
    assert.equal(await field.inputValue(), "faster.example");
    assert.equal((await admin.request("/api/admin/policy")).json.signUp, "domains");
    await assertGood(page, "what somebody else changed");
    await page.getByText("Everybody").click();
    await save.click();
    await eventually(async () => {
        assert.equal((await admin.request("/api/admin/policy")).json.signUp, "open");
    });

    await server.as("eve@example.org");
    await open(page, "/admin");
    await page.getByRole("button", { name: /eve@example.org/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Teacher").click();
    const { people } = (await admin.request("/api/admin/people?q=eve")).json;
    const target = `/api/admin/people/${people[0].id}`;
    assert.equal((await change(target, { state: "suspended" })).status, 200);
    await dialog.getByRole("button", { name: "Give this role" }).click();
    await page.getByText(told).waitFor();
    await dialog.getByRole("button", { name: "Let in again" }).waitFor();
    assert.equal((await admin.request(target)).json.role, "student");
    await dialog.getByText("Teacher").click();
    await dialog.getByRole("button", { name: "Give this role" }).click();
    await eventually(async () => {
        assert.equal((await admin.request(target)).json.role, "teacher");
    });
    assert.deepEqual(page.faults, []);
});

test("the last administrator is told why the role stays", async () => {
    const page = await browser.visitor(server, { cookie: admin.cookie });
    await open(page, "/admin");
    await page.getByRole("button", { name: /admin@example.org/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Student", { exact: true }).click();
    await dialog.getByRole("button", { name: "Give this role" }).click();
    await page.getByText("This is the last administrator").waitFor();
});

test("an old session asks for a mailed code and goes on with what was begun", async () => {
    await database.query("UPDATE sessions SET proved_at = now() - interval '1 hour'");
    const page = await browser.visitor(server, { size: "phone", cookie: admin.cookie });
    await open(page, "/admin/sign-up");
    await page.getByText("Addresses of these domains").click();
    await page.getByLabel("Domains", { exact: true }).fill("school.example\nother.example");
    const save = page.getByRole("button", { name: "Save" });
    await save.click();
    const dialog = page.getByRole("dialog", { name: "Is it you?" });
    await dialog.waitFor();
    await assertGood(page, "the question for a code");
    await page.keyboard.press("Escape");
    await page.getByText("Nothing was changed.").first().waitFor();
    assert.equal((await admin.request("/api/admin/policy")).json.signUp, "open");

    const count = mails(server, admin.email).length;
    await save.click();
    const { code } = await newestMail(server, admin.email, count + 1);
    const field = dialog.getByLabel("Six-digit code");
    await field.fill(code === "111111" ? "222222" : "111111");
    await dialog.getByRole("button", { name: "Continue" }).click();
    await dialog.getByText("That code does not fit").waitFor();
    await field.fill(code);
    await dialog.getByRole("button", { name: "Continue" }).click();
    await page.getByText("Saved").first().waitFor();
    assert.equal((await admin.request("/api/admin/policy")).status, 401, "the proof replaced the token");
    admin = await server.as(admin.email);
    const policy = (await admin.request("/api/admin/policy")).json;
    assert.deepEqual(policy, { signUp: "domains", domains: ["school.example", "other.example"] });

    await page.getByLabel("Domains", { exact: true }).fill("no domain");
    await save.click();
    await page.getByText("Write 1 to 50 domains").waitFor();
    await page.getByText("Everybody").click();
    await save.click();
    await page.waitForFunction(() => !document.querySelector("textarea"));
    assert.deepEqual(page.faults, []);
});

test("an invitation goes out, is taken up with one click, and is listed", async () => {
    const page = await browser.visitor(server, { cookie: admin.cookie });
    await open(page, "/admin/sign-up");
    await page.getByLabel("E-mail").fill("new@example.org");
    await page.getByLabel("Role").selectOption("teacher");
    await page.getByRole("button", { name: "Invite" }).click();
    await page.getByText("Invitation sent to new@example.org").first().waitFor();
    const link = new URL((await newestMail(server, "new@example.org")).link);

    const guest = await browser.visitor(server, { size: "phone" });
    await guest.goto(link.pathname + link.hash);
    await guest.getByRole("heading", { name: "Welcome to BrainBytes" }).waitFor();
    await assertGood(guest, "the invitation");
    await guest.getByRole("button", { name: "Come in" }).click();
    await guest.waitForURL("**/chat");

    await page.reload();
    await page.getByText("Teacher · accepted").waitFor();
    await page.getByLabel("E-mail").fill("new@example.org");
    await page.getByRole("button", { name: "Invite" }).click();
    await page.getByText("This address has an account already.").waitFor();
    await page.getByLabel("E-mail").fill("other@example.org");
    await page.getByRole("button", { name: "Invite" }).click();
    await page.getByRole("button", { name: "Withdraw: other@example.org" }).click();
    await page.getByText("Student · withdrawn").waitFor();

    const late = await browser.visitor(server);
    await late.goto(link.pathname + link.hash);
    await late.getByRole("button", { name: "Come in" }).click();
    await late.getByText("This invitation has been used").waitFor();
});

test("the mail test says what came of it, and the log shows what was done", async () => {
    const page = await browser.visitor(server, { cookie: admin.cookie });
    await open(page, "/admin/system");
    await page.getByRole("button", { name: "Send a test mail" }).click();
    await page.getByText("outbox folder").waitFor();
    await page.getByRole("link", { name: "Log" }).click();
    await page.getByText("mail.tested").first().waitFor();
    await page.getByText("person admin@example.org").first().waitFor();
    await page.getByLabel("Action").selectOption("policy.");
    await page.getByText("policy.changed").first().waitFor();
    await page.getByText("mail.tested").first().waitFor({ state: "detached" });
    assert.deepEqual(page.faults, []);
});

test("a suspended person is told so after the code", async () => {
    await server.command("user", "create", "out@example.org");
    await server.command("user", "suspend", "out@example.org");
    const page = await browser.visitor(server);
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill("out@example.org");
    await page.getByLabel("E-mail").press("Enter");
    const { code } = await newestMail(server, "out@example.org");
    await page.getByLabel("Six-digit code").pressSequentially(code);
    await page.getByText("This account is suspended").waitFor();
});
