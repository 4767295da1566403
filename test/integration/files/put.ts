// Puts an answer file into inbound/ with its manifest, as a provider would.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** @param manifest what of the manifest is not as it should be */
export function put(
  folder: string,
  name: string,
  content: Buffer | string,
  batch: number,
  manifest: Record<string, unknown> = {},
): void {
  const bytes = Buffer.from(content as string);
  writeFileSync(join(folder, name), bytes);
  const about = { name, size: bytes.length, sha256: sha256(bytes), batch, ...manifest };
  writeFileSync(join(folder, `${name}.manifest.json`), JSON.stringify(about));
}

/** A file of outcomes as text. */
export function results(
  code: string,
  number: string,
  header = 'default=APPLIED|first=1|last=9',
  rows: string[] = [],
  time = new Date().toISOString(),
): string {
  const body = `H|WAH|1.0|RES|${code}|ONDE|${number}|${time}|${header}\n${rows.map((row) => `${row}\n`).join('')}`;
  return `${body}T|${rows.length}|sha256=${sha256(body)}\n`;
}
