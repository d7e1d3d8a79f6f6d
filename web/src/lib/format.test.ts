import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

Object.assign(globalThis, {
  document: { documentElement: {} },
  localStorage: { getItem: () => null, setItem: () => undefined },
  $state: (value: unknown) => value,
  $derived: (value: unknown) => value,
});
const { clock, dayGroup, shortDate } = await import('./format.ts');
const { i18n } = await import('./i18n.svelte.ts');

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  Object.assign(i18n, { language: 'en', locale: 'en-US' });
});

/** Times without a zone are those of the person's own clock. */
const group = (time: string, now: string) => dayGroup(new Date(time).toISOString(), new Date(now));

test('the times of our languages are those of the calendar', () => {
  const year = new Date().getFullYear();
  for (const locale of ['en', 'en-US', 'fil-PH']) {
    i18n.locale = locale;
    const hours = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
    for (let hour = 0; hour < 24; hour += 1) {
      const time = new Date(year, 0, 2, hour, hour * 2);
      assert.equal(clock(time.toISOString()), hours.format(time).replace('\u202f', ' '));
    }
    for (let month = 0; month < 12; month += 1) {
      const day = { day: 'numeric', month: 'short' } as const;
      const now = new Date(year, month, 2 * month + 1);
      assert.equal(shortDate(now.toISOString()), new Intl.DateTimeFormat(locale, day).format(now));
      const before = new Date(2019, month, 2 * month + 1);
      const full = new Intl.DateTimeFormat(locale, { ...day, year: 'numeric' }).format(before);
      assert.equal(shortDate(before.toISOString()), full);
    }
  }
  i18n.locale = 'de-DE';
  assert.equal(clock(new Date(year, 0, 2, 13, 5).toISOString()), '13:05');
});

test('what is older than six days stands under its month, the rest under its day', () => {
  const now = '2026-11-18T12:00';
  for (const [time, heading] of [
    ['2026-11-19T08:00', 'Today'], // the clock of the server may be ahead
    ['2026-11-18T12:00', 'Today'],
    ['2026-11-18T00:00', 'Today'],
    ['2026-11-17T23:59:59', 'Yesterday'],
    ['2026-11-17T00:00', 'Yesterday'],
    ['2026-11-16T23:59:59', 'Last 7 days'],
    ['2026-11-12T00:00', 'Last 7 days'],
    ['2026-11-11T23:59:59', 'November 2026'],
    ['2025-11-18T12:00', 'November 2025'],
  ] as const)
    assert.equal(group(time, now), heading, time);
});

test('days begin at the midnight of the person, in the last minute and the first of a year too', () => {
  assert.equal(group('2026-12-31T00:00', '2026-12-31T23:59:59'), 'Today');
  assert.equal(group('2026-12-31T23:59:59', '2027-01-01T00:00'), 'Yesterday');
  assert.equal(group('2026-12-30T23:59:59', '2027-01-01T00:00'), 'Last 7 days');
  const [time, now] = ['2026-01-31T15:59:59Z', '2026-01-31T16:00:00Z'];
  process.env.TZ = 'Asia/Manila';
  assert.equal(group(time, now), 'Yesterday');
  process.env.TZ = 'America/Los_Angeles';
  assert.equal(group(time, now), 'Today');
});

test('a day of 23 or 25 hours is one day', () => {
  process.env.TZ = 'Europe/Berlin';
  const spring = '2026-03-30T00:10';
  assert.equal(group('2026-03-29T23:50', spring), 'Yesterday');
  assert.equal(group('2026-03-29T00:10', spring), 'Yesterday');
  assert.equal(group('2026-03-28T23:50', spring), 'Last 7 days');
  assert.equal(group('2026-03-24T00:00', spring), 'Last 7 days');
  assert.equal(group('2026-03-23T23:50', spring), 'March 2026');
  assert.equal(group('2026-10-25T00:10', '2026-10-25T23:50'), 'Today');
  const autumn = '2026-10-26T00:10';
  assert.equal(group('2026-10-25T00:00', autumn), 'Yesterday');
  assert.equal(group('2026-10-24T23:50', autumn), 'Last 7 days');
  assert.equal(group('2026-10-20T00:00', autumn), 'Last 7 days');
  assert.equal(group('2026-10-19T23:50', autumn), 'October 2026');
  process.env.TZ = 'America/Santiago'; // where the clocks change at midnight: this day begins at one
  assert.equal(group('2026-09-06T01:00', '2026-09-06T23:50'), 'Today');
  assert.equal(group('2026-09-05T23:50', '2026-09-06T01:10'), 'Yesterday');
});

test('days and months have their names in Filipino', () => {
  Object.assign(i18n, { language: 'fil', locale: 'fil-PH' });
  const now = '2026-11-18T12:00';
  assert.equal(group('2026-11-18T08:00', now), 'Ngayong araw');
  assert.equal(group('2026-11-17T08:00', now), 'Kahapon');
  assert.equal(group('2026-11-12T08:00', now), 'Nakaraang 7 araw');
  assert.equal(group('2026-10-18T08:00', now), 'Oktubre 2026');
});
