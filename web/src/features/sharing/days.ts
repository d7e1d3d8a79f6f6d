/** The day on which a time falls in the person's calendar, "2026-01-31". */
export function dayOf(time: Date): string {
  const parts = [time.getFullYear(), time.getMonth() + 1, time.getDate()];
  return parts.map((part) => String(part).padStart(2, '0')).join('-');
}

/** The last microsecond of a day of the person's calendar, "2026-01-31"; null for none. */
export function endOf(day: string): string | null {
  if (!day) return null;
  return new Date(`${day}T23:59:59.999`).toISOString().replace('Z', '999Z');
}
