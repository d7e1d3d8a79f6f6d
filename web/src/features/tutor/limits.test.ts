import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestMessage, tooLong } from './limits.ts';

test('characters are counted as the server counts them', () => {
  assert.equal(tooLong('a'.repeat(longestMessage)), 0);
  assert.equal(tooLong('a'.repeat(longestMessage + 2)), 2);
  assert.equal(tooLong('😀'.repeat(longestMessage)), 0);
  assert.equal(tooLong(`${'😀'.repeat(longestMessage + 1)}`), 1);
  assert.equal(tooLong(`${'a'.repeat(longestMessage)}\n  `), 0, 'the ends are not sent');
});
