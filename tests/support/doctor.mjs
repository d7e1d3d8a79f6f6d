// Reads what `brainbytes doctor --json` says.
import assert from "node:assert/strict";

/** What the doctor says: {code, report, of(name) -> its findings, named(result) -> names}. */
export function read({ code, stdout, stderr }) {
    const report = JSON.parse(stdout);
    const { ok, warn, fail, skipped, checks } = report;
    assert.equal(ok + warn + fail + skipped, checks.length);
    assert.ok(report.seconds < 5, `${report.seconds} s`);
    assert.equal(code, fail > 0 ? 1 : 0, stderr);
    for (const one of checks) assert.equal(one.fix === "", one.result === "ok", JSON.stringify(one));
    const of = (name) => checks.filter((one) => one.name === name);
    return {
        code,
        report,
        of,
        named: (result) => checks.filter((c) => c.result === result).map((c) => c.name),
    };
}

/** Asserts that something of this name stands so, with what was found and how it is mended. */
export function finds(seen, result, name, found, fix) {
    const all = seen.of(name).filter((one) => one.result === result);
    const match = all.find((one) => found.test(one.found));
    assert.ok(match, `${result} ${name} ${found} in ${JSON.stringify(seen.report.checks, null, 1)}`);
    assert.match(match.fix, fix);
}
