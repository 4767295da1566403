// An SSH server with nothing but SFTP: public-key log-in of the given keys, one root folder, a host key that stays.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2, { type AuthContext, type ParsedKey } from 'ssh2';
import { type SessionHooks, SftpSession } from './session.js';

const { Server, utils } = ssh2;

export interface SftpServerOptions {
  host: string;
  port: number;
  user: string;
  /** OpenSSH public keys, one a text, that may log in. */
  clientKeys: string[];
  /** Folder the client sees as `/`. */
  root: string;
  /** Folder in which the host key is kept. */
  keyFolder: string;
  hooks: Omit<SessionHooks, 'cut'>;
  /** Asked at each log-in; `refuse` plays wrong credentials. */
  atLogin: () => 'accept' | 'refuse';
}

export interface SftpServer {
  host: string;
  port: number;
  /** `SHA256:…` as OpenSSH prints it. */
  fingerprint: string;
  close: () => Promise<void>;
}

/** The host key of `folder`, made at the first call. */
function hostKey(folder: string): string {
  const file = join(folder, 'host_key');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // About one in 200 keys that ssh2 makes cannot be read again (mscdex/ssh2#1513).
  let key: string;
  do key = utils.generateKeyPairSync('ed25519').private;
  while (utils.parseKey(key) instanceof Error);
  writeFileSync(file, key, { mode: 0o600 });
  return key;
}

function parsed(key: string): ParsedKey {
  const result = utils.parseKey(key);
  if (result instanceof Error) throw new Error(`an SSH key cannot be read: ${result.message}`);
  return result;
}

function fingerprintOf(key: ParsedKey): string {
  return `SHA256:${createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '')}`;
}

function mayLogIn(context: AuthContext, user: string, keys: ParsedKey[]): boolean {
  if (context.method !== 'publickey' || context.username !== user) return false;
  const key = keys.find((one) => one.type === context.key.algo && one.getPublicSSH().equals(context.key.data));
  if (key === undefined) return false;
  // Without a signature the client only asks whether this key would do.
  if (context.signature === undefined || context.blob === undefined) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo);
}

export async function openSftpServer(options: SftpServerOptions): Promise<SftpServer> {
  const key = hostKey(options.keyFolder);
  const keys = options.clientKeys.map(parsed);
  const sockets = new Map<number, Socket>();
  const ssh = new Server({ hostKeys: [key] }, (connection, info) => {
    connection.on('error', () => connection.end());
    connection.on('authentication', (context) => {
      if (mayLogIn(context, options.user, keys) && options.atLogin() === 'accept') context.accept();
      else context.reject(['publickey']);
    });
    connection.on('session', (accept) => {
      // Without an 'sftp' listener ssh2 hands the bare channel over; its own SFTP server cannot offer extensions.
      accept().on('subsystem', (acceptChannel, reject, asked) => {
        if (asked.name !== 'sftp') return reject();
        SftpSession.serve(acceptChannel(), options.root, {
          ...options.hooks,
          cut: () => sockets.get(info.port)?.resetAndDestroy(),
        });
      });
    });
  });
  // The sockets are ours, so that a line can be cut as a broken network does, without SSH's good-bye.
  const server = createServer((socket) => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.on('close', () => sockets.delete(port));
    socket.setNoDelay(true);
    ssh.injectSocket(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`port ${options.port} on ${options.host} is taken; choose another --base-port`) : error);
    });
    server.listen(options.port, options.host, () => resolve());
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    fingerprint: fingerprintOf(parsed(key)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
}
