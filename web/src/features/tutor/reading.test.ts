import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReply } from './reading.ts';

const stream = (...parts: unknown[]) =>
  new Response(
    parts
      .map((part) => `data: ${typeof part === 'string' ? part : JSON.stringify(part)}\n\n`)
      .join(''),
  );
const never = new AbortController().signal;

test('a reply ends as its stream says, and one without an end was cut', async () => {
  for (const [type, ending] of [
    ['finish', 'finished'],
    ['abort', 'stopped'],
    ['error', 'failed'],
    ['text-delta', 'cut'],
  ]) {
    const taken: string[] = [];
    const response = stream({ type: 'start' }, { type }, '[DONE]', { type: 'late' });
    assert.equal(await readReply(response, never, (part) => taken.push(part.type)), ending);
    assert.deepEqual(taken, ['start', type]);
  }
});

test('after an abort nothing more is handed over', async () => {
  const turn = new AbortController();
  const taken: string[] = [];
  const response = stream({ type: 'start' }, { type: 'text-delta' }, { type: 'finish' });
  await readReply(response, turn.signal, (part) => {
    taken.push(part.type);
    turn.abort();
  });
  assert.deepEqual(taken, ['start']);
});
