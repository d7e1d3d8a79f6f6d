// What the page says to who asks too often.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startServer } from "../support/server.mjs";
import { assertGood, startBrowser } from "./browser.mjs";

let server, browser;
before(async () => {
    const env = { BRAINBYTES_RATE_LIMITS: "person=30+1/m" };
    [server, browser] = await Promise.all([startServer({ env }), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

for (const [locale, sentence] of [
    ["en-US", /^That was a lot at once\. Please try again in [34] minutes\.$/],
    ["fil-PH", /^Masyadong marami nang sabay-sabay\. Subukan muli pagkaraan ng [34] minuto\.$/],
])
    test(`the sign-in page says when to try again (${locale})`, async () => {
        const email = `${locale.toLowerCase()}@example.org`;
        for (let i = 0; i < 5; i += 1)
            await server.request("/api/auth/email", { method: "POST", json: { email } });
        const page = await browser.visitor(server, { locale, size: "tiny" });
        await page.goto("/sign-in");
        await page.getByLabel("E-mail").fill(email);
        await page.getByLabel("E-mail").press("Enter");
        const alert = page.getByRole("alert").filter({ hasText: sentence });
        await alert.waitFor();
        await assertGood(page, "a refused sign-in");
    });

test("a list that cannot be loaded says it, and can be tried again", async () => {
    const ana = await server.as("ana@example.org");
    for (let i = 0; i < 31; i += 1) await ana.request("/api/sessions");
    const page = await browser.visitor(server, { cookie: ana.cookie });
    await page.goto("/materials");
    await page
        .getByText(/Please try again in \d+ (seconds|minutes)\./)
        .first()
        .waitFor();
    assert.deepEqual(page.faults, []);
});
