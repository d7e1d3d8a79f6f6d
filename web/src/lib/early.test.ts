import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askEarly, forgetEarly, takeEarly } from './early.ts';

test('an early answer is handed out once', async () => {
  askEarly('/a', async () => new Response('one'));
  assert.equal(await takeEarly('/b'), undefined);
  assert.equal(await (await takeEarly('/a'))?.text(), 'one');
  assert.equal(await takeEarly('/a'), undefined);
});

test('a failure and a refusal are handed to nobody', async () => {
  askEarly('/a', () => Promise.reject(new Error('offline')));
  askEarly('/b', async () => new Response('', { status: 404 }));
  await new Promise((done) => setTimeout(done));
  assert.equal(await takeEarly('/a'), undefined);
  assert.equal(await takeEarly('/b'), undefined);
});

test('what was forgotten is handed to nobody', async () => {
  askEarly('/a', async () => new Response('one'));
  forgetEarly();
  assert.equal(await takeEarly('/a'), undefined);
});
