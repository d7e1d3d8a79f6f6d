// A browser for the tests of the page: phone or desktop, light or dark, signed in or not.
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const flags = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
export const sizes = {
    desktop: { viewport: { width: 1280, height: 800 } },
    phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
    tiny: { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true },
};

/** Starts a browser with a profile of its own; close() removes it. */
export async function startBrowser() {
    const home = mkdtempSync(path.join(tmpdir(), "bb-web-"));
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: flags,
        env: { ...process.env, HOME: home },
    });
    return {
        /** A new page of a new visitor. `cookie` signs in; faults of the page end up in `page.faults`. */
        async visitor(server, { size = "desktop", scheme = "light", cookie, locale = "en-US" } = {}) {
            const context = await browser.newContext({
                ...sizes[size],
                colorScheme: scheme,
                locale,
                baseURL: server.url,
                reducedMotion: "reduce",
            });
            context.setDefaultTimeout(20_000);
            if (cookie) await context.addCookies([cookieOf(cookie, server.url)]);
            const page = await context.newPage();
            page.faults = [];
            page.on("pageerror", (fault) => page.faults.push(fault.message));
            page.on("console", (line) => {
                const expected = /Failed to load resource/.test(line.text()); // a status we provoke
                if (line.type() === "error" && !expected) page.faults.push(line.text());
            });
            return page;
        },
        async close() {
            await browser.close();
            rmSync(home, { recursive: true, force: true, maxRetries: 5 });
        },
    };
}

function cookieOf(text, url) {
    const at = text.indexOf("=");
    return { name: text.slice(0, at), value: text.slice(at + 1), url };
}

/** How many pixels the page, or the part of it that scrolls, is wider than its room. */
export function tooWide(page) {
    return page.evaluate(() =>
        Math.max(
            document.documentElement.scrollWidth - innerWidth,
            ...[...document.querySelectorAll("main")].map((main) => main.scrollWidth - main.clientWidth),
        ),
    );
}

/** No accessibility fault, nothing wider than the screen, nothing in the console. */
export async function assertGood(page, name) {
    const { violations } = await new AxeBuilder({ page }).analyze();
    const faults = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
    assert.deepEqual(faults, [], `accessibility of ${name}`);
    const over = await tooWide(page);
    assert.ok(over <= 0, `${name} is ${over} px too wide`);
    assert.deepEqual(page.faults, [], `console of ${name}`);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
}

/** Makes things through the API as this person; fails on any other status. */
export async function create(person, target, json, status = 201) {
    const answer = await person.request(target, { method: "POST", json });
    assert.equal(answer.status, status, `POST ${target}: ${answer.text}`);
    return answer.json;
}

/** Repeats a check until it holds; its last failure is the failure. */
export async function eventually(check, timeout = 20_000) {
    const deadline = Date.now() + timeout;
    for (;;) {
        try {
            return await check();
        } catch (fault) {
            if (Date.now() > deadline) throw fault;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}
