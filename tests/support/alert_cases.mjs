// Series that make each alert fire and clear, as promtool's unit tests. What it prints is kept:
//   node tests/support/alert_cases.mjs > deploy/prometheus/alerts_test.yml
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../deploy/prometheus");

const request = (status) => `brainbytes_http_requests_total{route="/api/me",status="${status}"}`;
const took = (le) => `brainbytes_http_request_duration_seconds_bucket{route="/api/me",le="${le}"}`;
const requests = (bad, good) => ({ [request(503)]: bad, [request(200)]: good });
const firstWords = (all, early) => ({
    brainbytes_time_to_first_token_seconds_count: all,
    'brainbytes_time_to_first_token_seconds_bucket{le="1.0"}': early,
});

/** A gauge that is bad for twenty minutes, of one server. */
const gauge = (name, bad, good, labels = {}) => {
    const all = { instance: "a", ...labels };
    const text = Object.entries(all).map(([label, value]) => `${label}="${value}"`);
    const { instance, place } = all;
    return {
        series: { [`${name}{${text.join(",")}}`]: `${bad}x20 ${good}x60` },
        fires: 12,
        clear: 45,
        labels: place ? { instance, place } : { instance },
    };
};

/** One value a minute; `fires` and `clear` are minutes; without `fires` it never does. */
export const cases = {
    "service-failing": [{ series: requests("0+10x30 300x60", "0+20x90"), fires: 10, clear: 45 }],
    "requests-fail": [{ series: requests("0+2x30 60x60", "0+48x90"), fires: 10, clear: 45 }],
    "BrainBytes-HighErrorRate": [
        { series: requests("0+3x30 90x60", "0+48x90"), fires: 10, clear: 45 },
        { series: { [request(404)]: "0+30x60" }, clear: 30 },
    ],
    "requests-budget-burns": [{ series: requests("0+2x30 60x120", "0+18x150"), fires: 20, clear: 80 }],
    "requests-budget-leaks": [{ series: requests("0+1x60 60x500", "0+99x560"), fires: 50, clear: 440 }],
    "requests-slow": [
        {
            series: {
                [took("1.0")]: "0+8x30 250+10x60",
                [took("2.5")]: "0+10x90",
                [took("+Inf")]: "0+10x90",
            },
            fires: 15,
            clear: 55,
        },
    ],
    "model-down": [gauge("brainbytes_model_up", 0, 1)],
    "model-failing": [
        {
            series: {
                'brainbytes_model_requests_total{outcome="failed"}': "0+5x20 100x60",
                'brainbytes_model_requests_total{outcome="ok"}': "0+2x80",
            },
            fires: 10,
            clear: 40,
        },
        { series: { 'brainbytes_model_requests_total{outcome="cancelled"}': "0+9x60" }, clear: 30 },
    ],
    "first-words-late": [{ series: firstWords("0+10x120", "0+1x30 40+10x90"), fires: 20, clear: 80 }],
    "first-words-budget-leaks": [
        { series: firstWords("0+10x600", "0+5x60 310+10x540"), fires: 50, clear: 450 },
    ],
    "backup-late": [gauge("brainbytes_backup_age_seconds", 90_000, 100)],
    "log-behind": [gauge("brainbytes_wal_lag_seconds", 400, 1, { place: "s3" })],
    "drill-failed": [gauge("brainbytes_drill_good", 0, 1)],
    "drill-slow": [gauge("brainbytes_drill_rto_seconds", 4000, 100)],
    "drill-late": [gauge("brainbytes_drill_age_seconds", 4_000_000, 1)],
    "disk-full": [gauge("brainbytes_disk_free_share", 0.02, 0.5, { place: "data" })],
    "disk-filling": [gauge("brainbytes_disk_free_share", 0.05, 0.5, { place: "data" })],
    "certificate-ends": [gauge("brainbytes_certificate_days", 2, 80)],
    "certificate-soon": [gauge("brainbytes_certificate_days", 10, 80)],
    "database-busy": [gauge("brainbytes_db_transactions_waiting", 40, 0, { loop: "0" })],
    "node-lost": [
        {
            series: {
                'up{job="brainbytes",instance="a"}': "1x5 0x20 1x60",
                'brainbytes_serving{job="brainbytes",instance="a"}': "1x5 _x20 1x60",
            },
            fires: 15,
            clear: 45,
            labels: { job: "brainbytes", instance: "a" },
        },
        {
            series: {
                'up{job="brainbytes",instance="b"}': "1x5 0x60",
                'brainbytes_serving{job="brainbytes",instance="b"}': "1x4 0x1 _x60",
            },
            clear: 30,
        },
    ],
    "maintenance-overdue": [gauge("brainbytes_maintenance_overdue", 2, 0)],
    "many-failed-sign-ins": [
        { series: { 'brainbytes_sign_in_total{outcome="failed"}': "0+20x20 400x60" }, fires: 10, clear: 40 },
    ],
    "audit-broken": [gauge("brainbytes_audit_whole", 0, 1)],
    "database-away": [gauge("brainbytes_database_up", 0, 1)],
};

/** Name, labels and annotations of each alert of alerts.yml. */
export function alerts() {
    const text = readFileSync(path.join(folder, "alerts.yml"), "utf8");
    return text
        .split("      - alert: ")
        .slice(1)
        .map((one) => {
            const part = (begin, end) => one.slice(one.indexOf(begin), end ? one.indexOf(end) : undefined);
            const pairs = (lines) =>
                Object.fromEntries([...lines.matchAll(/^ {10}(\w+): (.*)$/gm)].map(([, k, v]) => [k, v]));
            return {
                name: one.split("\n")[0],
                labels: pairs(part("        labels:", "        annotations:")),
                annotations: pairs(part("        annotations:")),
            };
        });
}

const lines = (indent, pairs) => Object.entries(pairs).map(([key, value]) => `${indent}${key}: ${value}\n`);

function expectation(alert, minute, labels) {
    const head = `      - eval_time: ${minute}m\n        alertname: ${alert.name}\n        exp_alerts:`;
    if (!labels) return `${head} []\n`;
    const all = [
        ...lines(" ".repeat(14), { ...alert.labels, ...labels }),
        `            exp_annotations:\n`,
        ...lines(" ".repeat(14), alert.annotations),
    ];
    return `${head}\n          - exp_labels:\n${all.join("")}`;
}

/** As Prettier quotes it. */
const quoted = (name) => (name.includes('"') ? `'${name}'` : `"${name}"`);

/** The text of alerts_test.yml. */
export function testFile() {
    let text =
        "# Made by tests/support/alert_cases.mjs. Run: promtool test rules alerts_test.yml\n" +
        "rule_files:\n  - recording.yml\n  - alerts.yml\nevaluation_interval: 1m\ntests:\n";
    for (const alert of alerts())
        for (const { series, fires, clear, labels = {} } of cases[alert.name] ?? []) {
            text += `  - name: ${alert.name}\n    interval: 1m\n    input_series:\n`;
            for (const [name, values] of Object.entries(series))
                text += `      - series: ${quoted(name)}\n        values: "${values}"\n`;
            text += "    alert_rule_test:\n";
            if (fires) text += expectation(alert, fires, labels);
            text += expectation(alert, clear);
        }
    return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(testFile());
