// Files over SFTP with manifests, a receipt file and result files (CAT).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultKind, faultOf } from '../dial.js';
import { FileForm } from '../files/form.js';
import { Outbox } from '../files/outbox.js';
import { parseName } from '../files/names.js';
import { parseFile } from '../files/parse-file.js';
import type { Provider } from '../provider.js';
import { NIGHT_MS } from '../snapshot/file.js';
import { between } from '../random.js';
import { openSftpServer } from '../sftp/server.js';
import type { Interference, SessionHooks } from '../sftp/session.js';
import type { Style } from './style.js';

const BEFORE: Partial<Record<FaultKind, Interference>> = {
  error500Before: 'fail',
  tooMany: 'fail',
  unavailable: 'fail',
  html: 'fail',
  resetBefore: 'cut',
  hangBefore: 'hang',
};
const AFTER: Partial<Record<FaultKind, Interference>> = { error500After: 'fail', resetAfter: 'cut', hangAfter: 'hang' };

const MANIFEST = '.manifest.json';

/** Faults before are played when a batch file is opened, faults after when its manifest has got its name. */
function hooksOf(
  provider: Provider,
  outbox: Outbox,
  injected: Partial<Record<FaultKind, number>>,
): Omit<SessionHooks, 'cut'> {
  const play = (kinds: Partial<Record<FaultKind, Interference>>): Interference => {
    const fault = faultOf(provider.dial.faults, provider.random());
    const found = fault === 'none' ? undefined : kinds[fault];
    if (fault === 'none' || found === undefined) return 'none';
    injected[fault] = (injected[fault] ?? 0) + 1;
    provider.effects.count(`faults.${fault}`);
    return found;
  };
  const finished = (path: string): void => {
    if (posix.dirname(path) === '/outbound' && !path.endsWith('.part')) outbox.finished(posix.basename(path));
  };
  return {
    beforeWrite: async (path) => {
      const { min, max } = provider.dial.delayMs;
      if (max > 0) {
        await sleep(between(provider.random, min, max));
        provider.effects.count('delayMs.max');
        if (min > 0) provider.effects.count('delayMs.min');
      }
      return path.startsWith('/outbound/') && !path.includes(MANIFEST) ? play(BEFORE) : 'none';
    },
    afterRename: async (_from, to) => {
      finished(to);
      return to.startsWith('/outbound/') && to.endsWith(MANIFEST) ? play(AFTER) : 'none';
    },
    afterWrite: (path) => {
      if (!path.startsWith('/outbound/') || path.endsWith('.part')) return;
      provider.observer.violation('notRenamed', { batch: parseName(posix.basename(path, '.pgp'))?.batch });
      finished(path);
    },
    traversal: () => provider.observer.violation('pathTraversal'),
  };
}

export const sftpStyle: Style = {
  name: 'sftp',
  // As with TAP: files count in the order of their numbers, and one that comes too early is parked.
  dial: { applyOrder: 'inNumberOrder' },
  read: (provider, body, files) => parseFile(body, provider.code, undefined, files?.charset),
  async start({ provider, host, port, folder, sftpUser, sftpClientKeys, files, told }) {
    const root = join(folder, 'files');
    mkdirSync(root, { recursive: true, mode: 0o750 });
    const outbox = new Outbox(provider, root, told, new FileForm(files));
    const injected: Partial<Record<FaultKind, number>> = {};
    const server = await openSftpServer({
      host,
      port,
      user: sftpUser,
      clientKeys: sftpClientKeys,
      root,
      keyFolder: folder,
      hooks: hooksOf(provider, outbox, injected),
      atLogin: () => {
        if (provider.random() >= provider.dial.faults.unauthorized) return 'accept';
        injected.unauthorized = (injected.unauthorized ?? 0) + 1;
        provider.effects.count('faults.unauthorized');
        return 'refuse';
      },
    });
    outbox.scan();
    const nightly = setInterval(() => void outbox.writeList().catch(() => undefined), NIGHT_MS).unref();
    return {
      address: {
        sftp: {
          host: server.host,
          port: server.port,
          user: sftpUser,
          root: '/',
          hostKeyFingerprint: server.fingerprint,
          folder: root,
        },
      },
      figures: () => ({ faultsInjected: injected, files: { taken: outbox.taken, answersWritten: outbox.answers } }),
      wake: () => undefined,
      stop: async () => {
        clearInterval(nightly);
        outbox.stop();
        await server.close();
        await outbox.idle();
      },
    };
  },
};
