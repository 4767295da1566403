// The provider's folders (docs/providers/contract.md, "Files"), and writing into them so that nobody reads half a file.
import { posix } from 'node:path';
import { faultPoint } from '#platform';
import { LONGEST_MANIFEST_BYTES, readManifest, type Manifest } from '../formats/manifest.js';
import type { Charset } from '../formats/hdt.js';
import type { Sealing } from '../sealing/sealing.js';
import { manifestName } from '../formats/file-names.js';
import { AnswerNotUsable } from '../formats/reading.js';
import { SftpFailure, type SftpSession } from '../transports/sftp-session.js';

export interface Folders {
  outbound: string;
  inbound: string;
  /** Answers that were taken. */
  archive: string;
  /** Answers that cannot be used, each with a `.reason.txt`. */
  setAside: string;
}

/** How a provider's files look: their text, and how they are closed. */
export interface FileForm {
  charset: Charset;
  sealing: Sealing;
}

export function foldersBelow(root: string): Folders {
  const inbound = posix.join(root || '.', 'inbound');
  return {
    outbound: posix.join(root || '.', 'outbound'),
    inbound,
    archive: posix.join(inbound, 'archive'),
    setAside: posix.join(inbound, 'setaside'),
  };
}

/** Temp name in the same folder, fsync where offered, rename, read back the size. Throws `SftpFailure`. */
export async function writeWhole(session: SftpSession, path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.part`;
  await session.write(temporary, bytes);
  await faultPoint('files.written');
  await session.rename(temporary, path);
  await faultPoint('files.renamed');
  const size = await session.size(path);
  if (size !== bytes.length) {
    // Some servers report success for what they never stored.
    throw new SftpFailure('failed', `the server holds ${size ?? 'no'} bytes of ${bytes.length} that it said it wrote`);
  }
}

/** The manifest of a file, null when there is none or it cannot be read as one. */
export async function manifestOf(session: SftpSession, folder: string, name: string): Promise<Manifest | null> {
  const bytes = await session.read(posix.join(folder, manifestName(name)), LONGEST_MANIFEST_BYTES);
  if (bytes === null) return null;
  try {
    return readManifest(bytes, name);
  } catch (error) {
    if (error instanceof AnswerNotUsable) return null;
    throw error;
  }
}
