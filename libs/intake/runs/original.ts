// The original of an import: taken in piece by piece, encrypted, and given back as a private file for reading.
import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { query, type Vault } from '#platform';
import { RegistrationsFileError } from '../reading/index.js';
import type { RunMode, RunOptions, RunSource } from './run.js';

const PIECE_BYTES = 1024 * 1024;
export const MOST_BYTES = 4 * 1024 ** 3;

export interface Upload {
  mode: RunMode;
  agencyId: number | null;
  dryRun: boolean;
  options: RunOptions;
  actorId: number;
  /** `ndjson` when the sender said so; otherwise the first bytes tell CSV and XLSX apart. */
  ndjson: boolean;
}

/**
 * Stores a stream as a new run's original, in encrypted pieces of 1 MiB: memory stays flat whatever its size.
 * The run is `waiting` when this returns its id. A stream that breaks off leaves nothing.
 * @throws Problem 422 for an empty stream, 413 beyond 4 GiB
 */
export async function receiveOriginal(
  source: DataSource,
  vault: Vault,
  upload: Upload,
  bytes: AsyncIterable<Buffer | Uint8Array | string>,
  mostBytes = MOST_BYTES,
): Promise<number> {
  const hash = createHash('sha256');
  let runId: number | null = null;
  let size = 0;
  let piece = 0;
  try {
    for await (const block of pieces(bytes)) {
      size += block.length;
      if (size > mostBytes)
        throw new RegistrationsFileError('FILE_TOO_LARGE', `${Math.floor(mostBytes / 1024 ** 2)} MiB`);
      runId ??= await openRun(source, upload, block);
      hash.update(block);
      await query(source, 'INSERT INTO import_file (run_id, piece, ciphertext) VALUES ($1, $2, $3)', [
        runId,
        piece,
        vault.encrypt('originals', block),
      ]);
      piece += 1;
    }
    if (runId === null) throw new RegistrationsFileError('FILE_EMPTY');
    await query(source, `UPDATE import_run SET state = 'waiting', file_sha256 = $2, file_size = $3 WHERE run_id = $1`, [
      runId,
      hash.digest(),
      size,
    ]);
    return runId;
  } catch (error) {
    if (runId !== null) await query(source, 'DELETE FROM import_run WHERE run_id = $1', [runId]);
    throw error;
  }
}

async function* pieces(bytes: AsyncIterable<Buffer | Uint8Array | string>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    let rest = Buffer.from(chunk as Uint8Array);
    while (length + rest.length >= PIECE_BYTES) {
      const cut = PIECE_BYTES - length;
      yield Buffer.concat([...held, rest.subarray(0, cut)]);
      rest = rest.subarray(cut);
      held = [];
      length = 0;
    }
    if (rest.length > 0) held.push(rest);
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(held);
}

async function openRun(source: DataSource, upload: Upload, first: Buffer): Promise<number> {
  const kind: RunSource = upload.ndjson
    ? 'ndjson'
    : first.subarray(0, 4).equals(Buffer.from('PK\x03\x04', 'latin1'))
      ? 'xlsx'
      : 'csv';
  const [run] = await query<{ run_id: number }>(
    source,
    `INSERT INTO import_run (mode, source, agency_id, dry_run, state, understood, actor_id)
     VALUES ($1, $2, $3, $4, 'uploading', $5, $6) RETURNING run_id`,
    [upload.mode, kind, upload.agencyId, upload.dryRun, JSON.stringify({ options: upload.options }), upload.actorId],
  );
  return run!.run_id;
}

export interface PrivateFile {
  path: string;
  remove(): Promise<void>;
}

const FOLDER = 'saphan-import-';

/**
 * Decrypts a run's original into a file that only this user can read; `remove` it when done. Folders that a killed
 * process left are removed first.
 * @throws Problem 410 when the original was erased after its retention
 */
export async function privateFile(source: DataSource, vault: Vault, runId: number): Promise<PrivateFile> {
  await removeLeftFolders();
  const folder = await mkdtemp(path.join(os.tmpdir(), `${FOLDER}${process.pid}-`));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const name = path.join(folder, 'original');
    const file = await open(name, 'wx', 0o600);
    try {
      let piece = 0;
      for (;;) {
        const [row] = await query<{ ciphertext: Buffer }>(
          source,
          'SELECT ciphertext FROM import_file WHERE run_id = $1 AND piece = $2',
          [runId, piece],
        );
        if (!row) break;
        // Not `write`: on a disk that is nearly full that one ends early and says so only in its result.
        await file.appendFile(vault.decrypt('originals', row.ciphertext));
        piece += 1;
      }
      if (piece === 0) {
        throw new Problem(
          410,
          'original-erased',
          'The original is gone',
          'It was erased after its retention; the run and its counts remain.',
          {
            detailTh: 'ไฟล์ต้นฉบับถูกลบแล้วตามระยะเวลาจัดเก็บ',
          },
        );
      }
    } finally {
      await file.close();
    }
    return { path: name, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A killed process cannot tidy up; its id is in the folder's name. */
async function removeLeftFolders(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    const pid = Number(name.startsWith(FOLDER) ? name.slice(FOLDER.length).split('-')[0] : Number.NaN);
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    await rm(path.join(os.tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
