// The charts of operations, on a history of two days: what they show, on which screen, and what they mark.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, eventually, startBrowser, tooWide } from "./browser.mjs";

let database, server, browser, admin;

/** Every fifth minute of two days, on a node of its own: requests of which some failed, disk, people. */
const history =
    "WITH made AS (INSERT INTO metric_series (name, labels, kind) VALUES " +
    `('brainbytes_http_requests_total', '{"route": "/api/materials", "method": "GET", "status": "200"}', 'counter'), ` +
    `('brainbytes_http_requests_total', '{"route": "/api/materials", "method": "GET", "status": "503"}', 'counter'), ` +
    `('brainbytes_disk_free_share', '{"place": "data"}', 'gauge'), ` +
    `('brainbytes_active_people', '{"period": "day"}', 'gauge') ` +
    "ON CONFLICT (name, labels, kind, bounds) DO UPDATE SET kind = excluded.kind RETURNING id, name, labels) " +
    "INSERT INTO metric_minutes SELECT (floor(extract(epoch FROM at) / 86400)::bigint % 16)::smallint, id, at, 'test', " +
    "CASE WHEN labels->>'status' = '200' THEN 300 + 200 * sin(extract(epoch FROM at) / 9000) " +
    "WHEN labels->>'status' = '503' THEN 40 WHEN name LIKE '%disk%' THEN 0.62 ELSE 321 END " +
    "FROM made, generate_series(date_trunc('minute', now()) - interval '2 days', now(), '5 minutes') at " +
    "WHERE coalesce(labels->>'status', '') <> '503' OR at > now() - interval '6 hours'";

before(async () => {
    database = await startDatabase();
    [server, browser] = await Promise.all([
        startServer({ env: { DATABASE_URL: database.url } }),
        startBrowser(),
    ]);
    admin = await server.admin();
    await database.query(history);
    const made = await admin.request("/api/admin/incidents", {
        method: "POST",
        json: { title: "Materials answer 503", severity: "P1", component: "service" },
    });
    assert.equal(made.status, 201);
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await database?.stop();
});

async function open(options) {
    const page = await browser.visitor(server, { cookie: admin.cookie, ...options });
    await page.goto("/admin/operations");
    await page.getByRole("img", { name: /Requests a minute|Kahilingan bawat minuto/ }).waitFor();
    await settled(page);
    return page;
}
const settled = (page) =>
    page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .skeleton'));

/** How many points of a chart's picture have the colour of its second line. */
const coloured = (page, name) =>
    page
        .getByRole("img", { name })
        .locator("canvas")
        .evaluate((canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const probe = document.createElement("span");
            probe.style.color = "var(--good)";
            document.body.append(probe);
            const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
            probe.remove();
            let found = 0;
            for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] > 200 && data[i] === r && data[i + 1] === g && data[i + 2] === b) found += 1;
            return found;
        });

for (const size of ["desktop", "phone"]) {
    for (const scheme of ["light", "dark"]) {
        test(`the charts, ${size}, ${scheme}`, async () => {
            const page = await open({ size, scheme });
            await assertGood(page, `operations, ${size}, ${scheme}`);
            assert.ok((await tooWide(page)) <= 0);
            assert.ok(
                (await coloured(page, /Requests a minute/)) > 50,
                "the line of failed requests is drawn",
            );
            if (process.env.SHOTS)
                for (const part of ["Performance", "Availability", "Use"]) {
                    await page.getByRole("heading", { name: part, exact: true }).scrollIntoViewIfNeeded();
                    await page.screenshot({
                        path: `${process.env.SHOTS}/operations-${size}-${scheme}-${part}.png`,
                    });
                }
            await page.context().close();
        });
    }
}

test("a chart says its values, also to who cannot see it, and another span is another line", async () => {
    const page = await open({ size: "desktop" });
    const requests = page.getByRole("img", { name: /Requests a minute/ });
    // Forty in every fifth minute are eight a minute.
    assert.match(await requests.getAttribute("aria-label"), /failed 8, at most 8/);
    await page.getByRole("img", { name: /Free room on the disk: free [\d.]+%/ }).waitFor();
    await page.getByRole("img", { name: /People who were active: in a day 321/ }).waitFor();
    const asked = page.waitForRequest((request) =>
        /\/api\/admin\/metrics\?.*requests_total.*hours=168.*period=3600/.test(request.url()),
    );
    await page.getByRole("button", { name: "7 days" }).click();
    await asked;
    assert.equal(await page.getByRole("button", { name: "7 days" }).getAttribute("aria-pressed"), "true");
    await eventually(async () =>
        assert.match(
            await requests.getAttribute("aria-label"),
            /at most 8/,
            "hours are told by the minute, too",
        ),
    );
    await page.context().close();
});

test("pointing at a moment shows it, in every chart", async () => {
    const page = await open({ size: "desktop" });
    const over = page.getByRole("img", { name: /Requests a minute/ }).locator(".u-over");
    const { width, height } = await over.boundingBox();
    await over.hover({ position: { x: width / 2, y: height / 2 } });
    const figure = page.locator("figure").filter({ hasText: "Requests a minute" });
    await eventually(async () => assert.match(await figure.innerText(), /\d+:\d\d [AP]M/));
    const other = page.locator("figure").filter({ hasText: "People who were active" });
    await eventually(async () => assert.match(await other.innerText(), /\d+:\d\d [AP]M/));
    await page.context().close();
});

test("incidents are marked, and listed in words", async () => {
    const page = await open({ size: "phone" });
    await page.getByText("P1 Materials answer 503").waitFor();
    await page.context().close();
});

test("regular maintenance: what was found, what is due, what is overdue", async () => {
    await database.query(
        "INSERT INTO maintenance_runs (id, task, at, result, words) VALUES " +
            "(gen_random_uuid(), 'performance', now() - interval '9 days', 'good', 'as fast as last week'), " +
            "(gen_random_uuid(), 'security', now() - interval '1 day', 'attention', 'a key is a year old')",
    );
    const page = await open({ size: "phone" });
    const task = (words) => page.locator("li").filter({ hasText: words });
    const slow = await task("Review performance metrics").innerText();
    assert.match(slow, /weekly,\s+overdue/);
    assert.match(slow, /good\s+as fast as last week/);
    assert.match(
        await task("Security audit").innerText(),
        /monthly,\s+due[^]*needs somebody\s+a key is a year old/,
    );
    assert.match(await task("Capacity planning").innerText(), /never done yet/);
    assert.equal(await page.locator("li").filter({ hasText: "in a clone of the sources only" }).count(), 3);
    await page.context().close();
});

test("what cannot be loaded is told, and tried again", async () => {
    const page = await browser.visitor(server, { size: "phone", cookie: admin.cookie });
    let broken = true;
    await page.route("**/api/admin/metrics?**", (route) =>
        broken ? route.fulfill({ status: 503, json: { title: "Unavailable" } }) : route.continue(),
    );
    await page.goto("/admin/operations");
    const again = page.getByRole("button", { name: "Try again" }).first();
    await again.waitFor();
    broken = false;
    await again.click();
    await page.getByRole("img", { name: /Time to answer a request/ }).waitFor();
    await page.context().close();
});
