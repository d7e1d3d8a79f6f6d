import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLarge, originalOf, spotOf } from './originals.ts';

test('the page of a range is counted by its breaks, and the passage ends with it', () => {
  const text = 'one 😀\n\f\ntwo three\n\f\nfour';
  assert.deepEqual(spotOf(text, { start: 0, end: 3 }), { page: 1, passage: 'one', near: 0 });
  const two = spotOf(text, { start: 12, end: 22 });
  assert.equal(two.page, 2);
  assert.equal(two.passage, 'three\n');
  assert.ok(two.near > 0.4 && two.near < 0.5, `${two.near}`);
  assert.equal(spotOf(text, { start: 20, end: 24 }).page, 3);
});

test('PDFs have pages, some pictures can be shown, the rest is text', () => {
  const kinds = ['application/pdf', 'image/webp', 'image/tiff', 'text/html', 'image/svg+xml'];
  assert.deepEqual(
    kinds.map((mediaType) => originalOf({ mediaType })),
    ['pages', 'picture', null, null, null],
  );
});

test('large PDFs wait to be asked for, and nothing else does', () => {
  const mediaType = 'application/pdf';
  assert.equal(isLarge({ mediaType, bytes: 15_000_000 }), false);
  assert.equal(isLarge({ mediaType, bytes: 15_000_001 }), true);
  assert.equal(isLarge({ mediaType: 'image/png', bytes: 95_000_000 }), false);
  assert.equal(isLarge({ mediaType: 'text/plain', bytes: 95_000_000 }), false);
});
