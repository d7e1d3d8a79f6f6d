import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events } from './sse.ts';

function streamOf(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

async function read(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of events(streamOf(...chunks))) all.push(...batch);
  return all;
}

test('an event may arrive in any pieces', async () => {
  assert.deepEqual(await read('da', 'ta: {"a":', '1}\n', '\ndata: two\n\n'), ['{"a":1}', 'two']);
});

test('comments and ids are passed over, CRLF and several data lines are understood', async () => {
  assert.deepEqual(await read(': hello\n\nid: 4\r\ndata: a\r\ndata: b\r\n\r\n'), ['a\nb']);
});

test('a character cut in two is put together again', async () => {
  const bytes = new TextEncoder().encode('data: mañana 🙂\n\n');
  assert.deepEqual(await read(bytes.slice(0, 10), bytes.slice(10, 17), bytes.slice(17)), [
    'mañana 🙂',
  ]);
});

test('an event that never ended is not believed', async () => {
  assert.deepEqual(await read('data: whole\n\ndata: hal'), ['whole']);
});
