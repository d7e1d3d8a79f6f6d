/** A statistic by periods, as the server tells it: periods without a point are left out. */
export interface MetricHistory {
  kind: 'counter' | 'gauge' | 'histogram' | '';
  /** Seconds. */
  period: number;
  start: string;
  end: string;
  points: { at: string; value: number }[];
}

/** Lines over one axis of times in seconds; null where nothing is known. */
export interface Lines {
  times: number[];
  /** The end of the last period. */
  end: number;
  values: (number | null)[][];
}

/** Puts histories with the same periods over one axis. A counter that did not move has no point: that is nought. */
export function align(histories: readonly MetricHistory[], perMinute: boolean): Lines {
  const first = histories[0];
  if (!first) return { times: [], end: 0, values: [] };
  const start = Date.parse(first.start) / 1000;
  const count = Math.ceil((Date.parse(first.end) / 1000 - start) / first.period);
  const times = Array.from({ length: count }, (_, i) => start + i * first.period);
  const values = histories.map(({ kind, period, points }) => {
    const line = new Array<number | null>(count).fill(null);
    for (const { at, value } of points) {
      const place = Math.round((Date.parse(at) / 1000 - start) / period);
      if (place >= 0 && place < count) line[place] = perMinute ? (value * 60) / period : value;
    }
    if (kind === 'counter') fillFrom(line, firstKnown(line));
    return line;
  });
  return { times, end: start + count * first.period, values };
}

function firstKnown(line: readonly (number | null)[]): number {
  const at = line.findIndex((value) => value !== null);
  return at < 0 ? line.length : at;
}

function fillFrom(line: (number | null)[], from: number): void {
  for (let i = from; i < line.length; i += 1) line[i] ??= 0;
}

/** The last known value, or null. */
export function latest(line: readonly (number | null)[]): number | null {
  return line.findLast((value) => value !== null) ?? null;
}

export function highest(line: readonly (number | null)[]): number | null {
  return line.reduce(
    (most, value) => (value !== null && (most === null || value > most) ? value : most),
    null,
  );
}
