// Commands that are killed on their way, and disks that are small.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { program } from "./server.mjs";

/** A command of the program that is under way: {child, ended}; `ended` gives {code, signal, stderr}. */
export function startCommand(env, cwd, ...words) {
    const child = spawn(program, words, { env, cwd, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const ended = new Promise((resolve) =>
        child.once("close", (code, signal) => resolve({ code, signal, stderr })),
    );
    return { child, ended };
}

/**
 * Lets start(at), which gives what startCommand() gives, go through once unbroken, and then kills it `count` times, each
 * time somewhere in another part of that duration. check(at) follows each time. At least half must have been killed on
 * their way, and not after their end.
 */
export async function killAtMoments(count, start, check) {
    let duration = Infinity;
    const measure = (began) => (duration = Math.min(duration, Date.now() - began));
    const first = await start("unbroken");
    const firstBegan = Date.now();
    const unbroken = await first.ended;
    measure(firstBegan);
    assert.equal(unbroken.code, 0, unbroken.stderr);
    await check("unbroken");
    let killed = 0;
    for (let at = 0; at < count; at += 1) {
        const { child, ended } = await start(at);
        const began = Date.now();
        await Promise.race([pause(((at + Math.random()) / count) * 0.9 * duration), ended]);
        child.kill("SIGKILL");
        if ((await ended).signal === "SIGKILL") killed += 1;
        else measure(began); // it was quicker than thought
        await check(at);
    }
    assert.ok(killed * 2 >= count, `${killed} of ${count} were killed within ${duration} ms`);
}

/** A disk in memory of `size` ("60m") at `folder`, or the reason why there is none. */
export function mountSmallDisk(folder, size) {
    if (process.getuid() !== 0) return "only root may mount a small disk";
    mkdirSync(folder);
    try {
        execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=777`, "tmpfs", folder], {
            stdio: "pipe",
        });
    } catch (fault) {
        return `no small disk can be mounted here: ${fault.stderr}`;
    }
    return undefined;
}

/** Takes all but `left` MB of the disk that `file` is on, with that file, also while others write there. */
export function fillDisk(file, left) {
    for (let tries = 1; ; tries += 1) {
        const free = Number(execFileSync("stat", ["-f", "-c", "%a", path.dirname(file)])) * 4096;
        const wanted = free - left * 1024 * 1024;
        if (wanted <= 0) return;
        const taken = spawnSync("fallocate", ["-l", String(wanted), file]);
        if (taken.status === 0) return;
        rmSync(file, { force: true }); // others took it first
        if (tries === 10) throw new Error(String(taken.stderr));
    }
}

/** Takes all that is left of it, also while others write there. */
export function fillDiskUp(file) {
    spawnSync("dd", ["if=/dev/zero", `of=${file}`, "bs=64k"]); // ends when there is nothing left
}
