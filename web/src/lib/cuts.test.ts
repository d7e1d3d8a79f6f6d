import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocks, pieceAfter, pieceBefore } from './cuts.ts';

test('pieces join to the whole text and end at lines', () => {
  const text = 'line one\n'.repeat(100);
  const ends = [];
  for (let at = 0; at < text.length;) ends.push((at = pieceAfter(text, at, 100)));
  assert.ok(ends.length > 8 && ends.every((end) => text[end - 1] === '\n'));
  let at = text.length;
  let rounds = 0;
  while (at > 0) {
    const start = pieceBefore(text, at, 100);
    assert.ok(start < at && (start === 0 || text[start - 1] === '\n'));
    at = start;
    rounds += 1;
  }
  assert.ok(rounds > 8);
});

test('a text of one line is cut too, never inside a character', () => {
  const text = '🙂'.repeat(500);
  for (let at = 0; at < text.length;) {
    const end = pieceAfter(text, at, 101);
    assert.ok(end > at && end % 2 === 0);
    at = end;
  }
  assert.equal(pieceBefore(text, 1000, 101) % 2, 0);
  assert.ok(blocks(text, 101, 1).pieces[0]?.length === 202);
});

test('Markdown is cut between blocks, not in code', () => {
  const code = '```\n' + 'x = 1\n\n'.repeat(10) + '```\n\n';
  const text = 'Words.\n\n'.repeat(10) + code + 'More.\n\n'.repeat(30);
  const all = blocks(text, 100, 99);
  assert.equal(all.pieces.join(''), text);
  assert.equal(all.more, false);
  assert.ok(all.pieces.some((piece) => piece.includes(code)));
  assert.deepEqual(blocks(text, 100, 1), { pieces: [all.pieces[0]], more: true });
  assert.deepEqual(blocks('', 100, 1), { pieces: [], more: false });
  assert.ok(blocks('y'.repeat(1000), 100, 1).more);
});
