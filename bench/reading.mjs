// Reading an uploaded PDF beside pdftotext alone on the same file, in turns: from the first byte of the upload until its
// text can be found, over the share of that time that pdftotext takes by itself.
import { execFile } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { startServer, temporaryFolder } from "../tests/support/server.mjs";
import { median, sleep } from "./machine.mjs";

const run = promisify(execFile);
const pages = Number(process.env.BENCH_PAGES ?? 300);
const turns = 5;
const lines = 46; // on a page

/** The documentation of this repository as pages of plain lines, again from the start where it ends. */
function pagesOf(root) {
    const docs = path.join(root, "docs");
    const names = readdirSync(docs).filter((name) => name.endsWith(".md"));
    const text = names.map((name) => readFileSync(path.join(docs, name), "utf8")).join("\n");
    const all = text.split("\n").filter((line) => line.trim());
    const escaped = (line) => line.replace(/&/g, "&amp;").replace(/</g, "&lt;");
    const page = (n) =>
        Array.from({ length: lines }, (_, i) => `<p>${escaped(all[(n * lines + i) % all.length])}</p>`).join(
            "",
        );
    const sheets = Array.from({ length: pages }, (_, n) => `<section>${page(n)}</section>`).join("");
    const style =
        "section { break-after: page } p { margin: 0; white-space: nowrap; overflow: hidden; font: 11px serif }";
    return `<!doctype html><meta charset="utf-8"><title>Pages</title><style>${style}</style>${sheets}`;
}

/** The pages per second of ours over those of pdftotext, and both in words. */
export async function readingSpeed(root) {
    const folder = temporaryFolder("bb-bench-reading");
    const html = path.join(folder, "pages.html");
    const file = path.join(folder, "pages.pdf");
    writeFileSync(html, pagesOf(root));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${folder}/profile`];
    await run("chromium", [...flags, "--no-pdf-header-footer", `--print-to-pdf=${file}`, `file://${html}`]);
    const pdf = readFileSync(file);
    const said = (await run("pdfinfo", [file])).stdout;
    const count = Number(/Pages:\s+(\d+)/.exec(said)[1]);
    const server = await startServer();
    const student = await server.as("bench@example.org");
    const ours = [];
    const theirs = [];
    for (let turn = 0; turn < turns; turn += 1) {
        // With the priority that the server gives it.
        let began = performance.now();
        await run("nice", [
            "-n",
            "10",
            "pdftotext",
            "-enc",
            "UTF-8",
            "-eol",
            "unix",
            file,
            path.join(folder, "pages.txt"),
        ]);
        theirs.push(count / ((performance.now() - began) / 1000));
        const made = await student.request("/api/materials", { method: "POST", json: { title: `${turn}` } });
        const body = new FormData();
        body.append("file", new Blob([pdf]), "pages.pdf");
        const files = `/api/materials/${made.json.id}/files`;
        began = performance.now();
        const sent = await student.request(files, { method: "POST", body });
        if (sent.status !== 201) throw new Error(`upload: ${sent.status} ${sent.text}`);
        let state = sent.json.state;
        while (state === "reading" && performance.now() - began < 60_000) {
            await sleep(20);
            state = (await student.request(files)).json.files[0].state;
        }
        if (state !== "ready") throw new Error(`the file is ${state}`);
        ours.push(count / ((performance.now() - began) / 1000));
    }
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
    const told = (rates) => Math.round(median(rates));
    return {
        ratio: median(ours) / median(theirs),
        remark: `${told(ours)} / ${told(theirs)} pages/s, ${count} pages, ${(pdf.length / 1e6).toFixed(1)} MB`,
    };
}
