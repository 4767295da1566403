// What the conformance tool reports: cases with a verdict each, and every fault once, in words with what to do.
import { quoted } from '../../wording.js';
import { FAULTS, type Fault, type Words } from './faults.js';

/** `passed`: as the contract says. `failed`: with faults. `skipped`: not tried, with the reason. */
export type Verdict = 'passed' | 'failed' | 'skipped';

export interface CaseReport {
  name: string;
  about: Words;
  verdict: Verdict;
  faults: Fault[];
  /** Why it was skipped, or what is worth knowing although nothing is wrong. */
  notes: Words[];
}

export interface FaultReport {
  fault: Fault;
  what: Words;
  todo: Words;
  /** What was seen, masked and bounded; at most five. */
  seen: string[];
  cases: string[];
}

export interface ConformanceReport {
  provider: string;
  target: string;
  verdict: 'passed' | 'failed';
  cases: CaseReport[];
  faults: FaultReport[];
  figures: { batches: number; lines: number; largestBytes: number; slowestMs: number; firstNumber: number };
}

const SEEN_AT_MOST = 5;

/** Collects what one run found. */
export class Findings {
  readonly cases: CaseReport[] = [];
  private readonly found = new Map<Fault, FaultReport>();
  private current: CaseReport | null = null;

  begin(name: string, about: Words): void {
    this.current = { name, about, verdict: 'passed', faults: [], notes: [] };
    this.cases.push(this.current);
  }

  /** A fault of the case that runs; told again it is the same fault, with what was seen this time. */
  fault(fault: Fault, seen: string): void {
    const report: FaultReport = this.found.get(fault) ?? { fault, ...FAULTS[fault], seen: [], cases: [] };
    this.found.set(fault, report);
    const text = quoted(seen);
    if (text && !report.seen.includes(text) && report.seen.length < SEEN_AT_MOST) report.seen.push(text);
    const current = this.current!;
    current.verdict = 'failed';
    if (!current.faults.includes(fault)) current.faults.push(fault);
    if (!report.cases.includes(current.name)) report.cases.push(current.name);
  }

  note(words: Words): void {
    this.current!.notes.push(words);
  }

  skip(why: Words): void {
    if (this.current!.verdict !== 'failed') this.current!.verdict = 'skipped';
    this.current!.notes.push(why);
  }

  /** Whether the case that runs has this fault. */
  currentHas(fault: Fault): boolean {
    return this.current!.faults.includes(fault);
  }

  has(fault: Fault): boolean {
    return this.found.has(fault);
  }

  get faults(): FaultReport[] {
    return [...this.found.values()];
  }
}
