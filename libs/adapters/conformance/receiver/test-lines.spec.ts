import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ais } from '../../profiles/ais.js';
import { threeBb } from '../../profiles/3bb.js';
import { ConformanceRefused, isLoopback, linesFor, LinePool } from './test-lines.js';

const named = { ...ais, testLines: [{ access: 'MB' as const, line: '+66812345678' }] };

test('this very machine is loopback, and nothing else is', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '[::1]', 'localhost', 'LOCALHOST'])
    assert.ok(isLoopback(host), host);
  for (const host of ['10.0.0.1', '128.0.0.1', '::2', 'localhost.example', '127.0.0.1.example', '0.0.0.0', ''])
    assert.ok(!isLoopback(host), host);
});

test('a live profile is refused, wherever it leads', () => {
  for (const host of ['127.0.0.1', 'receiver.example'])
    assert.throws(() => LinePool.of({ ...named, environment: 'live' }, host), ConformanceRefused);
});

test('invented lines only for this machine, and only where circuits may be invented', () => {
  assert.equal(LinePool.of(ais, '127.0.0.1').kind, 'invented');
  assert.throws(() => LinePool.of(ais, 'receiver.example'), /testLines/);
  assert.throws(() => LinePool.of({ ...threeBb, circuitPattern: '^B\\d{4}$' }, '127.0.0.1'), /circuitPattern/);
});

test('however many are asked for, only named lines are sent, each position under its own ref', () => {
  const subjects = LinePool.of(named, 'receiver.example').many(500);
  assert.deepEqual([...new Set(subjects.map((one) => one.line))], ['+66812345678']);
  assert.equal(new Set(subjects.map((one) => one.ref)).size, 500);
});

test('a later number has newer seqs, and a removal neither package nor dates', () => {
  const subjects = LinePool.of(ais, '127.0.0.1').many(3);
  const [earlier, later] = [linesFor(subjects, 'ADD', 7), linesFor(subjects, 'REMOVE', 8)];
  assert.ok(earlier.at(-1)!.seq < later[0]!.seq);
  assert.ok(later.every((line) => line.package === null && line.from === null && line.to === null));
});
