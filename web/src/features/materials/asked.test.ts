import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from './asked.ts';

const asked = { from: 4, to: 7, source: 'two' };

test('an unchanged piece is where it was', () => {
  assert.deepEqual(placeOf(asked, 'one two three two'), { from: 4, to: 7 });
});

test('a piece that moved is found again, unless there are two of it', () => {
  assert.deepEqual(placeOf(asked, 'zero one two'), { from: 9, to: 12 });
  assert.equal(placeOf(asked, 'two or two'), null);
});

test('a changed piece is nowhere', () => {
  assert.equal(placeOf(asked, 'one tw three'), null);
  assert.equal(placeOf({ from: 0, to: 0, source: '' }, 'one'), null);
});
