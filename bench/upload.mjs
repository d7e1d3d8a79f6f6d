// How fast a large file comes in, beside nginx writing the same bytes to the same disk; and what it costs in memory.
import { randomBytes } from "node:crypto";
import { createReadStream, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

import { temporaryFolder } from "../tests/support/server.mjs";
import { startNginx } from "./floors.mjs";
import { median, residentOf } from "./machine.mjs";
import { startSubject } from "./subject.mjs";

const mib = 1024 * 1024;
const base64 = (text) => Buffer.from(text).toString("base64");

/** Sends a file as the body of one request: the seconds until the answer. */
function send(file, bytes, method, url, headers) {
    const began = performance.now();
    return new Promise((resolve, reject) => {
        const request = http.request(url, { method, headers: { ...headers, "content-length": bytes } });
        request.on("error", reject).on("response", (response) => {
            response.resume().on("end", () => {
                if (response.statusCode >= 300) reject(new Error(`${method} ${url}: ${response.statusCode}`));
                else resolve((performance.now() - began) / 1000);
            });
        });
        createReadStream(file, { highWaterMark: mib }).pipe(request);
    });
}

/** The reader has the file in its hands first: what comes next is timed without it. */
async function removeWhatWasRead(student, files) {
    for (let waited = 0; waited < 600; waited += 1) {
        const { json } = await student.request(files);
        if (json.files.every(({ state }) => state !== "reading")) {
            for (const { id } of json.files) await student.request(`${files}/${id}`, { method: "DELETE" });
            return;
        }
        await setTimeout(100);
    }
    throw new Error("a file is still read after a minute");
}

/** {ratio of our rate to nginx's, ours and theirs in MiB/s, memory: MiB that grew while it came in}. */
export async function uploadSpeed(rounds, size = 100 * mib) {
    const subject = await startSubject();
    const { url, pid } = subject.server;
    const headers = { cookie: subject.student.cookie, origin: url, "tus-resumable": "1.0.0" };
    const nginx = await startNginx("{}");
    const folder = temporaryFolder("bb-upload");
    const file = path.join(folder, "file");
    writeFileSync(file, randomBytes(size));
    const made = await subject.student.request("/api/materials", {
        method: "POST",
        json: { title: "Large" },
    });
    const ours = [];
    const theirs = [];
    let memory = 0;
    try {
        for (let round = 0; round < rounds; round += 1) {
            theirs.push(await send(file, size, "PUT", `${nginx.uploads}/${round}`, {}));
            const begun = await fetch(`${url}/api/uploads`, {
                method: "POST",
                headers: {
                    ...headers,
                    "upload-length": size,
                    "upload-metadata": `filename ${base64("large.pdf")},materialId ${base64(made.json.id)}`,
                },
            });
            const at = url + begun.headers.get("location");
            const before = residentOf(pid);
            let most = before;
            const watch = setInterval(() => (most = Math.max(most, residentOf(pid))), 10);
            const patch = { "content-type": "application/offset+octet-stream", "upload-offset": "0" };
            ours.push(await send(file, size, "PATCH", at, { ...headers, ...patch }));
            clearInterval(watch);
            memory = Math.max(memory, most - before);
            await removeWhatWasRead(subject.student, `/api/materials/${made.json.id}/files`);
        }
    } finally {
        await Promise.all([subject.stop(), nginx.stop()]);
        rmSync(folder, { recursive: true, force: true });
    }
    const rate = (seconds) => size / mib / seconds;
    return {
        ratio: median(ours.map((seconds, i) => theirs[i] / seconds)),
        ours: rate(median(ours)),
        theirs: rate(median(theirs)),
        memory,
    };
}
