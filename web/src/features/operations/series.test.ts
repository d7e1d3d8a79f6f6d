import assert from 'node:assert/strict';
import { test } from 'node:test';
import { align, highest, latest, type MetricHistory } from './series.ts';

const history = (kind: MetricHistory['kind'], values: Record<number, number>): MetricHistory => ({
  kind,
  period: 60,
  start: '2026-01-31T10:00:00Z',
  end: '2026-01-31T10:04:00Z',
  points: Object.entries(values).map(([minute, value]) => ({
    at: `2026-01-31T10:0${minute}:00Z`,
    value,
  })),
});

test('lines stand over one axis; what is not known stays open', () => {
  const { times, end, values } = align([history('gauge', { 0: 5, 2: 7 }), history('', {})], false);
  assert.deepEqual(
    times.map((time) => time - times[0]!),
    [0, 60, 120, 180],
  );
  assert.equal(end - times[0]!, 240);
  assert.deepEqual(values, [
    [5, null, 7, null],
    [null, null, null, null],
  ]);
});

test('a counter that does not move is nought, but not before it was first seen', () => {
  const { values } = align([history('counter', { 1: 120, 3: 60 })], false);
  assert.deepEqual(values, [[null, 120, 0, 60]]);
});

test('sums are told by the minute', () => {
  const hourly = { ...history('counter', { 0: 120 }), period: 120 };
  assert.deepEqual(align([hourly], true).values, [[60, 0]]);
});

test('points outside the time asked for are left out', () => {
  const odd = { ...history('gauge', {}), points: [{ at: '2026-01-31T09:00:00Z', value: 1 }] };
  assert.deepEqual(align([odd], false).values, [[null, null, null, null]]);
  assert.deepEqual(align([], false), { times: [], end: 0, values: [] });
});

test('the latest and the highest known value', () => {
  assert.equal(latest([1, 3, null]), 3);
  assert.equal(highest([1, 3, null, 2]), 3);
  assert.equal(latest([null]), null);
  assert.equal(highest([]), null);
});
