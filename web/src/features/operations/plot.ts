import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Lines } from './series.ts';

/** A moment drawn as a line from top to bottom. */
export interface Mark {
  at: string;
  kind: 'release' | 'incident';
  words: string;
}

export interface Picture {
  lines: Lines;
  marks: readonly Mark[];
  write: (value: number) => string;
  writeTime: (seconds: number) => string;
  /** Called with the place on the axis that is pointed at, or null. */
  onpoint: (place: number | null) => void;
}

const height = 168;
const shared = uPlot.sync('operations');
/** As in Chart.svelte's legend. */
export const strokes = ['--accent', '--good'] as const;

function colour(name: string): string {
  // The tokens are written light-dark(); a canvas needs what comes of it.
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function drawMarks(
  plot: uPlot,
  marks: readonly Mark[],
  colours: Record<Mark['kind'], string>,
): void {
  const { left, top, width, height: tall } = plot.bbox;
  plot.ctx.save();
  plot.ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  plot.ctx.lineWidth = devicePixelRatio;
  for (const { at, kind } of marks) {
    const x = Math.round(plot.valToPos(Date.parse(at) / 1000, 'x', true));
    if (x < left || x > left + width) continue;
    plot.ctx.strokeStyle = colours[kind];
    plot.ctx.beginPath();
    plot.ctx.moveTo(x, top);
    plot.ctx.lineTo(x, top + tall);
    plot.ctx.stroke();
  }
  plot.ctx.restore();
}

/** Draws into `place`, as wide as it is; call what comes back to take it away. */
export function draw(place: HTMLElement, picture: Picture): () => void {
  const muted = colour('--muted');
  const grid = { stroke: colour('--line'), width: 1 };
  const colours = { release: colour('--muted'), incident: colour('--danger') };
  const font = `12px ${getComputedStyle(place).fontFamily}`;
  const axis = { stroke: muted, grid, ticks: { show: false }, font } as const;
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height,
      legend: { show: false },
      cursor: { sync: { key: shared.key }, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: true, range: [picture.lines.times[0] ?? 0, picture.lines.end] },
        y: { range: (_, __, high) => [0, high > 0 ? high * 1.1 : 1] },
      },
      axes: [
        { ...axis, space: 70, values: (_, times) => times.map(picture.writeTime) },
        { ...axis, size: 58, values: (_, values) => values.map(picture.write) },
      ],
      series: [
        {},
        ...strokes.slice(0, picture.lines.values.length).map((name) => ({
          stroke: colour(name),
          width: 2,
          points: { size: 4 },
        })),
      ],
      hooks: {
        draw: [(self) => drawMarks(self, picture.marks, colours)],
        setCursor: [(self) => picture.onpoint(self.cursor.idx ?? null)],
      },
    },
    [picture.lines.times, ...picture.lines.values],
    place,
  );
  const sizes = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height }));
  sizes.observe(place);
  return () => {
    sizes.disconnect();
    plot.destroy();
  };
}
