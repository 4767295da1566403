// What must be heard before anything newer of an entry may go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchState } from '#contracts';
import { awaited } from './awaited.js';

const OPEN: BatchState[] = ['sealed', 'handed', 'accepted'];
const OVER: BatchState[] = ['settled', 'closed', 'covered'];

test('a line is awaited until it is answered or its batch is over', () => {
  for (const state of OPEN) {
    assert.equal(awaited(7, { role: 'line', state, answered: false }), 7);
    assert.equal(awaited(7, { role: 'line', state, answered: true }), null);
  }
  for (const state of OVER) assert.equal(awaited(7, { role: 'line', state, answered: false }), null);
});

test('a line of a refused batch is awaited: a half will carry it', () => {
  assert.equal(awaited(7, { role: 'line', state: 'refused', answered: false }), 7);
});

test('what a full list says by absence is awaited until the list is over', () => {
  for (const state of OPEN) assert.equal(awaited(7, { role: 'absent', state }), 7);
  for (const state of OVER) assert.equal(awaited(7, { role: 'absent', state }), null);
});

test('an omitted change passes on what it waits for', () => {
  assert.equal(awaited(7, { role: 'omitted', waitsFor: 3 }), 3);
  assert.equal(awaited(7, { role: 'omitted', waitsFor: null }), null);
});

test('what a newer change speaks for is not awaited', () => {
  assert.equal(awaited(7, { role: 'collapsed' }), null);
});
