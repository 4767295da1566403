// Fault points: the table and the code have the same names, and nothing is killed where real providers may be reached.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readFault } from './fault.js';
import { FAULT_POINTS } from './fault-points.js';

/** Names in calls; a name with `${…}` in it stands for those that fit. */
function namesInCode(): Set<string> {
  const names = new Set<string>();
  for (const file of globSync('{apps,libs}/**/*.ts')) {
    for (const [, quote, name = ''] of readFileSync(file, 'utf8').matchAll(/faultPoint\((['`])([^'`]+)\1\)/g)) {
      const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll(/\$\{\w+\}/g, '\\w+')}$`);
      const fitting = Object.keys(FAULT_POINTS).filter((point) => pattern.test(point));
      if (quote === "'" || fitting.length === 0) names.add(name);
      // Of `handOver.${step}` only what is not called by its whole name as well.
      else for (const point of fitting) names.add(point);
    }
  }
  return names;
}

const TEST = { SAPHAN_ALLOW_PRIVATE_TARGETS: 'yes' };

describe('fault points', () => {
  test('the table and the code have exactly the same names', () => {
    assert.deepEqual([...namesInCode()].sort(), Object.keys(FAULT_POINTS).sort());
  });

  test('each name says its station and its step, each line the two steps that it lies between', () => {
    for (const [name, between] of Object.entries(FAULT_POINTS)) {
      assert.match(name, /^[a-z][A-Za-z]+\.[a-z][A-Za-z]+$/);
      assert.match(between, /; .+/, name);
    }
  });

  test('a point, its passing and how it fails are read from the environment', () => {
    assert.equal(readFault({}), null);
    assert.deepEqual(readFault({ ...TEST, SAPHAN_FAULT: 'dispatch.sealed' }), {
      point: 'dispatch.sealed',
      passing: 1,
      way: 'kill',
    });
    assert.deepEqual(readFault({ ...TEST, SAPHAN_FAULT: 'dispatch.sealed:3:hang' }), {
      point: 'dispatch.sealed',
      passing: 3,
      way: 'hang',
    });
  });

  for (const text of ['dispatch.nowhere', 'dispatch.sealed:0', 'dispatch.sealed:1:melt', 'toString']) {
    test(`${text} is refused with what may be written`, () => {
      assert.throws(() => readFault({ ...TEST, SAPHAN_FAULT: text }), /one of import\.received, .*files\.written/);
    });
  }

  for (const [what, env] of Object.entries({
    'in production': { ...TEST, NODE_ENV: 'production' },
    'where real providers may be reached': { SAPHAN_ALLOW_PRIVATE_TARGETS: 'no' },
  })) {
    test(`refused ${what}`, () => {
      assert.throws(() => readFault({ ...env, SAPHAN_FAULT: 'dispatch.sealed' }), /for tests on loopback only/);
    });
  }
});
