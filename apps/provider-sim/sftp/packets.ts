// The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02), as far as OpenSSH's sftp-server speaks them.
import type { Stats } from 'node:fs';

export const REQUEST = {
  INIT: 1,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  EXTENDED: 200,
} as const;

const REPLY = { VERSION: 2, STATUS: 101, HANDLE: 102, DATA: 103, NAME: 104, ATTRS: 105 } as const;

export const STATUS = {
  OK: 0,
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  UNSUPPORTED: 8,
} as const;
export type StatusCode = (typeof STATUS)[keyof typeof STATUS];

export const OPEN_FLAG = { READ: 1, WRITE: 2, APPEND: 4, CREAT: 8, TRUNC: 16, EXCL: 32 } as const;

const MAX_PACKET = 256 * 1024;

/** Reads the members of one packet; throws on a packet that is cut short. */
export class PacketReader {
  #at = 0;
  constructor(private readonly bytes: Buffer) {}

  byte(): number {
    return this.bytes.readUInt8(this.#advance(1));
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.#advance(4));
  }

  /** An offset; files here are far below 2^53 bytes. */
  uint64(): number {
    return Number(this.bytes.readBigUInt64BE(this.#advance(8)));
  }

  string(): Buffer {
    const length = this.uint32();
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  text(): string {
    return this.string().toString('utf8');
  }

  #advance(by: number): number {
    const at = this.#at;
    if (at + by > this.bytes.length) throw new RangeError('the packet is cut short');
    this.#at += by;
    return at;
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function string(value: Buffer | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function packet(type: number, ...members: Buffer[]): Buffer {
  const body = Buffer.concat(members);
  return Buffer.concat([uint32(body.length + 1), Buffer.from([type]), body]);
}

export function versionPacket(extensions: Record<string, string>): Buffer {
  return packet(
    REPLY.VERSION,
    uint32(3),
    ...Object.entries(extensions).flatMap(([name, data]) => [string(name), string(data)]),
  );
}

export function statusPacket(id: number, code: StatusCode, message: string): Buffer {
  return packet(REPLY.STATUS, uint32(id), uint32(code), string(message), string('en'));
}

export function handlePacket(id: number, handle: number): Buffer {
  return packet(REPLY.HANDLE, uint32(id), string(uint32(handle)));
}

export function dataPacket(id: number, data: Buffer): Buffer {
  return packet(REPLY.DATA, uint32(id), string(data));
}

/** size, uid and gid, permissions, times. */
function attributes(stats: Stats): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(stats.size));
  const seconds = [stats.atimeMs, stats.mtimeMs].map((ms) => uint32(Math.floor(ms / 1000)));
  return Buffer.concat([uint32(0b1111), size, uint32(stats.uid), uint32(stats.gid), uint32(stats.mode), ...seconds]);
}

export function attributesPacket(id: number, stats: Stats): Buffer {
  return packet(REPLY.ATTRS, uint32(id), attributes(stats));
}

export interface Named {
  name: string;
  /** Absent in the answer to REALPATH, which has no attributes. */
  stats?: Stats;
}

function longName({ name, stats }: Named): string {
  if (stats === undefined) return name;
  const day = stats.mtime.toISOString().slice(0, 10);
  return `${stats.isDirectory() ? 'd' : '-'}rw-r----- 1 wah wah ${String(stats.size).padStart(12)} ${day} ${name}`;
}

export function namesPacket(id: number, names: Named[]): Buffer {
  return packet(
    REPLY.NAME,
    uint32(id),
    uint32(names.length),
    ...names.flatMap((one) => [
      string(one.name),
      string(longName(one)),
      one.stats === undefined ? uint32(0) : attributes(one.stats),
    ]),
  );
}

/** Cuts a stream of bytes into packets. Throws when one is larger than OpenSSH would take. */
export class PacketSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const packets: Buffer[] = [];
    while (bytes.length >= 4) {
      const length = bytes.readUInt32BE(0);
      if (length < 1 || length > MAX_PACKET) throw new RangeError(`a packet of ${length} bytes`);
      if (bytes.length < 4 + length) break;
      packets.push(bytes.subarray(4, 4 + length));
      bytes = bytes.subarray(4 + length);
    }
    this.#rest = bytes;
    return packets;
  }
}
