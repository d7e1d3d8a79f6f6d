// Twelve releases to three hosts under load, good ones and bad ones; a table of what people met. `make test-deploy`.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { data, noFleet } from "../support/fleet.mjs";
import { Stage } from "../support/stage.mjs";

const why = process.env.BB_LONG ? (noFleet() ?? false) : "make test-deploy";
const table = [];
let stage, releases;

/** Does `work` among people; a row of the table says what they met on hosts that can be reached. `most`: seconds. */
async function row(name, work, { lost = [], mayFail = false, people, most: bar } = {}) {
    let outcome;
    const met = await stage.visited(async () => (outcome = await work()), people);
    const seen = met.filter(({ url }) => !lost.some(({ address }) => url.includes(address)));
    const sum = (field) => seen.reduce((all, one) => all + one[field], 0);
    const most = (phase) => Math.max(...seen.map(({ connectMs }) => connectMs[phase]?.[1] ?? 0));
    table.push([
        name,
        outcome.text,
        outcome.seconds.toFixed(1),
        bar ?? "",
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
    if (bar) assert.ok(outcome.seconds <= bar, `${name} took ${outcome.seconds} s, and may take ${bar} s`);
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
    const head = ["release", "outcome", "seconds", "at most", "requests", "failed", "whole replies"];
    table.unshift([...head, "connect p99 ms before", "during", "after"]);
    for (const line of table) console.log(line.join(" | "));
});

test("two that are well, the second in batches of two", { skip: why }, async () => {
    await row("good", () => kept(releases.script()));
    stage.describe({ batch: 2 });
    await row("good, two hosts at a time", () => kept(releases.script()));
    stage.describe();
});

test("one on one host alone, and then on the others", { skip: why }, async () => {
    const [{ address }] = stage.hosts;
    const one = releases.script();
    const bake = 1;
    stage.describe({ hosts: [address], bake });
    const alone = async () => {
        const done = await stage.deploy(one);
        assert.equal(done.code, 0, done.stdout + done.stderr);
        return { text: "in service", seconds: done.seconds };
    };
    await row("good, one host", alone, { most: 10 + bake });
    stage.describe();
    await row("good, the others", () => kept(one));
});

test("one with a backup before it and a look from all sides behind it", { skip: why }, async () => {
    // The program under test itself: a script says another name of itself than was deployed.
    await row("good, with backup and verify", async () => {
        const done = await stage.command("deploy", stage.first.archive, "--json");
        assert.equal(done.code, 0, done.stdout + done.stderr);
        assert.match(done.stderr, /\tbackup: made /);
        assert.match(done.stderr, /^verify passed: .*chat/m);
        return { text: "in service", seconds: done.seconds };
    });
});

test("one with a migration", { skip: why }, async () => {
    const number = releases.about.schemaMax + 1;
    const psql = `psql -h ${data}/run -U brainbytes -XAtqc`;
    const add = `ALTER TABLE materials ADD COLUMN added text;
        INSERT INTO schema_migrations VALUES (${number}, 'added', 'x', now(), 'expand')`;
    const migrating = releases.scriptOf(
        { schemaMax: number },
        `case "$*" in "db migrate --phase expand") ${psql} "${add}" brainbytes || exit 1 ;; esac`,
    );
    await row("a column more", () => kept(migrating));
    for (const host of stage.hosts) {
        const asked = `${psql} "SELECT count(added) FROM materials" brainbytes`;
        assert.match(stage.fleet.ssh(host, asked), /^\d+$/m, "it is there");
    }
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
    stage.describe({ bake: 60 });
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

/** Deploys, and kills who does so once a step is told. */
async function killedAfter(step, release, bake) {
    stage.describe({ bake });
    const words = ["backup", "verify"].includes(step) ? [] : ["--no-backup", "--no-verify"];
    const running = stage.command("deploy", release.archive, "--json", ...words);
    const { last } = stage.fleet;
    let said = "";
    for await (const chunk of last.stderr) {
        said += chunk;
        if (new RegExp(`(^|\\t)${step}( [a-z]+)?: `, "m").test(said)) break;
    }
    last.kill("SIGKILL");
    await running;
    for (const host of stage.hosts) await stage.untilTrial(host, false, 40);
    stage.describe();
}

test("deployments that are killed at any step", { skip: why }, async () => {
    for (const step of ["lock", "install", "backup", "migrate", "start", "smoke test", "switch"]) {
        const had = await stage.kept();
        await row(`killed after ${step}`, async () => {
            const started = Date.now();
            await killedAfter(step, releases.script(), 60);
            assert.deepEqual(await stage.kept(), had);
            return { text: "as it was", seconds: (Date.now() - started) / 1000 };
        });
    }
});

test("and once a host may have kept it: gone back from, or gone on with", { skip: why }, async () => {
    for (const step of ["bake", "keep", "host", "verify", "prune"]) {
        const had = await stage.kept();
        const next = releases.script();
        await row(`killed after ${step}, and back`, async () => {
            const started = Date.now();
            await killedAfter(step, next, 2);
            const there = await stage.kept();
            if (step !== "bake") assert.equal(there[0], next.name);
            if (["verify", "prune"].includes(step))
                assert.deepEqual(
                    there,
                    had.map(() => next.name),
                );
            const back = await stage.command("rollback");
            assert.equal(back.code, there.includes(next.name) ? 0 : 1, back.stderr);
            assert.deepEqual(await stage.kept(), had);
            return { text: "back", seconds: (Date.now() - started) / 1000 };
        });
    }
    const next = releases.script();
    await row("killed after keep, and on", async () => {
        const started = Date.now();
        await killedAfter("keep", next, 2);
        await stage.deployed(next);
        return { text: "in service", seconds: (Date.now() - started) / 1000 };
    });
});

test("a new release that is killed on its host while it is tried", { skip: why }, async () => {
    const [host] = stage.hosts;
    const slow = releases.script('[ "$1" = user ] && sleep 3');
    await row("its server is killed", async () => {
        const had = await stage.kept();
        const running = stage.deploy(slow);
        let started;
        for await (const chunk of stage.fleet.last.stderr) {
            started = /start: process (\d+) is ready/.exec(chunk);
            if (started) break;
        }
        stage.fleet.ssh(host, `kill -9 ${started[1]}`);
        const done = await running;
        assert.equal(done.code, 1, done.stdout + done.stderr);
        assert.match(JSON.parse(done.stdout).reason, /10\.77\.0\.11: smoke test failed/);
        assert.deepEqual(await stage.kept(), had);
        return { text: "put back", seconds: done.seconds };
    });
});

/** Holds the socket of a host, and starts its supervisor again whenever it ends, as systemd does. */
const keeper = `import os, socket
held = socket.create_server(("0.0.0.0", 3000), backlog=4096)
while True:
    child = os.fork()
    if child == 0:
        os.dup2(held.fileno(), 3)
        os.set_inheritable(3, True)
        given = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}
        os.execvpe("brainbytes", ["brainbytes", "supervise"], os.environ | given)
    os.waitpid(child, 0)
`;

test(
    "a supervisor that is killed, where something holds its socket and starts it again",
    { skip: why },
    async () => {
        const host = stage.hosts[2];
        const ended = (process) =>
            `for i in $(seq 300); do [ -e /proc/${process} ] || exit 0; sleep 0.1; done; exit 1`;
        const { process } = stage.at(host);
        stage.fleet.ssh(host, `kill ${process}; ${ended(process)}`);
        writeFileSync(path.join(host.folder, "srv/keeper.py"), keeper);
        const environment = `BRAINBYTES_DATA=${data} BRAINBYTES_STAGE=staging`;
        stage.fleet.ssh(
            host,
            `cd ${data} && umask 077 && setsid -f env ${environment} /usr/bin/python3 /srv/keeper.py </dev/null >>supervise.log 2>&1`,
        );
        const serves = async () => {
            for (const deadline = Date.now() + 40_000; ; await pause(200)) {
                try {
                    const now = stage.at(host);
                    if (now.serving) return now.process;
                } catch (fault) {
                    if (Date.now() > deadline) throw fault;
                }
                assert.ok(Date.now() < deadline, "it serves again");
            }
        };
        const first = await serves();
        await row("the supervisor is killed", async () => {
            const started = Date.now();
            stage.fleet.ssh(host, `kill -9 ${first}; ${ended(first)}`);
            assert.notEqual(await serves(), first);
            return { text: "serves again", seconds: (Date.now() - started) / 1000 };
        });
    },
);

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
    const went = async () => {
        const { code, stderr, seconds } = await stage.command("rollback", "--json");
        assert.equal(code, 0, stderr);
        return { text: "back", seconds }; // from the command to its end, when all hosts serve the other one
    };
    await row("rollback", went, { most: 3 });
});
