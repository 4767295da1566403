// The connection to one provider's SFTP server: guarded target, pinned host key, login by key; kept, and made again.
import { createHash } from 'node:crypto';
import net from 'node:net';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import type { SftpTransport } from '#contracts';
import { quoted } from '../wording.js';
import { SftpFailure, SftpSession } from './sftp-session.js';
import { TargetRefused, type TargetGuard } from './target-guard.js';

export interface SftpConnectionOptions {
  guard: TargetGuard;
  /** The private key of this moment (OpenSSH or PEM), undefined when the vault has none. */
  privateKey: () => string | undefined;
}

/** The fingerprint of a host key as `ssh-keygen -lf` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

export class SftpConnection {
  private current: Promise<SftpSession> | null = null;

  /** Throws an `Error` when the profile pins no host key: without one anybody could pose as the provider. */
  constructor(
    private readonly transport: SftpTransport,
    private readonly options: SftpConnectionOptions,
  ) {
    if (transport.hostKeys.length === 0) {
      throw new Error("transport.hostKeys is empty: pin the fingerprint of the server's host key (ssh-keygen -lf)");
    }
  }

  /** The open session, or a new one. Calls at the same moment share one connection. Throws `SftpFailure`. */
  async session(signal: AbortSignal): Promise<SftpSession> {
    const had = this.current;
    if (had) {
      const session = await had.catch(() => null);
      if (session?.open) return session;
      if (this.current === had) this.current = null;
    }
    this.current ??= this.connect(signal);
    const making = this.current;
    try {
      return await making;
    } catch (error) {
      if (this.current === making) this.current = null;
      throw error;
    }
  }

  async close(): Promise<void> {
    const had = this.current;
    this.current = null;
    (await had?.catch(() => null))?.close();
  }

  private async connect(signal: AbortSignal): Promise<SftpSession> {
    const { host, port, username, timeoutMs, hostKeys } = this.transport;
    const privateKey = this.options.privateKey();
    if (privateKey === undefined) throw new SftpFailure('login', 'the private key is not in the vault');
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error)
      throw new SftpFailure(
        'login',
        'the private key in the vault cannot be read; store it in OpenSSH form, without passphrase',
      );
    const socket = await this.socket(host, port, timeoutMs, signal);
    const client: Client = new ssh2.Client();
    let shown: string | null = null;
    try {
      await new Promise<void>((resolve, reject) => {
        client.once('ready', resolve).once('error', reject);
        client.once('close', () => reject(new Error('the server closed the connection')));
        client.connect({
          sock: socket,
          username,
          privateKey,
          authHandler: ['publickey'],
          readyTimeout: timeoutMs,
          // Notices a dead line within a minute, also while nothing is sent.
          keepaliveInterval: 15_000,
          keepaliveCountMax: 3,
          hostVerifier: (key: Buffer) => {
            shown = fingerprint(key);
            return hostKeys.includes(shown);
          },
        });
      });
      const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no SFTP within the limit')), timeoutMs);
        client.once('close', () => reject(new Error('the server closed the connection')));
        client.sftp((error, wrapper) => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve(wrapper);
        });
      });
      return new SftpSession(client, sftp, timeoutMs);
    } catch (error) {
      client.on('error', () => undefined);
      client.destroy();
      socket.destroy();
      throw connectFailure(error, shown !== null && !hostKeys.includes(shown) ? shown : null);
    }
  }

  private socket(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<net.Socket> {
    return new Promise((resolve, reject) => {
      try {
        this.options.guard.checkLiteral(host, 'any');
      } catch (error) {
        return reject(new SftpFailure('unreachable', (error as TargetRefused).message));
      }
      const socket = net.connect({ host, port, lookup: this.options.guard.lookup('any'), noDelay: true });
      const fail = (detail: string): void => {
        signal.removeEventListener('abort', onAbort);
        socket.destroy();
        reject(new SftpFailure('unreachable', detail));
      };
      const onAbort = (): void => fail('stopped by the hub itself');
      const onError = (error: NodeJS.ErrnoException): void =>
        fail(error instanceof TargetRefused ? error.message : quoted(error.code ?? error.message));
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('error', onError);
      socket.setTimeout(timeoutMs, () => fail(`no connection within ${timeoutMs} ms`));
      socket.once('connect', () => {
        signal.removeEventListener('abort', onAbort);
        socket.off('error', onError);
        socket.setTimeout(0);
        resolve(socket);
      });
    });
  }
}

function connectFailure(error: unknown, wrongKey: string | null): SftpFailure {
  if (error instanceof SftpFailure) return error;
  if (wrongKey !== null) {
    return new SftpFailure(
      'hostKey',
      `the server shows the host key ${wrongKey}, which is not pinned; ask the provider over a second channel before adding it to transport.hostKeys`,
    );
  }
  const { level, message } = error as { level?: string; message?: string };
  if (level === 'client-authentication')
    return new SftpFailure('login', 'the server does not accept the key for this account');
  return new SftpFailure('unreachable', quoted(message ?? 'unknown error'));
}
