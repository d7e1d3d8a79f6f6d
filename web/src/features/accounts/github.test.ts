import assert from 'node:assert/strict';
import { test } from 'node:test';
import { githubProblem } from './github.ts';

test('a problem that the server names has its sentence, anything else none', () => {
  assert.equal(githubProblem('github-denied'), 'github.problem.denied');
  for (const slug of [null, '', 'github-', 'github-nonsense', 'denied', 'github-toString'])
    assert.equal(githubProblem(slug), null, String(slug));
});
