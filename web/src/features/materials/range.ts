/** The code point range of `?start=&end=`, where both are there and make sense. */
export function rangeOf(query: URLSearchParams): { start: number; end: number } | null {
  const start = Number.parseInt(query.get('start') ?? '', 10);
  const end = Number.parseInt(query.get('end') ?? '', 10);
  return start >= 0 && end > start ? { start, end } : null;
}
