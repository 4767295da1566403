// Writes the whole list as an SNP file into inbound/: when a request file asks, and every night by itself.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FileForm } from '../files/form.js';
import { type FileName, parseName, sequence } from '../files/names.js';
import { writeWithManifest } from '../files/write-answer.js';
import type { Provider } from '../provider.js';
import { headOf, heldLines, withTrailer } from './content.js';

export const NIGHT_MS = 24 * 3_600_000;

/** The next number of its lists: after the highest that was ever put there, wherever it lies now. */
function nextNumber(inbound: string): number {
  let highest = 0;
  for (const folder of [inbound, join(inbound, 'archive'), join(inbound, 'setaside')]) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const parsed = parseName(name.replace(/\.(?:pgp|manifest\.json)/g, ''));
      if (parsed?.kind === 'SNP' && parsed.batch > highest) highest = parsed.batch;
    }
  }
  return highest + 1;
}

function* linesOf(provider: Provider, number: number, asked: FileName | null): Generator<string> {
  const { batch, seq, count, takenAt } = headOf(provider);
  const time = takenAt.replace(/\.\d+Z$/, 'Z');
  const request = asked === null ? '' : `|request=${asked.batch}`;
  yield `H|WAH|1.0|SNP|${provider.code}|ONDE|${sequence(number)}|${time}|batch=${batch}|seq=${seq}|count=${count}${request}`;
  let n = 0;
  for (const { ref, access, line, package: name, from, to } of heldLines(provider)) {
    n += 1;
    yield `D|${n}|${ref}|${access}|${line}|${name}|${from}|${to ?? ''}`;
  }
}

/** @param asked the request that it answers; null: it comes by itself */
export async function writeList(
  provider: Provider,
  inbound: string,
  form: FileForm,
  asked: FileName | null,
): Promise<void> {
  const number = nextNumber(inbound);
  const day = new Date(provider.now() + 7 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
  const prefix = asked?.prefix ?? 'TWAH';
  const name = `${prefix}_SNP_${provider.code}_ONDE_${day}_${sequence(number)}.csv`;
  const { count } = provider.applier.book;
  const pieces = withTrailer(
    linesOf(provider, number, asked),
    (sha256) => `T|${count}|sha256=${sha256}`,
    (text) => form.encode(text),
  );
  const bytes = Buffer.concat([...(provider.spoilList ? provider.spoilList(pieces) : pieces)]);
  writeWithManifest(inbound, name + form.suffix, await form.close(name, bytes), { batch: number, part: 1, parts: 1 });
}
