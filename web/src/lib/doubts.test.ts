import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withDoubts, withoutDoubtMarks } from './doubts.ts';

const doubt = (text: string, ...sentences: string[]) =>
  withDoubts(
    text,
    sentences.map((sentence) => {
      const start = [...text.slice(0, text.indexOf(sentence))].length;
      const end = start + [...sentence].length;
      return { start, end, numbers: [1], lack: 'words' as const };
    }),
  )
    .replaceAll('\uE000', '<')
    .replaceAll('\uE001', '>');

test('sentences are marked where they stand, also behind an emoji', () => {
  assert.equal(doubt('😀 A [1]. B [2]. C [3].', 'A [1].', 'C [3].'), '😀 <A [1].> B [2]. <C [3].>');
});

test('of a sentence that is not whole in itself the citation is marked', () => {
  assert.equal(doubt('**Bold. Not so [1].** x', 'Not so [1].**'), '**Bold. Not so <[1]>.** x');
  assert.equal(doubt('| a | b [1] |', 'a | b [1] |'), '| a | b <[1]> |');
});

test('what cannot be marked stays as it is', () => {
  assert.equal(doubt('a | b', 'a | b'), 'a | b');
  assert.equal(withoutDoubtMarks('a\uE000b\uE001'), 'ab');
});
