// What a screen looks like in between: the drawer, a menu, a picker, an edit, a reply on its way, no connection, a notice.
import { after, before, test } from "node:test";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";
import { composer, openChat, reply, say, stopped } from "./conversation.mjs";

let model, server, browser;
before(async () => {
    model = await startModel();
    [server, browser] = await Promise.all([startServer({ env: model.env }), startBrowser()]);
    const person = await server.as("una@example.org");
    await create(person, "/api/materials", { title: "Cells", subject: "Biology" });
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await model?.close();
});

const menu = (page) => page.getByRole("button", { name: "Open the menu" });

for (const [size, scheme] of [
    ["desktop", "light"],
    ["phone", "dark"],
]) {
    test(`every state in between, ${size}, ${scheme}`, async () => {
        const { page } = await openChat(browser, server, "una@example.org", { size, scheme });
        await say(page, "question [[tokens=900 delay=30]]");
        await reply(page).getByText("word3", { exact: false }).waitFor();
        await assertGood(page, "live reply");
        await page.getByRole("button", { name: "Stop" }).click();
        await stopped(page);
        await assertGood(page, "stopped reply");

        await page.getByRole("button", { name: "Edit this message" }).click();
        await page.getByRole("textbox", { name: "Edit this message" }).waitFor();
        await assertGood(page, "edit form");
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.getByRole("button", { name: "All active materials" }).click();
        await page.getByLabel("Cells").waitFor();
        await assertGood(page, "picker");
        await page.keyboard.press("Escape");

        await composer(page).fill("x".repeat(32_001));
        await page.getByText("1 characters too long").waitFor();
        await assertGood(page, "a message that is too long");
        await composer(page).fill("");
        await page.context().setOffline(true);
        await page.getByText("You are offline").waitFor();
        await assertGood(page, "offline");
        await say(page, "into the void");
        await page.getByRole("alert").waitFor();
        await assertGood(page, "a message that was not sent");
        await page.context().setOffline(false);
        await page.getByText("You are offline").waitFor({ state: "detached" });

        if (size === "phone") {
            await menu(page).click();
            await page.getByRole("dialog").waitFor();
            await assertGood(page, "drawer");
        }
        const actions = page.getByRole("button", { name: /^Actions for/ }).first();
        await actions.press("Enter");
        await page.getByRole("menuitem", { name: "Delete" }).waitFor();
        await assertGood(page, "menu");
        await page.getByRole("menuitem", { name: "Delete" }).click();
        const undo = page.getByRole("button", { name: "Undo" });
        await undo.focus(); // which keeps it on the screen for as long as the check takes
        await assertGood(page, "toast");
        if (size === "phone" && (await page.getByRole("dialog").count()) === 0) {
            await menu(page).click();
            await page.getByRole("dialog").getByRole("button", { name: "Undo" }).focus();
            await assertGood(page, "toast in the drawer");
        }
        await undo.click();
        await page.getByText("Brought back").waitFor();
        await page.context().close();
    });
}
