import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoute, safeNext } from './routes.ts';

test('every address of the page leads to its screen', () => {
  const places: [string, object][] = [
    ['/', { name: 'home' }],
    ['/sign-in', { name: 'sign-in' }],
    ['/sign-in/link', { name: 'link' }],
    ['/invitation', { name: 'invitation' }],
    ['/sign-in/github', { name: 'claim' }],
    ['/setup', { name: 'setup' }],
    ['/unsubscribe', { name: 'unsubscribe' }],
    ['/unsubscribe/x', { name: 'missing' }],
    ['/admin', { name: 'admin', part: 'people' }],
    ['/admin/log', { name: 'admin', part: 'log' }],
    ['/admin/nothing', { name: 'missing' }],
    ['/admin/log/x', { name: 'missing' }],
    ['/chat', { name: 'chat', threadId: null }],
    ['/chat/t1', { name: 'chat', threadId: 't1' }],
    ['/materials/', { name: 'materials' }],
    ['/materials/m1', { name: 'material', materialId: 'm1' }],
    ['/materials/m1/entries/e1', { name: 'entry', materialId: 'm1', entryId: 'e1' }],
    ['/materials/m1/files/f1', { name: 'file', materialId: 'm1', fileId: 'f1' }],
    ['/shared', { name: 'shared' }],
    ['/shared/open', { name: 'shared-open' }],
    ['/shared/m1', { name: 'shared-material', materialId: 'm1' }],
    ['/shared/m1/entries/e1', { name: 'shared-entry', materialId: 'm1', entryId: 'e1' }],
    ['/shared/m1/files/f1', { name: 'shared-file', materialId: 'm1', fileId: 'f1' }],
    ['/shared/m1/other/x', { name: 'missing' }],
    ['/search', { name: 'search' }],
    ['/settings', { name: 'settings' }],
    ['/materials/m1/other/x', { name: 'missing' }],
    ['/settings/data', { name: 'data' }],
    ['/settings/deep', { name: 'missing' }],
    ['/chat/t1/x', { name: 'missing' }],
  ];
  for (const [path, route] of places) assert.deepEqual(parseRoute(path), route, path);
});

test('after sign-in nobody is sent away from this page', () => {
  assert.equal(safeNext('/materials/m1?start=1'), '/materials/m1?start=1');
  for (const bad of [
    null,
    '',
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/sign-in',
    '/sign-in/github',
    '/a\\b',
    '/a\n',
  ])
    assert.equal(safeNext(bad), '/chat', String(bad));
});
