import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { dayOf, endOf } from './days.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test('days are those of the calendar of the person, east and west of Greenwich', () => {
  process.env.TZ = 'Asia/Manila';
  assert.equal(dayOf(new Date('2026-01-31T15:59:59Z')), '2026-01-31');
  assert.equal(dayOf(new Date('2026-01-31T16:00:00Z')), '2026-02-01');
  assert.equal(endOf('2026-02-01'), '2026-02-01T15:59:59.999999Z');
  process.env.TZ = 'America/Los_Angeles';
  assert.equal(dayOf(new Date('2026-02-01T07:59:59Z')), '2026-01-31');
  assert.equal(endOf('2026-01-31'), '2026-02-01T07:59:59.999999Z');
});

test('a share that ends today has not ended yet, and no day is no end', () => {
  for (const name of ['Asia/Manila', 'UTC', 'America/Los_Angeles']) {
    process.env.TZ = name;
    const now = new Date();
    assert.ok(new Date(endOf(dayOf(now)) ?? '') >= now, name);
  }
  assert.equal(endOf(''), null);
});
