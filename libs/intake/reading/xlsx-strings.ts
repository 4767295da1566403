// A workbook's shared texts, kept as bytes outside the heap: a million rows may share three million texts.
import { RegistrationsFileError } from './file-errors.js';
import type { WorkbookPackage } from './xlsx-package.js';

const PAGE = 1024 * 1024;
/** Excel's own limit for one cell is 32,767 characters. */
const LONGEST_BYTES = 32_767 * 3;
/** Texts with a low number are the common ones (agencies, providers); they are kept as strings. */
const HOT = 8192;
/** All texts together, in bytes. */
const MOST_BYTES = 512 * 1024 ** 2;

export class SharedStrings {
  private readonly pages: Buffer[] = [];
  private used = PAGE;
  private starts = new Float64Array(1024);
  private lengths = new Uint32Array(1024);
  private readonly hot: string[] = [];
  size = 0;

  /** Reads `xl/sharedStrings.xml`. Throws RegistrationsFileError FILE_BOMB beyond 512 MB of text. */
  async load(pack: WorkbookPackage, part: string): Promise<void> {
    let text = '';
    let inText = false;
    let phonetic = 0;
    await pack.parseAll(part, {
      open: (name) => {
        if (name === 'si') text = '';
        else if (name === 't') inText = phonetic === 0;
        else if (name === 'rPh') phonetic++;
      },
      close: (name) => {
        if (name === 'si') this.add(text);
        else if (name === 't') inText = false;
        else if (name === 'rPh') phonetic--;
      },
      text: (piece) => {
        if (inText) text += piece;
      },
    });
  }

  add(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > LONGEST_BYTES) {
      throw new RegistrationsFileError('FILE_DAMAGED', { en: 'a text is too long', th: 'มีข้อความยาวเกินกำหนด' });
    }
    if (this.used + bytes > PAGE) {
      if (this.pages.length * PAGE >= MOST_BYTES) {
        throw new RegistrationsFileError('FILE_BOMB', { en: 'more than 512 MB of text', th: 'ข้อความเกิน 512 MB' });
      }
      this.pages.push(Buffer.allocUnsafeSlow(PAGE));
      this.used = 0;
    }
    if (this.size === this.starts.length) this.grow();
    this.pages.at(-1)?.write(text, this.used);
    this.starts[this.size] = (this.pages.length - 1) * PAGE + this.used;
    this.lengths[this.size] = bytes;
    if (this.size < HOT) this.hot.push(text);
    this.used += bytes;
    this.size++;
  }

  /** The text with this number; undefined when there is none. */
  get(index: number): string | undefined {
    if (index < HOT) return this.hot[index];
    if (!(index < this.size)) return undefined;
    const start = this.starts[index] ?? 0;
    const from = start % PAGE;
    return this.pages[Math.floor(start / PAGE)]?.toString('utf8', from, from + (this.lengths[index] ?? 0));
  }

  private grow(): void {
    const starts = new Float64Array(this.starts.length * 2);
    starts.set(this.starts);
    this.starts = starts;
    const lengths = new Uint32Array(this.lengths.length * 2);
    lengths.set(this.lengths);
    this.lengths = lengths;
  }
}
