// Lighthouse, mobile, on the sign-in page and on a conversation: the median of five runs each.
//   node bench/lighthouse.mjs [runs]
// Prints one JSON line per page; exits 1 when a goal is missed.
import * as chromeLauncher from "chrome-launcher";
import lighthouse from "lighthouse";

import { startModel } from "../tests/support/model.mjs";
import { startServer } from "../tests/support/server.mjs";

const runs = Number(process.argv[2] ?? 5);
const goals = { performance: 95, accessibility: 100, "best-practices": 100 };
const flags = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function conversation(server) {
    const person = await server.as("lighthouse@example.org");
    const id = crypto.randomUUID();
    const message = { id: "m1", role: "user", parts: [{ type: "text", text: "Hello [[tokens=120]]" }] };
    const answer = await person.request("/api/chat", { method: "POST", json: { id, message } });
    if (answer.status !== 200) throw new Error(`chat: ${answer.status} ${answer.text}`);
    return { path: `/chat/${id}`, cookie: person.cookie };
}

async function once(url, cookie) {
    const chrome = await chromeLauncher.launch({
        chromePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        chromeFlags: flags,
    });
    try {
        const options = {
            port: chrome.port,
            onlyCategories: Object.keys(goals),
            extraHeaders: cookie ? { Cookie: cookie } : undefined,
        };
        const { lhr } = await lighthouse(url, options);
        const failed = Object.values(lhr.audits).filter(
            (audit) => audit.score === 0 && audit.scoreDisplayMode === "binary",
        );
        return { lhr, failed: failed.map((audit) => audit.id) };
    } finally {
        await chrome.kill();
    }
}

async function measure(name, url, cookie) {
    const results = [];
    for (let run = 0; run < runs; run += 1) results.push(await once(url, cookie));
    const scores = Object.fromEntries(
        Object.keys(goals).map((category) => [
            category,
            median(results.map(({ lhr }) => Math.round((lhr.categories[category].score ?? 0) * 100))),
        ]),
    );
    const figure = (audit) => median(results.map(({ lhr }) => lhr.audits[audit].numericValue));
    const timing = {
        fcpMs: Math.round(figure("first-contentful-paint")),
        lcpMs: Math.round(figure("largest-contentful-paint")),
        tbtMs: Math.round(figure("total-blocking-time")),
        cls: Number(figure("cumulative-layout-shift").toFixed(3)),
        // How fast the browser found this machine: times of processor are what it took here, multiplied.
        machine: Math.round(median(results.map(({ lhr }) => lhr.environment.benchmarkIndex))),
    };
    console.log(JSON.stringify({ page: name, runs, ...scores, ...timing, failed: results[0].failed }));
    return Object.entries(goals).every(([category, goal]) => scores[category] >= goal);
}

const model = await startModel();
const server = await startServer({ env: model.env });
try {
    const { path, cookie } = await conversation(server);
    const good = [
        await measure("sign-in", `${server.url}/sign-in`),
        await measure("chat", server.url + path, cookie),
    ];
    process.exitCode = good.every(Boolean) ? 0 : 1;
} finally {
    await server.stop();
    await model.close();
}
