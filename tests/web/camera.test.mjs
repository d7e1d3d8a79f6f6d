// A photo of a page of a book or a blackboard, as material: on devices that are touched.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";

const pixel = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
);
let server, browser;
before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

async function shelf(email, options, preferences) {
    const person = await server.as(email);
    if (preferences) await person.request("/api/me", { method: "PATCH", json: preferences });
    const material = await create(person, "/api/materials", { title: "Blackboards" });
    const page = await browser.visitor(server, { cookie: person.cookie, ...options });
    await page.goto(`/materials/${material.id}`);
    await page.getByRole("heading", { level: 1, name: "Blackboards" }).waitFor();
    return { page, person, files: `/api/materials/${material.id}/files` };
}

test("a phone takes a photo with the camera at its back, and it is a file like any other", async () => {
    const { page, person, files } = await shelf("ana@example.org", { size: "phone" });
    const button = page.getByRole("button", { name: "Take a photo" });
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), button.click()]);
    const input = chooser.element();
    assert.equal(await input.getAttribute("capture"), "environment");
    assert.equal(await input.getAttribute("accept"), "image/*");
    assert.ok(!chooser.isMultiple());
    const photo = { name: "blackboard.png", mimeType: "image/png", buffer: pixel };
    await chooser.setFiles(photo);
    await page.getByRole("link", { name: /blackboard\.png/ }).waitFor();
    assert.deepEqual(
        (await person.request(files)).json.files.map((file) => [file.name, file.bytes]),
        [["blackboard.png", pixel.length]],
    );
    // The same again: a file chooser tells nothing new unless the first choice was put away.
    const [again] = await Promise.all([page.waitForEvent("filechooser"), button.click()]);
    await again.setFiles(photo);
    await page
        .getByRole("link", { name: /blackboard\.png/ })
        .nth(1)
        .waitFor();
});

test("a desktop is not asked for a camera", async () => {
    const { page } = await shelf("bea@example.org", { size: "desktop" });
    await page.getByRole("button", { name: "Upload" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Take a photo" }).count(), 0);
    assert.equal(await page.locator("input[capture]").count(), 0);
});

for (const [scheme, size, language, name] of [
    ["light", "phone", "en", "Take a photo"],
    ["dark", "phone", "en", "Take a photo"],
    ["light", "tiny", "fil", "Kunan ng larawan"],
])
    test(`the camera is offered to everybody, ${size}, ${scheme}, ${language}`, async () => {
        const options = { size, scheme };
        const { page } = await shelf(`${scheme}-${language}@example.org`, options, { language });
        await page.getByRole("button", { name }).waitFor();
        await assertGood(page, `camera-${size}-${scheme}-${language}`);
    });
