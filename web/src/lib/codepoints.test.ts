import assert from 'node:assert/strict';
import { test } from 'node:test';
import { around, lines, pieces, placeOf, unitIndex } from './codepoints.ts';

test('a character outside the basic plane counts once', () => {
  assert.equal(unitIndex('a🙂b', 2), 3);
  assert.deepEqual(pieces('a🙂bc', [[1, 3]]), [
    { text: 'a', marked: false },
    { text: '🙂b', marked: true },
    { text: 'c', marked: false },
  ]);
});

test('ranges may overlap, touch the ends or lie outside', () => {
  const shown = pieces('abcdef', [
    [4, 99],
    [0, 2],
    [1, 3],
    [5, 5],
  ]);
  assert.deepEqual(
    shown.map((piece) => (piece.marked ? `[${piece.text}]` : piece.text)).join(''),
    '[ab][c]d[ef]',
  );
});

test('a heading loses its signs and keeps its mark', () => {
  const [first, second] = lines('## Cells\nare small', [[3, 12]]);
  assert.deepEqual(first, {
    heading: true,
    pieces: [{ text: 'Cells', marked: true }],
  });
  assert.deepEqual(second?.pieces[0], { text: 'are', marked: true });
});

test('a window around a passage keeps its range', () => {
  const text = `${'🙂 line\n'.repeat(500)}the place\n${'more\n'.repeat(500)}`;
  const start = [...text.slice(0, text.indexOf('the place'))].length;
  const part = around(text, start, start + 9, 100);
  assert.ok(part.cut && part.text.length < 400);
  assert.equal([...part.text].slice(part.start, part.end).join(''), 'the place');
  assert.equal(around('short', 0, 2, 100).cut, false);
});

test('a quote is found where it stands now, or left where it stood', () => {
  const at = { start: 4, end: 8 };
  assert.deepEqual(placeOf('one cell', 'cell', at), at);
  assert.deepEqual(placeOf('😀 and one cell', 'cell', at), { start: 10, end: 14 });
  assert.deepEqual(placeOf('cell', 'cell', at), { start: 0, end: 4 });
  assert.deepEqual(placeOf('cell two three cell', 'cell', { start: 12, end: 16 }), {
    start: 15,
    end: 19,
  });
  assert.deepEqual(placeOf('cell two three cell', 'cell', { start: 5, end: 9 }), {
    start: 0,
    end: 4,
  });
  assert.deepEqual(placeOf('all gone', 'cell', at), at);
  assert.deepEqual(placeOf('all gone', '', at), at);
});

test('a quote from the middle of a table is found without the head that it was given', () => {
  const table = '| n | square |\n|---|---|\n| 1 | 1 |\n| 2 | 4 |\n| 3 | 9 |';
  const quote = '| n | square |\n| 2 | 4 |\n| 3 | 9 |';
  const at = { start: table.indexOf('| 2'), end: table.length };
  assert.deepEqual(placeOf(table, quote, at), at);
  assert.deepEqual(placeOf(table, table.slice(0, 40), { start: 0, end: 40 }), {
    start: 0,
    end: 40,
  });
  assert.deepEqual(placeOf(`More:\n\n${table}`, quote, at), {
    start: at.start + 7,
    end: at.end + 7,
  });
  assert.deepEqual(placeOf(table, '| n | square |\n| 7 | 49 |', at), at);
  assert.deepEqual(placeOf(table, '| one row |', at), at);
});
