// Which lines a test of a provider may send: those that it named itself, and invented ones on this very machine.
import { randomUUID } from 'node:crypto';
import { BlockList } from 'node:net';
import type { Access, BatchLine, ProviderProfile, TestLine } from '#contracts';
import { testLines as inventedLines } from '../batches.js';
import type { Words } from './faults.js';

/** The tool will not start; the words say what to do. */
export class ConformanceRefused extends Error {
  constructor(readonly words: Words) {
    super(words.en);
    this.name = 'ConformanceRefused';
  }
}

/** One line that may be sent, under one ref for the whole run. */
export interface Subject {
  ref: string;
  access: Access;
  line: string;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for an address of this machine itself; names other than `localhost` are not looked up, and are not. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || loopback.check(bare, bare.includes(':') ? 'ipv6' : 'ipv4');
}

/** Invented lines when nothing was named; enough that no case has to use one twice, but the large one. */
const INVENTED = 12;

export class LinePool {
  private constructor(
    readonly subjects: readonly Subject[],
    readonly kind: 'named' | 'invented',
  ) {}

  /**
   * Throws `ConformanceRefused` for a profile that is not marked test, and when the target is another machine and the
   * provider named no test lines.
   */
  static of(profile: ProviderProfile, host: string): LinePool {
    if (profile.environment !== 'test') {
      throw new ConformanceRefused({
        th: `โปรไฟล์ของ ${profile.code} ไม่ได้ระบุ environment เป็น "test" เครื่องมือนี้ไม่ส่งไปยังระบบจริง`,
        en: `The profile of ${profile.code} is not marked environment "test"; this tool never sends to a live system.`,
      });
    }
    const named = profile.testLines ?? [];
    if (named.length > 0) return new LinePool(named.map(subjectOf), 'named');
    if (!isLoopback(host)) {
      throw new ConformanceRefused({
        th: `โปรไฟล์ของ ${profile.code} ไม่มี testLines และปลายทางไม่ใช่เครื่องนี้ ให้ผู้ให้บริการระบุหมายเลขทดสอบอย่างน้อยหนึ่งหมายเลข (สองจะครบทุกกรณี)`,
        en: `The profile of ${profile.code} has no testLines and the target is another machine; have the provider name at least one test line (two for all cases).`,
      });
    }
    const access: Access = profile.accesses.includes('MB') ? 'MB' : 'FB';
    const lines = inventedLines(INVENTED, 1, access).map(({ line }) => ({ access, line }));
    if (access === 'FB' && !lines.every(({ line }) => new RegExp(profile.circuitPattern ?? '', 'u').test(line))) {
      throw new ConformanceRefused({
        th: 'เลขวงจรทดสอบที่สร้างขึ้นไม่ตรงกับ circuitPattern ให้ระบุ testLines ในโปรไฟล์',
        en: 'Invented circuit numbers do not fit circuitPattern; name testLines in the profile.',
      });
    }
    return new LinePool(lines.map(subjectOf), 'invented');
  }

  /** As many subjects as asked for, from `from` on; beyond the pool the same lines come again under refs of their own. */
  many(count: number, from = 0): Subject[] {
    const usable = this.subjects.length > from ? this.subjects.slice(from) : this.subjects;
    return Array.from({ length: count }, (_, i) => {
      const subject = usable[i % usable.length]!;
      return i < usable.length ? subject : { ...subject, ref: randomUUID() };
    });
  }
}

function subjectOf({ access, line }: TestLine): Subject {
  return { ref: randomUUID(), access, line };
}

/** Seqs of a batch begin here, so that a later number always has newer seqs. */
export function seqBase(number: number): number {
  return number * 1_000_000;
}

/** The subjects as positions `first` and on of batch `number`. */
export function linesFor(
  subjects: readonly Subject[],
  op: BatchLine['op'],
  number: number,
  { to = null }: { to?: string | null } = {},
): BatchLine[] {
  return subjects.map(({ ref, access, line }, i) => ({
    n: i + 1,
    op,
    ref,
    seq: seqBase(number) + i + 1,
    access,
    line,
    package: op === 'ADD' ? `WAH-${access}` : null,
    from: op === 'ADD' ? '2020-03-19' : null,
    to: op === 'ADD' ? to : null,
  }));
}
