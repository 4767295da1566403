// The examples of docs/providers/contract.md about files.
import assert from 'node:assert/strict';
import { hdt } from '../../../libs/adapters/formats/hdt.js';
import { readOutcomesFile, readReceiptFile } from '../../../libs/adapters/formats/hdt-answers.js';
import { readManifest } from '../../../libs/adapters/formats/manifest.js';
import { shownLines, whole } from '../file-examples.js';
import type { Examples } from '../webhook-examples.js';

const CAT = { provider: 'CAT', number: 42, charset: 'utf-8' } as const;
const word = (text: string): string => readReceiptFile(Buffer.from(whole(text)), CAT).word;

export const EXAMPLES: Examples = {
  'contract-file'(text) {
    const rendered = hdt.render(
      {
        provider: 'CAT',
        number: 42,
        kind: 'delta',
        fromSeq: 40_001,
        toSeq: 40_003,
        part: 1,
        parts: 1,
        count: 3,
        sealedAt: new Date('2020-03-18T17:05:10Z'),
      },
      shownLines(false),
    );
    assert.equal(whole(text), rendered.toString());
  },
  'contract-file-manifest': (text) => {
    const { name } = JSON.parse(text) as { name: string };
    assert.equal(readManifest(Buffer.from(text), name).batch, 42);
  },
  'contract-file-ack': (text) => assert.equal(word(text), 'accepted'),
  'contract-file-ack-copy': (text) => assert.equal(word(text), 'copy'),
  'contract-file-ack-rejected': (text) => assert.equal(word(text), 'rejected'),
  'contract-file-res': (text) => assert.equal(readOutcomesFile(Buffer.from(whole(text)), CAT).except.length, 1),
};
