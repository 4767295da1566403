// The file adapter against OpenSSH's own server: the conformance suite, the pinned host key, and files of all kinds.
import { after, afterEach, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { conformanceFor } from '../../../libs/adapters/conformance/suite.js';
import { each, seal, testLines } from '../../../libs/adapters/conformance/batches.js';
import { HAS_SSHD, OPENSSH_TEMPERS, opensshCounterpart, SSHD, type OpenSsh } from './openssh.js';

const calm = new AbortController().signal;

describe(
  'CAT conforms on OpenSSH',
  { skip: HAS_SSHD ? false : `${SSHD} is not here; apt-get install openssh-server` },
  () => {
    let other: OpenSsh;
    before(async () => {
      other = await opensshCounterpart();
    });
    afterEach(() => other.turn('good'));
    after(() => other.stop());

    for (const one of conformanceFor(OPENSSH_TEMPERS)) test(one.name, () => one.run(other));

    test('a host key that is not pinned is refused before anything is sent, and shown', async () => {
      const adapter = other.mistrustful();
      const made = seal(adapter, other.nextNumber(), testLines(2, 900, 'MB'));
      const result = await adapter.handOver(made.batch, each(made.parts), calm);
      await adapter.close();
      assert.equal(result.result, 'forbidden');
      assert.match((result as { detail: string }).detail, /SHA256:[A-Za-z0-9+/]{43}, which is not pinned/);
      assert.equal(await other.holds(made.batch.number), null);
    });

    test('nothing temporary is left, and what was answered lies in the archive', async () => {
      const left = readdirSync(join(other.root, 'outbound')).concat(readdirSync(join(other.root, 'inbound')));
      assert.deepEqual(
        left.filter((name) => name.endsWith('.part')),
        [],
      );
      assert.ok(readdirSync(join(other.root, 'inbound', 'archive')).length > 0);
      assert.deepEqual(readdirSync(join(other.root, 'inbound', 'setaside')), []);
    });
  },
);
