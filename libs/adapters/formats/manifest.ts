// The manifest that follows every file: nobody reads a file before its manifest is there and agrees.
import { createHash } from 'node:crypto';
import { readObject, readSha256 } from './outcomes-json.js';
import { AnswerNotUsable, Complaints, isCount } from './reading.js';

export interface Manifest {
  name: string;
  size: number;
  sha256: string;
  batch: number;
  part: number;
  parts: number;
  /** Of a sealed file (PGP): hash of what is inside; the same content sealed twice has two values of `sha256`. */
  contentSha256?: string;
}

/** A manifest has a few hundred bytes; more is none. */
export const LONGEST_MANIFEST_BYTES = 8_192;

export function renderManifest(manifest: Manifest): Buffer {
  const { name, size, sha256, batch, part, parts, contentSha256 } = manifest;
  return Buffer.from(`${JSON.stringify({ name, size, sha256, batch, part, parts, contentSha256 })}\n`);
}

/** Reads a manifest; `part` and `parts` are 1 when absent. Throws `AnswerNotUsable`. */
export function readManifest(bytes: Buffer, name: string): Manifest {
  if (bytes.length > LONGEST_MANIFEST_BYTES) throw new AnswerNotUsable([`the manifest has ${bytes.length} bytes`]);
  const value = readObject(bytes);
  const complaints = new Complaints();
  if (value['name'] !== name) complaints.add('manifest: "name" is not the name of its file');
  const size = value['size'];
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    complaints.add('manifest: "size" is no number of bytes');
  const sha256 = readSha256(value['sha256'], complaints);
  if (sha256 === null) complaints.add('manifest: "sha256" is absent');
  const contentSha256 = value['contentSha256'] === undefined ? null : readSha256(value['contentSha256'], complaints);
  const { batch, part = 1, parts = 1 } = value;
  if (!isCount(batch)) complaints.add('manifest: "batch" is no number from 1');
  if (!isCount(part) || !isCount(parts) || part > parts) complaints.add('manifest: "part" of "parts" makes no sense');
  complaints.settle();
  const manifest = {
    name,
    size: size as number,
    sha256: sha256!,
    batch: batch as number,
    part: part as number,
    parts: parts as number,
  };
  return contentSha256 === null ? manifest : { ...manifest, contentSha256 };
}

/** What is wrong between a file and its manifest, or null. */
export function troubleWithFile(bytes: Buffer, manifest: Manifest): string | null {
  if (bytes.length !== manifest.size) return `the file has ${bytes.length} bytes, its manifest says ${manifest.size}`;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return sha256 === manifest.sha256 ? null : "the file's SHA-256 is not the one in its manifest";
}
