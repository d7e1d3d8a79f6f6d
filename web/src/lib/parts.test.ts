import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPart, parsePart, sourcesOf, textOf, unsupportedIn } from './parts.ts';
import type { UIMessage } from './types.ts';

const empty = (): UIMessage => ({ id: 'r1', role: 'assistant', parts: [], metadata: {} });

test('deltas grow the newest text', () => {
  const reply = empty();
  for (const part of [
    '{"type":"text-start","id":"1"}',
    '{"type":"text-delta","id":"1","delta":"Hi "}',
  ])
    applyPart(reply, parsePart(part)!);
  applyPart(reply, { type: 'text-delta', id: '1', delta: 'there' });
  assert.equal(textOf(reply), 'Hi there');
});

test('a source is shown once however often it is replayed', () => {
  const reply = empty();
  const source = parsePart(
    '{"type":"source-document","sourceId":"1","mediaType":"text/markdown","title":"Cells"}',
  )!;
  applyPart(reply, source);
  applyPart(reply, source);
  assert.deepEqual(
    sourcesOf(reply).map((s) => s.title),
    ['Cells'],
  );
});

test('of the proofs of a reply the newest counts', () => {
  const reply = empty();
  assert.deepEqual(unsupportedIn(reply), []);
  for (const numbers of ['1', '2'])
    applyPart(
      reply,
      parsePart(
        `{"type":"data-proof","id":"proof","data":{"supported":0,"unchecked":0,"unsupported":[{"start":0,"end":9,"numbers":[${numbers}],"lack":"words"}]}}`,
      )!,
    );
  assert.deepEqual(
    unsupportedIn(reply).map((one) => one.numbers),
    [[2]],
  );
});

test('metadata of later parts is added to that of earlier ones', () => {
  const reply = empty();
  applyPart(reply, { type: 'start', messageMetadata: { mode: 'model' } });
  applyPart(reply, { type: 'finish', messageMetadata: { state: 'complete' } });
  assert.deepEqual(reply.metadata, { mode: 'model', state: 'complete' });
});

test('unknown parts and broken JSON do no harm', () => {
  const reply = empty();
  applyPart(reply, { type: 'data-of-tomorrow' });
  assert.deepEqual(reply.parts, []);
  assert.equal(parsePart('{"type":'), null);
  assert.deepEqual(parsePart('[DONE]'), { type: 'done' });
});
