// Sharing on the page: a teacher makes a link on a phone, a student who is signed out signs in and comes back to it,
// reads, copies, and has it no more when the teacher revokes it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { newestMail } from "../support/outbox.mjs";
import { root, startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";

let server, browser, teacher, material;
before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    teacher = await server.as("teacher@example.org", "teacher");
    material = await create(teacher, "/api/materials", {
        title: "Photosynthesis",
        description: "For our class",
    });
    const entry = { title: "Leaves", content: "Leaves are **kitchens**." };
    await create(teacher, `/api/materials/${material.id}/entries`, entry);
    const form = new FormData();
    form.append("file", new Blob([readFileSync(path.join(root, "tests/samples/notes.pdf"))]), "notes.pdf");
    const target = `/api/materials/${material.id}/files`;
    const sent = await teacher.request(target, { method: "POST", body: form });
    assert.equal(sent.status, 201, sent.text);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

async function openDialog(page) {
    await page.goto(`/materials/${material.id}`);
    await page.getByRole("button", { name: "Actions for Photosynthesis" }).click();
    await page.getByRole("menuitem", { name: "Share" }).click();
    const dialog = page.getByRole("dialog", { name: "Share Photosynthesis" });
    await dialog.getByText("Who has it").waitFor();
    return dialog;
}

test("a link goes from a teacher to a student who signs in, reads and copies, and ends when it is revoked", async () => {
    const page = await browser.visitor(server, { cookie: teacher.cookie, size: "phone" });
    let dialog = await openDialog(page);
    await dialog.getByText("Nobody but you.").waitFor();
    await dialog.getByRole("button", { name: "Make a link" }).click();
    const link = await dialog.getByRole("textbox", { name: "Link" }).inputValue();
    assert.match(link, /\/shared\/open#[\w-]{43}$/);
    await dialog.getByText("not opened yet").waitFor();
    await assertGood(page, "sharing-dialog");

    const visitor = await browser.visitor(server, { size: "phone", scheme: "dark" });
    const { pathname, hash } = new URL(link);
    await visitor.goto(pathname + hash);
    await visitor.getByLabel("E-mail", { exact: false }).first().fill("student@example.org");
    await visitor.keyboard.press("Enter");
    const { code } = await newestMail(server, "student@example.org");
    await visitor.getByLabel("Six-digit code").pressSequentially(code);
    await visitor.getByRole("heading", { name: "A material for you" }).waitFor();
    assert.equal(new URL(visitor.url()).hash, "", "the token is out of the address");
    await assertGood(visitor, "sharing-open");
    await visitor.getByRole("button", { name: "Open it" }).click();
    await visitor.getByRole("heading", { name: "Photosynthesis" }).waitFor();
    await visitor.getByText("Shared by teacher").waitFor();
    await assertGood(visitor, "sharing-material");
    await visitor.getByRole("link", { name: /notes\.pdf/ }).click();
    await visitor.locator('.sheet[data-page="1"] canvas').waitFor();
    await assertGood(visitor, "sharing-file");
    await visitor.goBack();
    await visitor.getByRole("link", { name: /Leaves/ }).click();
    await visitor.getByText("kitchens").waitFor();
    await visitor.getByRole("link", { name: "Back to the shared material" }).click();
    await visitor.getByRole("button", { name: "Add to my materials" }).click();
    await visitor.getByText("A copy of what teacher shares").waitFor();
    await assertGood(visitor, "sharing-copy");

    dialog = await openDialog(page);
    await dialog.getByText("opened by student").waitFor();
    await dialog.getByRole("button", { name: /^Revoke: Link/ }).click();
    await dialog.getByText("Nobody but you.").waitFor();
    await visitor.goto("/shared");
    await visitor.getByText("Nobody shares anything with you yet.", { exact: false }).waitFor();
    await visitor.goto(`/shared/${material.id}`);
    await visitor.getByText("This is not here, or not yours.").waitFor();
    await visitor.goto(pathname + hash);
    await visitor.getByRole("button", { name: "Open it" }).click();
    await visitor.getByText("This link is not valid any more.", { exact: false }).waitFor();
});

test("a material is shared with an address until a day, in Filipino too", async () => {
    const page = await browser.visitor(server, { cookie: teacher.cookie });
    const dialog = await openDialog(page);
    await dialog.getByLabel("E-mail of a person").fill("teacher@example.org");
    await dialog.getByRole("button", { name: "Share with this person" }).click();
    await dialog.getByText("Enter the whole address of somebody else.").waitFor();
    const day = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
    await dialog.getByLabel("Ends after this day").fill(day);
    await dialog.getByLabel("E-mail of a person").fill("pupil@example.org");
    await dialog.getByRole("button", { name: "Share with this person" }).click();
    await dialog.getByText("until", { exact: false }).last().waitFor();
    await dialog.getByText("pupil@example.org", { exact: true }).waitFor();
    await assertGood(page, "sharing-person");

    const pupil = await server.as("pupil@example.org");
    await pupil.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    const visitor = await browser.visitor(server, { cookie: pupil.cookie, size: "phone" });
    await visitor.goto("/materials");
    await visitor.getByRole("link", { name: "Ibinahagi sa akin" }).click();
    await visitor.getByText("Ibinahagi ni teacher").waitFor();
    await assertGood(visitor, "sharing-list-fil");
    await visitor.getByRole("link", { name: /Photosynthesis/ }).click();
    await visitor.getByRole("button", { name: "Alisin sa listahang ito" }).click();
    await visitor.getByText("Wala pang nagbabahagi sa iyo.", { exact: false }).waitFor();
});

test("a link pasted over another is the one that opens, and one that was not opened is forgotten at sign-out", async () => {
    const shares = `/api/materials/${material.id}/shares`;
    const wanted = { kind: "link", expiresAt: null };
    const first = await create(teacher, shares, wanted);
    const revoked = await teacher.request(`${shares}/${first.share.id}`, { method: "DELETE" });
    assert.equal(revoked.status, 204, revoked.text);
    const second = await create(teacher, shares, wanted);

    const learner = await server.as("learner@example.org");
    const visitor = await browser.visitor(server, { cookie: learner.cookie });
    const kept = () => visitor.evaluate(() => localStorage.getItem("brainbytes:shared-link"));
    const gone = visitor.getByText("This link is not valid any more.", { exact: false });
    const token = new URL(second.path, server.url).hash.slice(1);
    await visitor.goto(first.path);
    await visitor.getByRole("button", { name: "Open it" }).click();
    await gone.waitFor();
    await visitor.evaluate(() => (globalThis.sameVisit = true));
    await visitor.goto(second.path);
    await gone.waitFor({ state: "detached" });
    assert.equal(await visitor.evaluate(() => globalThis.sameVisit), true, "the page was loaded again");
    assert.equal(new URL(visitor.url()).hash, "", "the token is out of the address");
    assert.equal(await kept(), token);
    await visitor.getByRole("button", { name: "Open it" }).click();
    await visitor.getByRole("heading", { name: "Photosynthesis" }).waitFor();
    assert.equal(await kept(), null);

    await visitor.goto(second.path);
    await visitor.getByRole("button", { name: "Open it" }).waitFor();
    assert.equal(await kept(), token);
    await visitor.goto("/settings");
    await visitor.getByRole("button", { name: "Sign out", exact: true }).last().click();
    await visitor.waitForURL("**/sign-in");
    assert.equal(await kept(), null, "the link outlives its person");
});
