// Turns a client's path into one below the root, or refuses it.
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, posix, sep } from 'node:path';

export class PathError extends Error {}

/** The client's view: absolute, normalised, `/` is the root. Throws PathError on a path that climbs out of it. */
export function clientPath(given: string): string {
  if (given.includes('\0')) throw new PathError('a path with a NUL');
  // Normalising an absolute path silently swallows `..` at the top, so the depth is counted before.
  let depth = 0;
  for (const step of given.split('/')) {
    if (step === '..') depth--;
    else if (step !== '' && step !== '.') depth++;
    if (depth < 0) throw new PathError('a path that leaves the root');
  }
  return posix.normalize(posix.join('/', given));
}

/** The file's place on disk. Throws PathError when it, or the folder it is in, is a link that leads out of `root`. */
export async function diskPath(root: string, given: string): Promise<string> {
  const path = join(root, clientPath(given));
  const top = await realpath(root);
  const inside = (real: string): boolean => real === top || real.startsWith(top + sep);
  const folder = await realpath(dirname(path)).catch(() => top);
  if (path !== root && !inside(folder) && path !== top) throw new PathError('a path that leaves the root');
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSymbolicLink()) throw new PathError('a link');
  return path;
}
