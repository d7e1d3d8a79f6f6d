import assert from 'node:assert/strict';
import { test } from 'node:test';

Object.assign(globalThis, {
  document: { documentElement: {} },
  localStorage: { getItem: () => null, setItem: () => undefined },
  $state: (value: unknown) => value,
  $derived: (value: unknown) => value,
});
const { clock, shortDate } = await import('./format.ts');
const { i18n } = await import('./i18n.svelte.ts');

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
