// Reference formats of circuit numbers. No provider published its own; these are simple, distinct, and ours.
import type { ProviderCode } from '#contracts';

export interface CircuitFormat {
  /** Anchored pattern. All are ten digits without a zero in front, so that a spreadsheet cannot shorten them. */
  pattern: string;
  /** What it looks like, for people. */
  hint: { th: string; en: string };
  example: string;
  /** What stands before the eight digits that samples count in. */
  samplePrefix: string;
}

/** One format for each founding provider that offers fixed broadband (DTAC does not). */
export const circuitFormats: Readonly<Record<ProviderCode, CircuitFormat>> = {
  CAT: {
    pattern: '^55[0-9]{8}$',
    hint: { th: 'เลข 10 หลัก ขึ้นต้นด้วย 55', en: '10 digits beginning with 55' },
    example: '5500000123',
    samplePrefix: '55',
  },
  TOT: {
    pattern: '^[1-9][0-9]{9}$',
    hint: { th: 'เลข 10 หลัก ไม่ขึ้นต้นด้วย 0', en: '10 digits, not beginning with 0' },
    example: '7700000123',
    samplePrefix: '77',
  },
  AIS: {
    pattern: '^88[0-9]{8}$',
    hint: { th: 'เลข 10 หลัก ขึ้นต้นด้วย 88', en: '10 digits beginning with 88' },
    example: '8800000123',
    samplePrefix: '88',
  },
  TRUE: {
    pattern: '^9[0-9]{9}$',
    hint: { th: 'เลข 10 หลัก ขึ้นต้นด้วย 9', en: '10 digits beginning with 9' },
    example: '9500000123',
    samplePrefix: '95',
  },
  '3BB': {
    pattern: '^33[0-9]{8}$',
    hint: { th: 'เลข 10 หลัก ขึ้นต้นด้วย 33', en: '10 digits beginning with 33' },
    example: '3300000123',
    samplePrefix: '33',
  },
};
