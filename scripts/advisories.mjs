// advisories.mjs FOLDER...: known advisories of the npm packages that these folders lock, by `npm audit`. Prints one line
// each and exits 1 when there are any of "moderate" or worse. A registry that answers no audits is said, and ends with 3,
// with AUDIT=required (as in the workflows) with 1.
import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";

const levels = ["info", "low", "moderate", "high", "critical"];

/** What a report of `npm audit --json` (version 2) says: {refused} or {findings: [{name, severity, title, url, range}]}. */
export function read(text) {
    let report;
    try {
        report = JSON.parse(text);
    } catch {
        return { refused: "the answer is no JSON" };
    }
    if (report.error)
        return { refused: report.error.summary || report.error.code || "an error without words" };
    if (report.auditReportVersion !== 2 || !report.vulnerabilities)
        return { refused: "a report of another form" };
    const findings = [];
    for (const one of Object.values(report.vulnerabilities))
        for (const via of one.via)
            if (typeof via === "object")
                findings.push({
                    name: via.name,
                    severity: via.severity,
                    title: via.title,
                    url: via.url,
                    range: via.range,
                });
    return { findings };
}

/** Those that are at least moderate. */
export const serious = (findings) =>
    findings.filter((one) => levels.indexOf(one.severity) >= levels.indexOf("moderate"));

function audit(folder) {
    return new Promise((resolve) => {
        const options = { cwd: folder, maxBuffer: 64 << 20, timeout: 120_000 };
        // It exits with 1 when it finds something: the report is on stdout either way.
        execFile("npm", ["audit", "--json"], options, (fault, stdout) => resolve(stdout || String(fault)));
    });
}

async function main(folders) {
    let bad = false;
    let skipped = false;
    for (const folder of folders) {
        const { refused, findings } = read(await audit(folder));
        if (refused) {
            console.log(`skipped ${folder}: the registry answers no audit (${refused})`);
            skipped = true;
            bad ||= process.env.AUDIT === "required";
            continue;
        }
        for (const one of findings)
            console.log(`${one.severity}: ${one.name} ${one.range}: ${one.title} ${one.url}`);
        console.log(`${folder}: ${findings.length} advisories, ${serious(findings).length} of them serious`);
        bad ||= serious(findings).length > 0;
    }
    process.exitCode = bad ? 1 : skipped ? 3 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
