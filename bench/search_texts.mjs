// Texts for the search to look into: the documents that Debian packages, in runs of their paragraphs, so that words are
// as frequent and stand together as people write them.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { folders } from "./eval/folders.mjs";

const marks = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " " };
const charactersOfPassage = 1100;
const passagesOfText = [3, 8, 20, 50, 120, 300]; // a note, a handout, a chapter, a book

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomNumbers(seed) {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** {title, paragraphs} of a page of HTML, without its navigation. */
function pageOf(html) {
    const plain = (text) =>
        text
            .replace(/<[^>]*>/g, "")
            .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
            .replace(/&(\w+);/g, (whole, name) => marks[name] ?? whole)
            .replace(/[\s#*_`|]+/g, " ")
            .trim();
    const title = plain(/<title>(.*?)<\/title>/s.exec(html)?.[1] ?? "Page").slice(0, 100) || "Page";
    const body = html.replace(/^.*?<body/s, "<body").replace(/<(script|style|nav)\b.*?<\/\1>/gs, "");
    const blocks = body.split(/<\/?(?:p|div|li|dd|dt|pre|td|h\d|section|table)\b[^>]*>/).map(plain);
    return { title, paragraphs: blocks.filter((text) => text.length > 40) };
}

/** Every page of the documents: [{title, paragraphs}]. */
export function readPages() {
    const pages = [];
    for (const places of Object.values(folders)) {
        const folder = places.find((place) => existsSync(place));
        if (!folder) throw new Error(`None of ${places.join(", ")} is there: scripts/packages eval`);
        const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".html"));
        for (const name of names.sort()) pages.push(pageOf(readFileSync(path.join(folder, name), "utf8")));
    }
    return pages.filter(({ paragraphs }) => paragraphs.length > 3);
}

/** Texts without end, {title, content} in Markdown: notes and books in turns, each made of runs of paragraphs. */
export function* textsFrom(pages, seed) {
    const random = randomNumbers(seed);
    const any = (list) => list[Math.floor(random() * list.length)];
    for (let n = 0; ; n += 1) {
        const wanted = passagesOfText[n % passagesOfText.length] * charactersOfPassage;
        const parts = [];
        for (let length = 0; length < wanted;) {
            const { title, paragraphs } = any(pages);
            const first = Math.floor(random() * paragraphs.length);
            const run = `## ${title}\n\n${paragraphs.slice(first, first + 12).join("\n\n")}`;
            const part = run.slice(0, wanted - length + 100);
            parts.push(part);
            length += part.length;
        }
        yield { title: `Text ${n + 1}`, content: parts.join("\n\n") };
    }
}
