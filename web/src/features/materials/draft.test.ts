import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDraft, same, signOf } from './draft.ts';

test('the sign of a wording changes with every part of it', () => {
  const base = { title: 'Cells', content: 'A cell lives.' };
  assert.equal(signOf(base), signOf({ ...base }));
  assert.notEqual(signOf(base), signOf({ ...base, title: 'Cell' }));
  assert.notEqual(signOf(base), signOf({ ...base, content: 'A cell dies..' }));
  assert.ok(same(base, { ...base }));
  assert.ok(!same(base, { ...base, content: '' }));
});

test('a draft is read back; anything else is none', () => {
  const draft = { title: 'a', content: '', base: ['1-f'] };
  assert.deepEqual(readDraft(JSON.stringify(draft)), draft);
  assert.deepEqual(readDraft('{"title":"a","content":"b"}'), {
    title: 'a',
    content: 'b',
    base: [],
  });
  for (const text of [null, '', 'nonsense', '{}', '{"title":1,"content":"x"}', '[]'])
    assert.equal(readDraft(text), null);
});
