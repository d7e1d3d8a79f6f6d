// What `alarm export` prints for Prometheus, Alertmanager, Grafana and CloudWatch, and the files kept of it.
// promtool, amtool and prometheus are needed (packages/test.txt): without them these tests fail.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

import { alerts, cases, testFile } from "../support/alert_cases.mjs";
import { startDatabase } from "../support/database.mjs";
import { freePort, program, root, startServer, temporaryFolder } from "../support/server.mjs";

const run = promisify(execFile);
const kept = {
    prometheus: "deploy/prometheus/alerts.yml",
    "prometheus-recording": "deploy/prometheus/recording.yml",
    alertmanager: "deploy/alertmanager/alertmanager.yml",
    cloudwatch: "deploy/cloudwatch/alarms.json",
    grafana: "deploy/grafana/brainbytes.json",
    dashboard: "monitoring/dashboard.json",
};
const read = (file) => readFileSync(path.join(root, file), "utf8");
const parsed = (file) => JSON.parse(read(file));
const tool = (name, ...args) => run(name, args, { cwd: root, timeout: 120_000 });

/** Every metric that docs/metrics.md names, and what Prometheus makes of histograms. */
const documented = new Set(
    [...read("docs/metrics.md").matchAll(/^\| `(\w+)` \| (\w+)/gm)].flatMap(([, name, kind]) =>
        kind === "histogram" ? [name, `${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
);
const metricsIn = (text) => text.match(/\b(?:brainbytes|process)_[a-z_]+/g) ?? [];
function assertDocumented(text, where) {
    for (const name of metricsIn(text)) assert.ok(documented.has(name), `${where}: ${name} is not in docs`);
}

for (const [what, file] of Object.entries(kept))
    test(`${file} is what the command prints`, async () => {
        const { stdout } = await run(program, ["alarm", "export", what]);
        assert.equal(stdout, read(file), `make it anew with: bin/brainbytes alarm export ${what} > ${file}`);
    });

test("an unknown system is refused", async () => {
    await assert.rejects(run(program, ["alarm", "export", "nagios"]), ({ code }) => code === 2);
});

test("the rules are right for Prometheus, and know only documented metrics", async () => {
    for (const name of ["prometheus", "prometheus-recording"]) {
        const { stdout } = await tool("promtool", "check", "rules", kept[name]);
        assert.match(stdout, /SUCCESS: \d+ rules found/);
        assertDocumented(read(kept[name]), kept[name]);
    }
});

test("every alert fires and clears", async () => {
    const names = alerts().map(({ name }) => name);
    assert.deepEqual(Object.keys(cases).sort(), [...names].sort());
    for (const name of names) assert.ok(cases[name][0].fires < cases[name][0].clear, name);
    const again = "make it anew with: node tests/support/alert_cases.mjs > deploy/prometheus/alerts_test.yml";
    assert.equal(read("deploy/prometheus/alerts_test.yml"), testFile(), again);
    const { stdout } = await tool("promtool", "test", "rules", "deploy/prometheus/alerts_test.yml");
    assert.match(stdout, /SUCCESS/);
});

test("the example of a configuration is right", async () => {
    const folder = temporaryFolder("bb-prometheus");
    try {
        cpSync(path.join(root, "deploy/prometheus"), folder, { recursive: true });
        const file = path.join(folder, "prometheus.yml");
        const token = path.join(folder, "token");
        writeFileSync(token, "t");
        const text = readFileSync(file, "utf8");
        assert.match(text, /credentials_file: \/etc\/prometheus\/brainbytes.token/);
        writeFileSync(file, text.replace("/etc/prometheus/brainbytes.token", token));
        await tool("promtool", "check", "config", file);
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test("Alertmanager takes its configuration, and sends by severity", async () => {
    const { stdout } = await tool("amtool", "check-config", kept.alertmanager);
    assert.match(stdout, /SUCCESS/);
    const receivers = { P0: "page", P1: "page", P2: "chat", P3: "tickets" };
    for (const [severity, receiver] of Object.entries(receivers)) {
        const config = `--config.file=${kept.alertmanager}`;
        const routed = await tool("amtool", "config", "routes", "test", config, `severity=${severity}`);
        assert.equal(routed.stdout.trim(), receiver, severity);
    }
    assert.doesNotMatch(read(kept.alertmanager), /credentials:|password:|api_key/);
    for (const cause of new Set(alerts().map(({ labels }) => labels.inhibited_by)))
        if (cause) assert.ok(read(kept.alertmanager).includes(`group=${cause}`), cause);
});

test("Grafana's dashboard has its four groups, and pictures that do not overlap", async () => {
    const board = parsed(kept.grafana);
    assert.ok(board.schemaVersion >= 36);
    assert.deepEqual(
        board.templating.list.map(({ name, type, query }) => [name, type, query]),
        [["datasource", "datasource", "prometheus"]],
    );
    const rows = board.panels.filter(({ type }) => type === "row").map(({ title }) => title);
    assert.deepEqual(rows, ["Performance", "Availability", "Security", "Business"]);
    assert.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length);
    const taken = new Set();
    for (const { title, gridPos } of board.panels) {
        const { x, y, w, h } = gridPos;
        assert.ok(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24, title);
        for (let column = x; column < x + w; column += 1)
            for (let line = y; line < y + h; line += 1) {
                assert.ok(!taken.has(`${column},${line}`), `${title} overlaps`);
                taken.add(`${column},${line}`);
            }
    }
    const source = { type: "prometheus", uid: "${datasource}" };
    for (const { type, title, datasource, targets, fieldConfig } of board.panels) {
        if (type === "row") continue;
        assert.deepEqual([type, datasource, targets.length > 0], ["timeseries", source, true], title);
        assert.equal(typeof fieldConfig.defaults.unit, "string");
        assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
        for (const target of targets) {
            assert.deepEqual(target.datasource, source);
            assert.ok(metricsIn(target.expr).length > 0, target.expr);
            assertDocumented(target.expr, title);
        }
    }
});

/** The queries of the dashboard, as rules that promtool parses. */
test("every query of Grafana's dashboard is PromQL", async () => {
    const folder = temporaryFolder("bb-queries");
    const queries = parsed(kept.grafana).panels.flatMap(({ targets = [] }) =>
        targets.map(({ expr }) => expr),
    );
    const rules = queries.map((expr, i) => ({
        record: `q${i}`,
        expr: expr.replaceAll("$__rate_interval", "1m"),
    }));
    const file = path.join(folder, "queries.yml");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "queries", rules }] }));
    try {
        await tool("promtool", "check", "rules", file);
    } finally {
        rmSync(folder, { recursive: true });
    }
});

const comparisons = ["GreaterThanThreshold", "GreaterThanOrEqualToThreshold"];
comparisons.push("LessThanThreshold", "LessThanOrEqualToThreshold");
const statistics = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
const dimensionsAreRight = (all) =>
    all.length <= 30 &&
    all.every(
        ({ Name, Value, ...rest }) => Name && Value && Value.length <= 1024 && !Object.keys(rest).length,
    );

function assertOneMetric(alarm) {
    assert.equal(alarm.Namespace, "BrainBytes");
    assert.ok(dimensionsAreRight(alarm.Dimensions));
    assertDocumented(alarm.MetricName, alarm.AlarmName);
    assert.ok(alarm.Period % 60 === 0 && alarm.Period <= 86_400);
    if (alarm.ExtendedStatistic) assert.match(alarm.ExtendedStatistic, /^p\d{1,2}(\.\d{1,2})?$/);
    else assert.ok(statistics.includes(alarm.Statistic));
}

function assertComputed(alarm) {
    for (const name of ["Namespace", "MetricName", "Dimensions", "Period", "Statistic", "ExtendedStatistic"])
        assert.ok(!(name in alarm), `${alarm.AlarmName}: ${name} beside Metrics`);
    assert.equal(alarm.Metrics.filter(({ ReturnData }) => ReturnData).length, 1);
    const ids = alarm.Metrics.map(({ Id }) => Id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { Id, MetricStat, Expression } of alarm.Metrics) {
        assert.match(Id, /^[a-z][a-zA-Z0-9_]{0,254}$/);
        assert.ok(!MetricStat !== !Expression);
        if (Expression) {
            for (const [word] of Expression.matchAll(/\b[a-z]+\b/g))
                assert.ok(ids.includes(word), Expression);
            continue;
        }
        assert.deepEqual(Object.keys(MetricStat).sort(), ["Metric", "Period", "Stat"]);
        assert.equal(MetricStat.Metric.Namespace, "BrainBytes");
        assert.ok(dimensionsAreRight(MetricStat.Metric.Dimensions));
        assertDocumented(MetricStat.Metric.MetricName, alarm.AlarmName);
        assert.ok(MetricStat.Period % 60 === 0 && MetricStat.Period <= 86_400);
    }
}

test("CloudWatch's alarms have the fields and words of its API", () => {
    const all = parsed(kept.cloudwatch);
    const fields = [
        "AlarmName",
        "AlarmDescription",
        "Tags",
        "Namespace",
        "MetricName",
        "Dimensions",
        "Period",
    ];
    fields.push("Statistic", "ExtendedStatistic", "Metrics", "EvaluationPeriods", "DatapointsToAlarm");
    fields.push("Threshold", "ComparisonOperator", "TreatMissingData");
    assert.equal(new Set(all.map(({ AlarmName }) => AlarmName)).size, all.length);
    for (const alarm of all) {
        for (const name of Object.keys(alarm))
            assert.ok(fields.includes(name), `${alarm.AlarmName}: ${name}`);
        assert.match(alarm.AlarmName, /^BrainBytes-/);
        assert.ok(alarm.AlarmDescription.length <= 1024);
        assert.ok(comparisons.includes(alarm.ComparisonOperator));
        assert.ok(["missing", "ignore", "breaching", "notBreaching"].includes(alarm.TreatMissingData));
        assert.ok(alarm.DatapointsToAlarm >= 1 && alarm.DatapointsToAlarm <= alarm.EvaluationPeriods);
        assert.equal(typeof alarm.Threshold, "number");
        if (alarm.Metrics) assertComputed(alarm);
        else assertOneMetric(alarm);
    }
    const { Statistic, Period, Threshold } = all.find((one) => one.AlarmName === "BrainBytes-HighErrorRate");
    assert.deepEqual([Statistic, Period, Threshold], ["Sum", 300, 10]);
});

test("CloudWatch's dashboard has pictures of the program beside those of AWS", () => {
    const { widgets } = parsed(kept.dashboard);
    assert.ok(widgets.length <= 500);
    const taken = new Set();
    for (const { type, x, y, width, height, properties } of widgets) {
        assert.ok(["metric", "log"].includes(type) && x + width <= 24 && height >= 1);
        assert.ok(properties.title && properties.region);
        assert.ok(!taken.has(`${x},${y}`), properties.title);
        taken.add(`${x},${y}`);
        assertDocumented(JSON.stringify(properties.metrics ?? []), properties.title);
        assert.ok((properties.metrics ?? []).every(Array.isArray), `${properties.title}: a list of series`);
    }
    for (const group of ["performance", "availability", "security", "business"])
        assert.ok(
            widgets.some(({ properties }) => properties.title.startsWith(`${group}: `)),
            group,
        );
});

/** The real Prometheus, which looks every second at what it is given. */
async function startPrometheus(target) {
    const folder = temporaryFolder("bb-prometheus");
    const port = await freePort();
    cpSync(path.join(root, "deploy/prometheus"), folder, { recursive: true });
    const config = {
        global: { scrape_interval: "1s", evaluation_interval: "1s", scrape_timeout: "1s" },
        rule_files: ["recording.yml", "alerts.yml"],
        scrape_configs: [
            {
                job_name: "brainbytes",
                metrics_path: "/api/metrics",
                static_configs: [{ targets: [target] }],
            },
        ],
    };
    writeFileSync(path.join(folder, "prometheus.yml"), JSON.stringify(config));
    const child = spawn(
        "prometheus",
        [
            `--config.file=${folder}/prometheus.yml`,
            `--storage.tsdb.path=${folder}/data`,
            `--web.listen-address=127.0.0.1:${port}`,
        ],
        { stdio: "ignore" },
    );
    const ended = new Promise((resolve) => {
        child.once("exit", resolve);
        child.once("error", resolve); // the first question then finds nobody
    });
    return {
        async get(what) {
            const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${what}`, {
                signal: AbortSignal.timeout(10_000),
            });
            return (await answer.json()).data;
        },
        async query(expression) {
            return (await this.get(`query?query=${encodeURIComponent(expression)}`)).result;
        },
        async stop() {
            child.kill("SIGTERM");
            const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
            await ended;
            clearTimeout(timer);
            rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
        },
    };
}

async function until(what, look, limit = 120_000) {
    const deadline = Date.now() + limit;
    for (let last; ;) {
        try {
            const found = await look();
            if (found) return found;
        } catch (fault) {
            last = fault;
        }
        assert.ok(Date.now() < deadline, `${what} was not seen: ${last?.message ?? "nothing failed"}`);
        await pause(500);
    }
}

const begun = [];
after(async () => {
    for (const one of begun.reverse()) await one.stop();
});

test("a Prometheus sees the server, evaluates every rule, and alerts when requests fail", async () => {
    const database = await startDatabase();
    begun.push(database);
    const server = await startServer({ env: { DATABASE_URL: database.url } });
    begun.push(server);
    const ana = await server.as("ana@example.org");
    assert.equal((await ana.request("/api/me")).status, 200);
    const prometheus = await startPrometheus(new URL(server.url).host);
    begun.push(prometheus);
    await until("up == 1", async () => (await prometheus.query('up{job="brainbytes"}'))[0]?.value[1] === "1");
    await until("every rule without an error", async () => {
        const { groups } = await prometheus.get("rules");
        const rules = groups.flatMap((group) => group.rules);
        for (const { name, health, lastError } of rules) assert.equal(health, "ok", `${name}: ${lastError}`);
        return rules.length === alerts().length + read(kept["prometheus-recording"]).match(/record:/g).length;
    });
    const quiet = await prometheus.query('ALERTS{alertname=~"service-failing|database-away|backup-late"}');
    assert.deepEqual(quiet, [], "nothing is wrong yet, and no backup is no old one");

    await database.stop();
    begun.splice(begun.indexOf(database), 1);
    const firing = (name) => async () => {
        await Promise.all([1, 2, 3].map(() => ana.request("/api/me").catch(() => {})));
        return (await prometheus.query(`ALERTS{alertname="${name}",alertstate="firing"}`))[0];
    };
    const error = await until("BrainBytes-HighErrorRate", firing("BrainBytes-HighErrorRate"));
    assert.deepEqual([error.metric.severity, error.metric.group], ["P2", "requests"]);
    await until("database-away", firing("database-away"));
});
