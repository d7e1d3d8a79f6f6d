// The thesaurus of `make eval`, on a WordNet of a few words in the format of wndb(5WN).
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { openWordNet } from "../../bench/eval/wordnet.mjs";

const license = "  1 This software and database is being provided to you, the LICENSEE, by  \n";
let folder;
let wordNet;

/** A data file of these synsets, and the offset of each. */
function dataOf(synsets) {
    let text = license;
    const offsets = {};
    for (const [name, line] of Object.entries(synsets)) {
        offsets[name] = String(text.length).padStart(8, "0");
        text += `${offsets[name]} ${line(offsets)} | a gloss; "an example"  \n`;
    }
    return { text, offsets };
}

before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "bb-wordnet-"));
    const nouns = dataOf({
        animal: () => "03 n 02 animal 0 Beast 0 000",
        dog: (at) => `05 n 03 dog 0 domestic_dog 0 hound 0 002 @ ${at.animal} n 0000 ~ 00000000 n 0000`,
        cad: () => "18 n 02 cad 0 dog 0 000",
    });
    const adjectives = dataOf({ galore: () => "00 s 02 galore(ip) 0 plenty 1 000" });
    const { animal, dog, cad } = nouns.offsets;
    const files = {
        "data.noun": nouns.text,
        "index.noun": `${license}animal n 1 1 @ 1 1 ${animal}  \ndog n 2 2 @ ~ 2 1 ${dog} ${cad}  \ngoose n 1 0 1 0 ${cad}  \n`,
        "noun.exc": "geese goose\n",
        "data.adj": adjectives.text,
        "index.adj": `plenty a 1 1 & 1 0 ${adjectives.offsets.galore}  \n`,
    };
    for (const name of ["data.verb", "index.verb", "data.adv", "index.adv"]) files[name] = license;
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    wordNet = openWordNet(folder);
});
after(() => rmSync(folder, { recursive: true }));

test("other words for one are the single words of its first senses, whatever its ending", () => {
    assert.deepEqual(wordNet.synonyms("dogs"), ["hound"]);
    assert.deepEqual(wordNet.synonyms("dog", { senses: 2 }), ["hound", "cad"]);
    assert.deepEqual(wordNet.synonyms("dog", { hypernyms: true }), ["hound", "animal", "beast"]);
    assert.deepEqual(wordNet.synonyms("geese"), ["cad", "dog"]);
    assert.deepEqual(wordNet.synonyms("plenty"), ["galore"]);
    assert.deepEqual(wordNet.synonyms("xyzzy"), []);
});

test("a question is widened by them, within what a search takes, and not by those of function words", () => {
    assert.equal(wordNet.widen("Why do dogs and animals bark?"), "Why do dogs and animals bark? hound beast");
    assert.equal(wordNet.widen("Is a hound in?"), "Is a hound in?");
    const long = `dogs ${"x".repeat(492)}`;
    assert.equal(wordNet.widen(long), long);
});

test("without WordNet there is none", () => assert.equal(openWordNet("/nonexistent"), undefined));
