import { i18n, t } from './i18n.svelte.ts';

const day = 86_400_000;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** A browser takes milliseconds to make a formatter, and a page shows many times. */
function write(time: Date, options: Intl.DateTimeFormatOptions): string {
  const key = i18n.locale + JSON.stringify(options);
  const known = formatters.get(key) ?? new Intl.DateTimeFormat(i18n.locale, options);
  formatters.set(key, known);
  return known.format(time);
}

const english = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const filipino = 'Ene Peb Mar Abr May Hun Hul Ago Set Okt Nob Dis'.split(' ');
// Loading a browser's calendar holds a cheap phone up for longer than all else of a first page: the page's own two
// languages do without it. format.test.ts compares them with it.
const months: Record<string, string[]> = { en: english, 'en-US': english, 'fil-PH': filipino };

export function midnight(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}

export function clock(iso: string): string {
  if (months[i18n.locale]) {
    const time = new Date(iso);
    const hours = time.getHours();
    return `${hours % 12 || 12}:${String(time.getMinutes()).padStart(2, '0')} ${hours < 12 ? 'AM' : 'PM'}`;
  }
  return write(new Date(iso), { hour: 'numeric', minute: '2-digit' });
}

export function fullTime(iso: string): string {
  return write(new Date(iso), { dateStyle: 'long', timeStyle: 'short' });
}

export function shortDate(iso: string): string {
  const time = new Date(iso);
  const sameYear = time.getFullYear() === new Date().getFullYear();
  const names = months[i18n.locale];
  if (names) {
    const day = `${names[time.getMonth()]} ${time.getDate()}`;
    return sameYear ? day : `${day}, ${time.getFullYear()}`;
  }
  return write(time, { day: 'numeric', month: 'short', year: sameYear ? undefined : 'numeric' });
}

/** A day without a clock, as "2026-01-31". */
export function dayMonth(day: string): string {
  return write(new Date(day), { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** "10:42" for today, the date and the clock for other days. */
export function messageTime(iso: string): string {
  const today = midnight(new Date(iso)) === midnight(new Date());
  return today ? clock(iso) : `${shortDate(iso)}, ${clock(iso)}`;
}

/** The heading under which a list shows something of this time. */
export function dayGroup(iso: string, now = new Date()): string {
  const days = Math.round((midnight(now) - midnight(new Date(iso))) / day);
  if (days <= 0) return t('day.today');
  if (days === 1) return t('day.yesterday');
  if (days < 7) return t('day.week');
  return write(new Date(iso), { month: 'long', year: 'numeric' });
}

export function bytes(n: number): string {
  const units = ['byte', 'kilobyte', 'megabyte'] as const;
  const step = n < 1000 ? 0 : n < 1_000_000 ? 1 : 2;
  return (n / 1000 ** step).toLocaleString(i18n.locale, {
    style: 'unit',
    unit: units[step],
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: step === 2 ? 1 : 0,
  });
}

export function number(n: number): string {
  return n.toLocaleString(i18n.locale);
}

export function characters(n: number): string {
  return n === 1 ? t('materials.character') : t('materials.characters', { n: number(n) });
}
