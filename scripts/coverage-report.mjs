// coverage-report.mjs SUMMARY: prints line coverage per folder and ends with 1 when one is under its floor.
import { readFileSync } from "node:fs";

const floors = { "features/accounts": 90, "services/access": 90 };
const usual = 85;

const folders = new Map();
for (const file of JSON.parse(readFileSync(process.argv[2], "utf8")).data[0].files) {
    const inside = file.filename.replace(/^.*?(?=(^|\/)src\/)/, "").replace(/^\/?src\//, "");
    const parts = inside.split("/");
    const folder = parts.length > 2 ? parts.slice(0, 2).join("/") : parts.length > 1 ? parts[0] : "main";
    const sum = folders.get(folder) ?? { covered: 0, count: 0 };
    sum.covered += file.summary.lines.covered;
    sum.count += file.summary.lines.count;
    folders.set(folder, sum);
}

let low = 0;
const all = { covered: 0, count: 0 };
for (const [folder, { covered, count }] of [...folders].sort()) {
    const percent = (100 * covered) / count;
    const floor = floors[folder] ?? usual;
    const short = percent < floor && folder !== "main";
    if (short) low += 1;
    all.covered += covered;
    all.count += count;
    console.log(`${percent.toFixed(1).padStart(6)}%  ${folder.padEnd(22)}${short ? ` under ${floor}%` : ""}`);
}
console.log(`${((100 * all.covered) / all.count).toFixed(1).padStart(6)}%  all, of ${all.count} lines`);
process.exit(low > 0 || all.count === 0 ? 1 : 0);
