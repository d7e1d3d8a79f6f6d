// The names that the deployment plan uses stand in package.json and are one call of ours each.
import assert from "node:assert/strict";
import { accessSync, constants, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const makefile = readFileSync(path.join(root, "Makefile"), "utf8");

test("dev, build, test and lint call make", () => {
    for (const name of ["dev", "build", "test", "lint"]) {
        assert.equal(scripts[name], `make ${name}`);
        assert.match(makefile, new RegExp(`^${name}:`, "m"));
    }
});

for (const verb of ["migrate", "seed", "verify", "rollback"]) {
    test(`db:${verb} calls the program, for each stage`, () => {
        assert.equal(scripts[`db:${verb}`], `bin/brainbytes db ${verb}`);
        for (const stage of ["dev", "production"]) {
            assert.equal(scripts[`db:${verb}:${stage}`], `bin/brainbytes db ${verb} --stage ${stage}`);
        }
    });
}

test("test:e2e:production is a program of ours", () => {
    accessSync(path.join(root, scripts["test:e2e:production"]), constants.X_OK);
});
