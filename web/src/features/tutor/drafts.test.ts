import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Drafts } from './drafts.ts';

const kept = new Map<string, string>();
beforeEach(() => kept.clear());
Object.assign(globalThis, {
  localStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  },
});

const message = { thread: 't1', id: 'm1', text: 'Why?' };

test('every person and every conversation has a draft of its own', () => {
  new Drafts('ana', 't1').text = 'half a thought';
  assert.equal(new Drafts('ana', 't1').text, 'half a thought');
  assert.equal(new Drafts('ana', 't2').text, '');
  assert.equal(new Drafts('ben', 't1').text, '');
});

test('a message is offered again when its sending failed, and not while it runs', async () => {
  const drafts = new Drafts('ana', 't1');
  const sending = drafts.keepWhile(message, async () => {
    assert.equal(drafts.unsent, null);
    await Promise.reject(new Error('away'));
  });
  await assert.rejects(sending, /away/);
  assert.deepEqual(new Drafts('ana', 't1').unsent, message);
});

test('only the message itself settles what is kept', async () => {
  const drafts = new Drafts('ana', 't1');
  await drafts.keepWhile(message, () => Promise.resolve());
  drafts.settle('another');
  assert.deepEqual(drafts.unsent, message);
  drafts.settle('m1');
  assert.equal(drafts.unsent, null);
});

test('a broken store holds nothing', () => {
  kept.set('brainbytes:unsent:ana:t1', '{"thread":1');
  assert.equal(new Drafts('ana', 't1').unsent, null);
});
