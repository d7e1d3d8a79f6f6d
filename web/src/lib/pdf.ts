import { getDocument, GlobalWorkerOptions, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs';
import worker from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url';
import { call } from './api.ts';
import type { Piece } from './placed.ts';

// Large: this module is fetched when somebody first looks at a PDF.
GlobalWorkerOptions.workerSrc = worker;

const mostPixels = 8_000_000; // of one page: what a phone's browser still holds

/** A page as it was painted. */
export interface Drawn {
  canvas: HTMLCanvasElement;
  /** In the units of `pieces`. */
  width: number;
  height: number;
  pieces: Piece[];
}

/** A PDF that is open; close() gives its memory back. */
export interface Pdf {
  pages: number;
  /** Paints page `number` (from 1) for a place `width` pixels wide. Rejects when it cannot, or `signal` says stop. */
  draw(number: number, width: number, signal: AbortSignal): Promise<Drawn>;
  close(): void;
}

/** Fetches and opens the PDF at `src`. Rejects for one that is damaged or protected. */
export async function openPdf(src: string, signal: AbortSignal): Promise<Pdf> {
  const answer = await call('GET', src, { signal, accept: 'application/pdf' });
  const loading = getDocument({
    data: new Uint8Array(await answer.arrayBuffer()),
    verbosity: VerbosityLevel.ERRORS,
    // The page's policy allows no WebAssembly: pictures in JPEG 2000 and JBIG2 are read by plain scripts.
    useWasm: false,
    wasmUrl: `/assets/pdfjs-${PDFJS_VERSION}/`,
    useSystemFonts: true,
  });
  const close = () => void loading.destroy();
  signal.addEventListener('abort', close, { once: true });
  const opened = await loading.promise;
  return { pages: opened.numPages, draw: (...how) => draw(opened, ...how), close };
}

/** How wide letters are, roughly: the fonts of a PDF are not known outside its own painting. */
export function letterWidth(): (letters: string) => number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return (letters) => letters.length;
  context.font = '20px serif';
  return (letters) => context.measureText(letters).width;
}

type Opened = Awaited<ReturnType<typeof getDocument>['promise']>;

type OpenedPage = Awaited<ReturnType<Opened['getPage']>>;

/** Gives the memory of a canvas back at once; browsers of phones have little for canvases, and let go late. */
export function release(canvas: HTMLCanvasElement): void {
  canvas.width = 0;
  canvas.height = 0;
}

async function draw(pdf: Opened, number: number, width: number, signal: AbortSignal) {
  const page = await pdf.getPage(number);
  const canvas = document.createElement('canvas');
  try {
    return await paint(page, canvas, width, signal);
  } catch (error) {
    release(canvas);
    throw error;
  } finally {
    page.cleanup();
  }
}

async function paint(
  page: OpenedPage,
  canvas: HTMLCanvasElement,
  width: number,
  signal: AbortSignal,
): Promise<Drawn> {
  signal.throwIfAborted();
  const unscaled = page.getViewport({ scale: 1 });
  const shown = page.getViewport({ scale: width / unscaled.width });
  const most = Math.sqrt(mostPixels / (shown.width * shown.height));
  const fine = page.getViewport({ scale: shown.scale * Math.min(devicePixelRatio || 1, most) });
  canvas.width = Math.floor(fine.width);
  canvas.height = Math.floor(fine.height);
  const task = page.render({ canvas, viewport: fine });
  const stop = () => task.cancel();
  signal.addEventListener('abort', stop, { once: true });
  await task.promise;
  const { items } = await page.getTextContent();
  signal.throwIfAborted();
  const pieces = items.flatMap((item) => ('str' in item ? [placed(item, unscaled.transform)] : []));
  return { canvas, width: unscaled.width, height: unscaled.height, pieces };
}

/** Where a piece of text stands on the page, whichever way it is turned. */
function placed(item: { str: string; transform: number[]; width: number }, page: number[]): Piece {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = page;
  const [ia = 1, ib = 0, ic = 0, id = 1, x = 0, y = 0] = item.transform;
  const turn = (u: number, v: number): [number, number] => [a * u + c * v, b * u + d * v];
  const size = Math.hypot(ia, ib) || 1;
  const [ox, oy] = turn(x, y);
  return {
    text: item.str,
    origin: [ox + e, oy + f],
    along: turn((ia / size) * item.width, (ib / size) * item.width),
    up: turn(ic, id),
  };
}
