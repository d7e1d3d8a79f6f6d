// Twelve releases to three hosts under load, good ones and bad ones; a table of what people met. `make test-deploy`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { noFleet } from "../support/fleet.mjs";
import { Stage } from "../support/stage.mjs";

const why = process.env.BB_LONG ? (noFleet() ?? false) : "make test-deploy";
const table = [];
let stage, releases;

/** Does `work` among people; a row of the table says what they met on hosts that can be reached. */
async function row(name, work, { lost = [], mayFail = false, people } = {}) {
    let outcome;
    const met = await stage.visited(async () => (outcome = await work()), people);
    const seen = met.filter(({ url }) => !lost.some(({ address }) => url.includes(address)));
    const sum = (field) => seen.reduce((all, one) => all + one[field], 0);
    const most = (phase) => Math.max(...seen.map(({ connectMs }) => connectMs[phase]?.[1] ?? 0));
    table.push([
        name,
        outcome.text,
        outcome.seconds.toFixed(1),
        sum("requests"),
        sum("failed"),
        `${sum("replies") - sum("broken")}/${sum("replies")}`,
        ...["before", "during", "after"].map((phase) => most(phase).toFixed(1)),
    ]);
    assert.equal(sum("broken"), 0, "replies broke off");
    if (!mayFail)
        assert.deepEqual(
            seen.flatMap(({ faults }) => faults),
            [],
        );
    return seen;
}
async function kept(release, ...words) {
    const { seconds } = await stage.deployed(release, ...words);
    return { text: "in service", seconds };
}
async function refused(release, step, reason) {
    const { seconds } = await stage.refused(release, step, reason);
    return { text: "put back", seconds };
}
const serve = '[ "$1" = serve ] &&';

before(async () => {
    if (why) return;
    stage = new Stage(3);
    await stage.start();
    ({ releases } = stage);
    await stage.install();
});
after(() => {
    stage?.stop();
    if (table.length === 0) return;
    const head = ["release", "outcome", "seconds", "requests", "failed", "whole replies"];
    table.unshift([...head, "connect p99 ms before", "during", "after"]);
    for (const line of table) console.log(line.join(" | "));
});

test("two that are well, the second in batches of two", { skip: why }, async () => {
    await row("good", () => kept(releases.script()));
    stage.describe({ batch: 2 });
    await row("good, two hosts at a time", () => kept(releases.script()));
    stage.describe();
});

test("one that takes long to start", { skip: why }, async () => {
    await row("slow to start", () => kept(releases.script(`${serve} sleep 8`)));
});

test("one that crashes at its start, one that is never ready", { skip: why }, async () => {
    const crash = releases.script(`${serve} exit 3`);
    await row("crashes at start", () => refused(crash, "host", /start failed: .*exit code 3/));
    const never = releases.script(`${serve} exec sleep 60`);
    await row("never ready", () => refused(never, "host", /start failed: .*not ready after 15 seconds/));
});

test("one that fails the smoke test, one with a migration that fails", { skip: why }, async () => {
    const smoke = releases.script('[ "$1" = user ] && exit 1');
    await row("fails the smoke test", () => refused(smoke, "host", /smoke test failed/));
    const migration = releases.script('[ "$1" = db ] && echo "migration 99: no such column" >&2 && exit 1');
    await row("bad migration", () => refused(migration, "host", /migrate failed: .*no such column/));
});

test("one whose statements are slow", { skip: why }, async () => {
    stage.describe({ bake: 20 }, "[stages.staging.thresholds]\nslower_by = 0.02\nleast_timed = 50\n");
    // Each statement is compiled first.
    const slow = releases.script(
        `${serve} export PGOPTIONS="-c jit=on -c jit_above_cost=0 -c jit_inline_above_cost=0"`,
    );
    await row("slow", () => refused(slow, "host", /bake failed: 95 of 100 requests take up to/));
    stage.describe();
});

test("one that fails only under load", { skip: why }, async () => {
    stage.describe({ bake: 20 });
    // Once it has worked for two seconds, more than a smoke test asks for, it loses its connections to the database.
    const bad = releases.script(
        `${serve} born=$(date -u +%FT%TZ) && (`,
        "  while sleep 0.02 && kill -0 $$; do",
        "    [ \"$(awk '{ print $14 + $15 }' /proc/$$/stat)\" -gt 200 ] || continue",
        '    psql -h "$BRAINBYTES_DATA/run" -U brainbytes -XAtqc "SELECT pg_terminate_backend(pid)',
        "      FROM pg_stat_activity WHERE application_name LIKE 'brainbytes-server/%'",
        "      AND backend_start > '$born'\" brainbytes",
        "  done",
        ") >/dev/null 2>&1 &",
    );
    const seen = await row("fails under load", () => refused(bad, "host", /bake failed: .*requests failed/), {
        mayFail: true,
        people: 20,
    });
    // Who was served by it saw its errors, as answers; nobody's connection broke.
    for (const fault of seen.flatMap(({ faults }) => faults)) assert.match(fault, /^50\d /);
    stage.describe();
});

test("deployments that are killed at any step", { skip: why }, async () => {
    for (const step of ["lock", "install", "migrate", "start", "smoke test", "switch"]) {
        const had = await stage.kept();
        const [host] = stage.hosts;
        await row(`killed after ${step}`, async () => {
            const started = Date.now();
            stage.describe({ bake: 60 });
            const running = stage.deploy(releases.script());
            const { last } = stage.fleet;
            let said = "";
            for await (const chunk of last.stderr) {
                said += chunk;
                if (new RegExp(`(^|\\t)${step}: `, "m").test(said)) break;
            }
            last.kill("SIGKILL");
            await running;
            await stage.untilTrial(host, false, 40);
            stage.describe();
            assert.deepEqual(await stage.kept(), had);
            await stage.command("deploy", "unlock");
            return { text: "as it was", seconds: (Date.now() - started) / 1000 };
        });
    }
});

test("a host that vanishes in the middle of it", { skip: why }, async () => {
    const [first, second, third] = stage.hosts;
    const had = await stage.kept();
    stage.describe({ bake: 8 });
    const work = async () => {
        const running = stage.deploy(releases.script());
        await stage.untilTrial(second, true, 120);
        stage.fleet.cut(second);
        await pause(25_000); // longer than either end goes on without the other
        stage.fleet.cut(second, true);
        const done = await running;
        assert.equal(done.code, 1, done.stdout + done.stderr);
        const { reason, seconds } = JSON.parse(done.stdout);
        assert.match(reason, /10\.77\.0\.12: /);
        return { text: "put back", seconds };
    };
    await row("a host vanishes", work, { lost: [second] });
    await stage.untilTrial(second, false, 40);
    stage.describe();
    assert.deepEqual(await stage.kept(), had);
    assert.deepEqual([stage.at(first).serving.release, stage.at(third).serving.release], [had[0], had[2]]);
    await stage.command("deploy", "unlock");
});

test("the twelfth, and back", { skip: why }, async () => {
    await stage.deployed(releases.script()); // what is gone back to starts as quickly as any
    await row("good, after all of them", () => kept(releases.script()));
    await row("rollback", async () => {
        const back = await stage.command("rollback", "--json");
        assert.equal(back.code, 0, back.stderr);
        return { text: "back", seconds: JSON.parse(back.stdout).seconds };
    });
});
