// The hub as the conformance tool plays it towards a provider that is given files: cases and their run.
import { KeyNotUsable, type BatchLine, type SftpTransport } from '#contracts';
import { SftpFailure } from '../../transports/sftp-session.js';
import { LOOPBACK_NETWORKS, PRIVATE_NETWORKS } from '../../transports/target-guard.js';
import { sealRendered, type TestBatch } from '../batches.js';
import { FIRST_TEST_NUMBER, LEFT_OUT, NEEDS_TWO_LINES, NOT_TRIED, type ConformanceOptions } from './case.js';
import type { Fault, Words } from './faults.js';
import { FileDesk } from './file-desk.js';
import { judgeOutcomes } from './judge-outcomes.js';
import { Findings, type ConformanceReport } from './report.js';
import { linesFor, type LinePool, type Subject } from './test-lines.js';

interface FileCase {
  name: string;
  about: Words;
  cannot?(table: FileTable): Words | null;
  run(table: FileTable): Promise<void>;
}

/** What the cases share. */
class FileTable {
  readonly figures = { batches: 0, lines: 0, largestBytes: 0, slowestMs: 0 };

  constructor(
    readonly provider: string,
    readonly maxLines: number,
    readonly pool: LinePool,
    readonly findings: Findings,
    readonly desk: FileDesk,
    private next: number,
  ) {}

  seal(subjects: readonly Subject[], op: 'ADD' | 'REMOVE', number = this.next++, full = 0): TestBatch {
    return this.sealLines(linesFor(subjects, op, number), number, full);
  }

  sealLines(lines: BatchLine[], number = this.next++, full = 0): TestBatch {
    const { format } = this.desk;
    const kind = full > 0 ? 'full' : 'delta';
    return sealRendered(this.provider, (header, some) => format.render(header, some), number, lines, kind, full || 1);
  }

  few(count = 2): Subject[] {
    return this.pool.subjects.slice(0, count);
  }

  nextNumber(): number {
    return this.next++;
  }

  async write(made: TestBatch, part = 1, bytes?: Buffer, by?: 'stranger'): Promise<void> {
    const sealed = made.parts[part - 1]!;
    this.figures.batches++;
    this.figures.lines += sealed.last - sealed.first + 1;
    this.figures.largestBytes = Math.max(this.figures.largestBytes, sealed.bytes.length);
    await this.desk.write(made, part, bytes, by);
  }

  /** Waits for `count` receipts of a number; null when they do not come. */
  async receipt(made: TestBatch, count = 1): Promise<ReturnType<FileDesk['of']>['receipts'][number] | null> {
    const { number } = made.batch;
    const began = Date.now();
    const unusable = (): boolean => this.findings.currentHas('answerFileUnusable');
    await this.desk.until(() => this.desk.of(number).receipts.length >= count || unusable());
    this.figures.slowestMs = Math.max(this.figures.slowestMs, Date.now() - began);
    const receipt = this.desk.of(number).receipts[count - 1];
    if (!receipt && !unusable()) this.findings.fault('receiptMissing', 'no ACK came');
    return receipt ?? null;
  }

  /** Writes a batch that is right, and expects receipts with the hash of each part and an outcome for every line. */
  async expectTaken(made: TestBatch, fault: Fault, before = 0): Promise<Map<number, string> | null> {
    for (const part of made.parts) await this.write(made, part.part);
    for (const part of made.parts) {
      const receipt = await this.receipt(made, before + part.part);
      if (!receipt) return null;
      if (receipt.word === 'rejected') {
        this.findings.fault(fault, `${receipt.code}: ${receipt.detail}`);
        return null;
      }
      if (receipt.word === 'copy') {
        this.findings.fault('refusedRemembered', 'COPY where ACCEPTED was expected');
        return null;
      }
      const hashes = made.parts.map((one) => one.sha256);
      if (!hashes.includes(receipt.sha256)) this.findings.fault('hashWrong', 'the receipt has another SHA-256');
    }
    return this.outcomes(made);
  }

  private async outcomes(made: TestBatch): Promise<Map<number, string>> {
    const judge = (): ReturnType<typeof judgeOutcomes> =>
      judgeOutcomes(made.lines, this.desk.of(made.batch.number).outcomes);
    await this.desk.until(() => judge().missing === 0 || judge().faults.length > 0);
    const judged = judge();
    for (const { fault, seen } of judged.faults) this.findings.fault(fault, seen);
    if (judged.missing > 0 && judged.faults.length === 0 && !this.findings.currentHas('answerFileUnusable'))
      this.findings.fault(
        'outcomesIncomplete',
        `${judged.missing} of ${made.lines.length} positions without an outcome`,
      );
    return judged.words;
  }
}

const good: FileCase = {
  name: 'good',
  about: { th: 'ไฟล์ที่ถูกต้อง', en: 'a file that is right gets its receipt and an outcome for every line' },
  async run(table) {
    const words = await table.expectTaken(table.seal(table.few(), 'ADD'), 'goodRefused');
    const rejected = [...(words?.values() ?? [])].includes('rejected');
    if (rejected && table.pool.kind === 'named') table.findings.fault('testLineRejected', 'a named line was rejected');
  },
};

const repeated: FileCase = {
  name: 'repeated',
  about: { th: 'ไฟล์เดิมอีกครั้ง', en: 'the same file again is a copy, and applied once' },
  async run(table) {
    const made = table.seal(table.few(), 'ADD');
    if (!(await table.expectTaken(made, 'goodRefused'))) return;
    await table.write(made);
    const receipt = await table.receipt(made, 2);
    if (receipt?.word === 'accepted') table.findings.fault('repeatedTakenAgain', 'ACCEPTED a second time');
    else if (receipt?.word === 'rejected') table.findings.fault('copyNotSaid', `REJECTED: ${receipt.detail}`);
    else if (receipt && receipt.sha256 !== made.batch.sha256)
      table.findings.fault('hashWrong', 'COPY with another SHA-256');
  },
};

const otherContent: FileCase = {
  name: 'other content',
  about: { th: 'หมายเลขเดิม เนื้อหาอื่น', en: 'a known number with other content is refused' },
  async run(table) {
    const made = table.seal(table.few(), 'ADD');
    if (!(await table.expectTaken(made, 'goodRefused'))) return;
    await table.write(table.seal(table.few(1), 'REMOVE', made.batch.number));
    const receipt = await table.receipt(made, 2);
    if (receipt && receipt.word !== 'rejected' && receipt.sha256 !== made.batch.sha256)
      table.findings.fault('otherBytesTaken', `${receipt.word} with the hash of the new content`);
  },
};

const reordered: FileCase = {
  name: 'reordered',
  about: { th: 'สองไฟล์สลับลำดับ', en: 'two files that appear in the wrong order are both answered' },
  cannot: (table) => (table.pool.subjects.length > 1 ? null : NEEDS_TWO_LINES),
  async run(table) {
    const [one, two] = table.few();
    const early = table.seal([one!], 'ADD');
    const late = table.seal([two!], 'ADD');
    await table.write(late);
    await table.expectTaken(early, 'orderRefused');
    const receipt = await table.receipt(late);
    if (receipt?.word === 'rejected') table.findings.fault('orderRefused', receipt.detail);
  },
};

const malformed: FileCase = {
  name: 'malformed',
  about: {
    th: 'จำนวนท้ายไฟล์ไม่ตรง และไฟล์ขาดตอน',
    en: 'a trailer that does not fit, a file cut off: refused, and the number stays free',
  },
  async run(table) {
    for (const spoil of [
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace(/T\|(\d+)/, 'T|9'), 'latin1'),
      (bytes: Buffer) => bytes.subarray(0, bytes.lastIndexOf('\nT|') + 1),
    ]) {
      const made = table.seal(table.few(), 'ADD');
      await table.write(made, 1, spoil(made.parts[0]!.bytes));
      const receipt = await table.receipt(made);
      if (!receipt) return;
      if (receipt.word !== 'rejected') return table.findings.fault('malformedTaken', `${receipt.word} was the receipt`);
      await table.expectTaken(made, 'goodRefused', 1);
    }
  },
};

const charset: FileCase = {
  name: 'charset',
  about: { th: 'ชื่อแพ็กเกจภาษาไทยในชุดอักขระที่ตกลงไว้', en: 'a package with a Thai name, in the charset agreed' },
  async run(table) {
    const number = table.nextNumber();
    const lines = linesFor(table.few(), 'ADD', number).map((line) => ({ ...line, package: 'เน็ตฟรี' }));
    await table.expectTaken(table.sealLines(lines, number), 'charsetWrong');
  },
};

const signature: FileCase = {
  name: 'signature',
  about: { th: 'ไฟล์ที่คนอื่นเซ็น', en: 'a file signed by a stranger is refused, and the number stays free' },
  cannot: (table) =>
    table.desk.closes
      ? null
      : { th: 'โปรไฟล์ระบุว่าไม่ใช้ PGP', en: 'The profile says that files are not signed and encrypted.' },
  async run(table) {
    const made = table.seal(table.few(), 'ADD');
    await table.write(made, 1, undefined, 'stranger');
    const receipt = await table.receipt(made);
    if (!receipt) return;
    if (receipt.word !== 'rejected')
      return table.findings.fault('fileUnprovenTaken', `${receipt.word} was the receipt`);
    await table.expectTaken(made, 'goodRefused', 1);
  },
};

const removal: FileCase = {
  name: 'removal',
  about: { th: 'ลบสิ่งที่มีและสิ่งที่ไม่มี', en: 'removal of what is there, and of what is not' },
  async run(table) {
    if (!(await table.expectTaken(table.seal(table.few(), 'ADD'), 'goodRefused'))) return;
    for (const there of [true, false]) {
      const words = await table.expectTaken(table.seal(table.few(), 'REMOVE'), 'goodRefused');
      if (words && [...words.values()].includes('rejected') && !(there && table.pool.kind === 'invented'))
        table.findings.fault('removalRejected', 'a removal came back as rejected');
    }
  },
};

const large: FileCase = {
  name: 'large',
  about: { th: 'ใหญ่เท่า maxLines แล้วลบทั้งหมด', en: 'as many lines as maxLines allows, and their removal' },
  async run(table) {
    const subjects = table.pool.many(table.maxLines);
    if (await table.expectTaken(table.seal(subjects, 'ADD'), 'largeRefused'))
      await table.expectTaken(table.seal(subjects, 'REMOVE'), 'largeRefused');
  },
};

const fullList: FileCase = {
  name: 'full list',
  about: { th: 'รายการเต็มสามไฟล์', en: 'a full list in three files replaces everything' },
  async run(table) {
    const [off] = table.few(1);
    if (!(await table.expectTaken(table.seal([off!], 'ADD'), 'goodRefused'))) return;
    const on = table.pool.many(5, 1);
    if (!(await table.expectTaken(table.seal(on, 'ADD', undefined, 3), 'fullListRefused'))) return;
    const remove = async (): Promise<string | undefined> =>
      (await table.expectTaken(table.seal([off!], 'REMOVE'), 'goodRefused'))?.get(1);
    const [first, second] = [await remove(), await remove()];
    if (table.pool.subjects.length > 1 && first === 'applied' && second === 'already')
      table.findings.fault('fullListNotRemoved', 'the removal of a line that the full list did not name was "applied"');
    await table.expectTaken(table.seal(on, 'REMOVE'), 'goodRefused');
  },
};

const tidy: FileCase = {
  name: 'tidy',
  about: { th: 'ลบหมายเลขทดสอบทั้งหมด', en: 'all test lines are removed again' },
  async run(table) {
    await table.expectTaken(table.seal(table.pool.subjects, 'REMOVE'), 'goodRefused');
  },
};

const CASES: readonly FileCase[] = [
  good,
  repeated,
  otherContent,
  reordered,
  malformed,
  charset,
  signature,
  removal,
  large,
  fullList,
  tidy,
];

/** All cases against the SFTP server of the profile. Whatever the provider does is a finding. */
export async function runFileCases(
  options: ConformanceOptions & { transport: SftpTransport },
  pool: LinePool,
): Promise<ConformanceReport> {
  const { profile, transport, skip = [], progress } = options;
  const findings = new Findings();
  const desk = new FileDesk({
    profile: { ...profile, transport },
    secret: options.secret,
    allowedNetworks: [...LOOPBACK_NETWORKS, ...PRIVATE_NETWORKS],
    waitMs: options.waitMs,
    tell: (fault, seen) => findings.fault(fault, seen),
  });
  let firstNumber = options.firstNumber ?? FIRST_TEST_NUMBER;
  let table: FileTable | null = null;
  let stopped = false;
  try {
    for (const one of CASES) {
      findings.begin(one.name, one.about);
      try {
        if (!table) {
          await desk.open();
          firstNumber = Math.max(firstNumber, (await desk.highest()) + 1);
          table = new FileTable(profile.code, profile.maxLines, pool, findings, desk, firstNumber);
        }
        const cannot = stopped ? NOT_TRIED : skip.includes(one.name) ? LEFT_OUT : (one.cannot?.(table) ?? null);
        if (cannot) {
          findings.skip(cannot);
          continue;
        }
        progress?.(one.name, one.about);
        await one.run(table);
      } catch (error) {
        if (!(error instanceof SftpFailure) && !(error instanceof KeyNotUsable)) throw error;
        findings.fault('notReachable', error.message);
        stopped = true;
        continue;
      }
      stopped ||= one === good && findings.faults.length > 0 && !findings.has('testLineRejected');
    }
    return {
      provider: profile.code,
      target: `sftp://${transport.host}:${transport.port}${transport.root}`,
      verdict: findings.faults.length > 0 ? 'failed' : 'passed',
      cases: findings.cases,
      faults: findings.faults,
      figures: { ...(table?.figures ?? { batches: 0, lines: 0, largestBytes: 0, slowestMs: 0 }), firstNumber },
    };
  } finally {
    await desk.close();
  }
}
