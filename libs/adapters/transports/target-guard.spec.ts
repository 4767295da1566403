import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { lookup as dnsLookup } from 'node:dns';
import { LOOPBACK_NETWORKS, makeTargetGuard, PRIVATE_NETWORKS, TargetRefused } from './target-guard.js';

const REFUSED = [
  '127.0.0.1',
  '127.9.9.9',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '198.18.0.1',
  '192.0.2.1',
  '::1',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'fd00::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:169.254.169.254',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:db8::1',
  '::127.0.0.1',
  'no address',
];
const PUBLIC = ['203.150.1.1', '8.8.8.8', '172.32.0.1', '2001:fb0::1', '2404:6800::1', '::ffff:8.8.8.8'];

describe('addresses', () => {
  test('that are not public are refused, in every spelling', () => {
    const guard = makeTargetGuard([]);
    for (const address of REFUSED) assert.equal(guard.judge(address), 'refused', address);
    for (const address of PUBLIC) assert.equal(guard.judge(address), 'public', address);
  });

  test('of named networks are allowed, and no others', () => {
    const guard = makeTargetGuard(LOOPBACK_NETWORKS);
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
      assert.equal(guard.judge(address), 'allowed', address);
    assert.equal(guard.judge('10.0.0.1'), 'refused');
    assert.equal(makeTargetGuard(PRIVATE_NETWORKS).judge('10.0.0.1'), 'allowed');
    assert.equal(makeTargetGuard(PRIVATE_NETWORKS).judge('169.254.169.254'), 'refused');
  });

  test('literal hosts are judged before connecting; plain http needs a named network', () => {
    const guard = makeTargetGuard(LOOPBACK_NETWORKS);
    guard.checkLiteral('127.0.0.1', 'allowed');
    guard.checkLiteral('[::1]', 'allowed');
    guard.checkLiteral('8.8.8.8', 'any');
    guard.checkLiteral('example.co.th', 'allowed');
    assert.throws(() => guard.checkLiteral('8.8.8.8', 'allowed'), /use https/);
    assert.throws(() => guard.checkLiteral('10.0.0.1', 'any'), TargetRefused);
  });

  test('a network that is none says how to write one', () => {
    for (const network of ['127.0.0.1', '127.0.0.1/33', 'localhost/8', ''])
      assert.throws(() => makeTargetGuard([network]), /write it like 127.0.0.0\/8/);
  });
});

describe('names', () => {
  const answering = (addresses: string[]): typeof dnsLookup =>
    ((_host: string, _options: object, callback: (error: null, found: object) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as unknown as typeof dnsLookup;
  const resolve = (addresses: string[], all: boolean): Promise<unknown> =>
    new Promise((done, fail) =>
      makeTargetGuard([], answering(addresses)).lookup('any')('rebinding.example', { all }, (error, found) =>
        error ? fail(error) : done(found),
      ),
    );

  test('only addresses that were judged good reach the socket', async () => {
    assert.deepEqual(await resolve(['127.0.0.1', '8.8.8.8', 'fd00::1'], true), [{ address: '8.8.8.8', family: 4 }]);
    assert.equal(await resolve(['10.0.0.1', '8.8.8.8'], false), '8.8.8.8');
    await assert.rejects(resolve(['127.0.0.1', '::1'], true), TargetRefused);
    await assert.rejects(resolve([], false), TargetRefused);
  });
});
