// The command line `saphan conformance`, run as a person runs it.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SAPHAN = fileURLToPath(new URL('../../apps/cli/main.js', import.meta.url));

export interface Ended {
  code: number;
  out: string;
  err: string;
}

/** With these arguments and nothing of this process's environment but the path. */
export function saphan(args: string[], env: Record<string, string | undefined>): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [SAPHAN, 'conformance', ...args],
      { env: { PATH: process.env['PATH'], LANG: 'en_US.UTF-8', ...env }, maxBuffer: 1e7 },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}
