// What travels between hub and provider in the model.
import type { Outcomes } from '#contracts';
import type { Content } from './log.js';

export interface SentLine {
  n: number;
  ref: string;
  seq: number;
  content: Content;
}

/** A batch as it travels. `bytes` stands for the exact bytes. */
export interface SentBatch {
  number: number;
  kind: 'delta' | 'full';
  toSeq: number;
  lines: readonly SentLine[];
  bytes: string;
}

/** An answer that comes by itself. */
export interface ModelAnswer {
  number: number;
  receipt: 'accepted' | 'refused' | null;
  outcomes: Outcomes | null;
}
