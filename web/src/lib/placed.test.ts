import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cornersOf, findPassage } from './placed.ts';

const page = ['The chloro-', 'phyll catches light. ', 'Ang dahon ', 'The ﬁnal café', 'Ang dahon'];

test('a passage is found over white space, hyphens, ligatures, case and accents', () => {
  assert.deepEqual(findPassage(page, 'chlorophyll\ncatches  light', 0), [
    { index: 0, from: 4 / 11, to: 10 / 11 },
    { index: 1, from: 0, to: 19 / 21 },
  ]);
  const [found] = findPassage(page, 'FINAL cafe\u0301', 0);
  assert.deepEqual(found, { index: 3, from: 4 / 13, to: 1 });
});

test('of twins the nearer one is meant', () => {
  assert.equal(findPassage(page, 'Ang dahon', 0.4)[0]?.index, 2);
  assert.equal(findPassage(page, 'Ang dahon', 1)[0]?.index, 4);
});

test('lines in another order are found one by one, and what is nowhere is not marked', () => {
  const spans = findPassage(page, 'The final café\nnowhere at all\nThe chlorophyll', 0);
  assert.deepEqual(
    spans.map((span) => span.index),
    [3, 0, 1],
  );
  assert.deepEqual(findPassage(page, 'nowhere', 0), []);
  assert.deepEqual(findPassage(page, ' - ', 0), []);
});

test('the corners follow the way in which the text is turned', () => {
  const upright = { text: 'ab', origin: [10, 20], along: [8, 0], up: [0, -10] };
  const turned = { text: 'ab', origin: [10, 20], along: [0, 8], up: [10, 0] };
  assert.equal(
    cornersOf(upright as never, { from: 0, to: 0.5 }),
    '10.00,22.20 14.00,22.20 14.00,10.50 10.00,10.50',
  );
  assert.match(cornersOf(turned as never, { from: 0, to: 1 }), /^7\.80,20\.00 7\.80,28\.00 /);
});
