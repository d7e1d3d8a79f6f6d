import { i18n } from '../../lib/i18n.svelte.ts';
import type { Unit } from './charts.ts';

const write = (value: number, options: Intl.NumberFormatOptions) =>
  value.toLocaleString(i18n.locale, { maximumSignificantDigits: 3, ...options });

const steps = [
  { from: 86_400, unit: 'day' },
  { from: 3600, unit: 'hour' },
  { from: 60, unit: 'minute' },
  { from: 1, unit: 'second' },
  { from: 0.001, unit: 'millisecond' },
] as const;

function duration(seconds: number): string {
  const { from, unit } = steps.find((step) => seconds >= step.from) ?? steps[3];
  return write(seconds / from, { style: 'unit', unit, unitDisplay: 'short' });
}

/** A value with its unit, short enough for an axis. */
export function measured(value: number, unit: Unit): string {
  if (unit === 'seconds') return duration(value);
  if (unit === 'share') return write(value, { style: 'percent' });
  return write(value, { notation: 'compact' });
}
