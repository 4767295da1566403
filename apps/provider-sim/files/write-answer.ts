// Writes the provider's answers into inbound/: temp name, rename, then the manifest the same way.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../book/book.js';
import type { Outcomes, OutcomeWord, ProviderCode } from '../words.js';
import { sequence } from './names.js';

const WORDS: Record<OutcomeWord, string> = {
  applied: 'APPLIED',
  already: 'ALREADY',
  rejected: 'REJECTED',
  retryLater: 'RETRY',
};

export function receiptText(
  kind: string,
  batch: number,
  verdict: 'ACCEPTED' | 'COPY',
  count: number,
  hash: string,
): string {
  return `A|${kind}|${sequence(batch)}|${verdict}|${count}|${hash}\n`;
}

export function refusalText(kind: string, batch: number, code: string, detail: string): string {
  return `A|${kind}|${sequence(batch)}|REJECTED|${code}|${detail.replace(/[|\p{Cc}]/gu, ' ')}\n`;
}

export function outcomesText(provider: ProviderCode, batch: number, outcomes: Outcomes, at: number): string {
  const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  const word = outcomes.default === undefined ? '' : WORDS[outcomes.default];
  let text = `H|WAH|1.0|RES|${provider}|ONDE|${sequence(batch)}|${time}|default=${word}|first=${outcomes.first}|last=${outcomes.last}\n`;
  for (const one of outcomes.except) {
    const wait = one.retryAfter === undefined ? '' : `|${one.retryAfter}`;
    text += `R|${one.n}|${one.ref}|${WORDS[one.outcome]}|${one.code ?? ''}|${time}${wait}\n`;
  }
  return `${text}T|${outcomes.except.length}|sha256=${sha256(text)}\n`;
}

/** Puts `bytes` under `name` into `folder` so that no reader sees half of it; the manifest comes last. */
export function writeWithManifest(
  folder: string,
  name: string,
  bytes: Buffer,
  about: { batch: number; part: number; parts: number },
): void {
  // A repeated answer keeps its name; without its old manifest no reader takes the new bytes for the old ones.
  rmSync(join(folder, `${name}.manifest.json`), { force: true });
  writeRenamed(folder, name, bytes);
  const manifest = { name, size: bytes.length, sha256: sha256(bytes), ...about };
  writeRenamed(folder, `${name}.manifest.json`, Buffer.from(JSON.stringify(manifest)));
}

function writeRenamed(folder: string, name: string, bytes: Buffer): void {
  const part = join(folder, `${name}.part`);
  writeFileSync(part, bytes, { mode: 0o640 });
  renameSync(part, join(folder, name));
}
