/**
 * Cuts a stream of bytes into the `data` of server-sent events. Each turn yields every event
 * that has arrived so far, so that the reader renders once per network chunk.
 */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      const found = blocks.map(dataOf).filter((data) => data !== null);
      if (found.length > 0) yield found;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function dataOf(block: string): string | null {
  const lines = block.split(/\r?\n/).filter((line) => line.startsWith('data:'));
  return lines.length === 0
    ? null
    : lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n');
}
