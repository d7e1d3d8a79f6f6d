// What tests of several features check in the same way.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** An answer is this problem, and points at these fields. */
export function assertProblem(answer, status, slug, pointers) {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.type, `/problems/${slug}`);
    if (pointers) assert.deepEqual(answer.json.errors.map((e) => e.pointer).sort(), pointers);
}

/** Waits until `check` holds; after `limit` milliseconds it fails with `what`. */
export async function until(what, check, limit = 5_000) {
    const deadline = Date.now() + limit;
    while (!(await check())) {
        assert.ok(Date.now() < deadline, what);
        await pause(10);
    }
}

/** Waits over midnight (UTC) where it is near, for tests that count in days. */
export async function withinOneDay() {
    const left = 86_400_000 - (Date.now() % 86_400_000);
    if (left < 120_000) await pause(left + 1_000);
}
