// The ZIP container of a workbook: what is inside is checked from its directory before anything is unpacked.
import type { Readable } from 'node:stream';
import * as yauzl from 'yauzl';
import { Parser } from 'saxen';
import { RegistrationsFileError } from './file-errors.js';

/** Limits on what a workbook may unpack to, in bytes. */
export interface PackageLimits {
  /** Most parts. */
  parts: number;
  /** All parts together. */
  total: number;
  /** Any one part. A full sheet (1,048,576 rows of 14 columns) is about 700 MB of XML. */
  part: number;
  /** Most bytes per packed byte, for parts above 1 MB. 100 is Apache POI's limit too; real sheets pack about 10 : 1. */
  ratio: number;
}

export const PACKAGE_LIMITS: PackageLimits = { parts: 2000, total: 4 * 1024 ** 3, part: 2 * 1024 ** 3, ratio: 100 };

/** Relations, types and contents are parsed before any limit of their own would help: real ones are some kB. */
const MOST_OUTLINE = 16 * 1024 ** 2;
const OUTLINE = /\.rels$|^\[content_types\]\.xml$|^xl\/workbook\.xml$/i;

/** One tag or text longer than this many characters would be gathered whole in memory; a cell holds at most 32,767. */
const LONGEST_TOKEN = 1024 ** 2;

/** Parts below this size may pack as well as they like. */
const SMALL_PART = 1024 ** 2;

/** Parts that a table has no business with: name pattern and the error. */
const FORBIDDEN: [RegExp, 'FILE_HAS_MACROS' | 'FILE_HAS_LINKS' | 'FILE_HAS_OBJECTS'][] = [
  [/vbaproject|\/macrosheets\/|vbadata/i, 'FILE_HAS_MACROS'],
  [/\/externallinks\/|\/querytables\/|(^|\/)connections\.xml$|\/model\/|customdata|\/powerpivot/i, 'FILE_HAS_LINKS'],
  [/\/embeddings\/|\/activex\/|\/ctrlprops\//i, 'FILE_HAS_OBJECTS'],
];

/** What other ZIP files are called, by a part that only they have. */
const OTHER_KINDS: [RegExp, string, string][] = [
  [/^word\//, 'a Word document', 'เอกสาร Word'],
  [/^ppt\//, 'a PowerPoint presentation', 'งานนำเสนอ PowerPoint'],
  [/^xl\/workbook\.bin$/, 'a binary workbook (.xlsb)', 'สมุดงานแบบไบนารี (.xlsb)'],
  [/^content\.xml$/, 'an OpenDocument file', 'ไฟล์ OpenDocument'],
];

type XmlHandlers = {
  open?: (name: string, attributes: () => Record<string, string>) => void;
  close?: (name: string) => void;
  text?: (text: string) => void;
};

/** An opened workbook container. */
export class WorkbookPackage {
  private constructor(
    private readonly zip: yauzl.ZipFile,
    private readonly entries: Map<string, yauzl.Entry>,
  ) {}

  /**
   * Opens and checks the container. Throws RegistrationsFileError: FILE_BOMB beyond the limits, FILE_HAS_MACROS,
   * FILE_HAS_LINKS, FILE_HAS_OBJECTS, FILE_ENCRYPTED, FILE_WRONG_KIND for a ZIP that is no workbook, FILE_DAMAGED.
   */
  static async open(path: string, limits: PackageLimits = PACKAGE_LIMITS): Promise<WorkbookPackage> {
    const zip = await asDamage(yauzl.openPromise(path, { lazyEntries: true, autoClose: false }));
    try {
      const entries = new Map<string, yauzl.Entry>();
      let total = 0;
      if (zip.entryCount > limits.parts) throw bomb(`${zip.entryCount} parts`, `${zip.entryCount} ส่วน`);
      const iterator = zip.eachEntry();
      for (;;) {
        const next = await asDamage(iterator.next());
        if (next.done) break;
        const entry: yauzl.Entry = next.value;
        total += entry.uncompressedSize;
        checkEntry(entry, total, limits);
        entries.set(entry.fileName.toLowerCase(), entry);
      }
      checkKind([...entries.keys()]);
      const opened = new WorkbookPackage(zip, entries);
      await opened.checkContentTypes();
      return opened;
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  has(part: string): boolean {
    return this.entries.has(part.toLowerCase());
  }

  partNames(): string[] {
    return [...this.entries.keys()];
  }

  /**
   * Parses one part as it is unpacked, in constant memory. Handlers get names without namespace prefix and decoded
   * text. Yields after every piece, so that the caller can hand on what the handlers gathered.
   */
  async *parse(part: string, handlers: XmlHandlers): AsyncGenerator<void> {
    const entry = this.entries.get(part.toLowerCase());
    if (!entry) throw damaged(`part ${part} is missing`, `ไม่พบส่วน ${part}`);
    const stream = await asDamage<Readable>(this.zip.openReadStreamPromise(entry));
    const decoder = new TextDecoder('utf-8');
    const parser = new Parser();
    let failure: Error | undefined;
    parser.on('error', (error) => (failure ??= error));
    // A document type can define entities that multiply; office programs never write one.
    parser.on('attention', (text) => {
      if (/^<!doctype/i.test(text)) failure ??= bomb('a document type', 'มี document type');
    });
    const { open, close, text: take } = handlers;
    // Characters since the last finished tag or text.
    let waiting = 0;
    parser.on('openTag', (name, attributes) => {
      waiting = 0;
      open?.(local(name), attributes);
    });
    parser.on('closeTag', (name) => {
      waiting = 0;
      close?.(local(name));
    });
    parser.on('text', (text, decode) => {
      waiting = 0;
      take?.(decode(text));
    });
    parser.on('cdata', (text) => take?.(text));
    const check = () => {
      if (failure instanceof RegistrationsFileError) throw failure;
      if (failure) throw damaged(`part ${part} is not well formed`, `ส่วน ${part} ไม่ถูกต้อง`);
    };
    const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    try {
      for (;;) {
        const piece = await asDamage(pieces.next());
        if (piece.done) break;
        waiting += piece.value.length;
        parser.write(decoder.decode(piece.value, { stream: true }));
        if (waiting > LONGEST_TOKEN) throw bomb('one text of more than 1 MB', 'มีข้อความเดียวยาวเกิน 1 MB');
        check();
        yield;
      }
      parser.end();
      check();
      yield;
    } finally {
      stream.destroy();
    }
  }

  /** Parses a small part to its end. */
  async parseAll(part: string, handlers: XmlHandlers): Promise<void> {
    const pieces = this.parse(part, handlers);
    while (!(await pieces.next()).done);
  }

  close(): void {
    this.zip.close();
  }

  /** Macros by declared type (a renamed .xlsm), and links by relation, whatever the parts are called. */
  private async checkContentTypes(): Promise<void> {
    const types: string[] = [];
    await this.parseAll('[content_types].xml', {
      open: (_, attributes) => void types.push(attributes().ContentType ?? ''),
    });
    if (types.some((type) => /macroEnabled|vbaProject/i.test(type)))
      throw new RegistrationsFileError('FILE_HAS_MACROS');
    for (const part of this.partNames().filter((name) => name.endsWith('.rels'))) {
      let external = false;
      await this.parseAll(part, {
        open: (name, attributes) => {
          if (name !== 'Relationship') return;
          const { TargetMode, Type } = attributes();
          // A typed mail or web address becomes a hyperlink; nothing is loaded from it.
          if (TargetMode === 'External' && !Type?.endsWith('/hyperlink')) external = true;
        },
      });
      if (external) throw new RegistrationsFileError('FILE_HAS_LINKS');
    }
  }
}

function checkEntry(entry: yauzl.Entry, total: number, limits: PackageLimits): void {
  const { uncompressedSize: size, compressedSize: packed } = entry;
  if (entry.isEncrypted()) throw new RegistrationsFileError('FILE_ENCRYPTED');
  for (const [pattern, code] of FORBIDDEN)
    if (pattern.test(`/${entry.fileName}`)) throw new RegistrationsFileError(code);
  if (size > MOST_OUTLINE && OUTLINE.test(entry.fileName)) throw bomb(megabytes(size), megabytes(size));
  if (size > limits.part || total > limits.total)
    throw bomb(megabytes(Math.max(size, total)), megabytes(Math.max(size, total)));
  if (size > SMALL_PART && size > packed * limits.ratio) {
    const ratio = `${Math.round(size / Math.max(1, packed))} : 1`;
    throw bomb(ratio, ratio);
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MB`;
}

function checkKind(names: string[]): void {
  for (const [pattern, en, th] of OTHER_KINDS) {
    if (names.some((name) => pattern.test(name))) throw new RegistrationsFileError('FILE_WRONG_KIND', { en, th });
  }
  if (!names.includes('xl/workbook.xml') || !names.includes('[content_types].xml')) {
    throw new RegistrationsFileError('FILE_WRONG_KIND', { en: 'a packed file (ZIP)', th: 'ไฟล์บีบอัด (ZIP)' });
  }
}

function local(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}

function bomb(en: string, th: string): RegistrationsFileError {
  return new RegistrationsFileError('FILE_BOMB', { en, th });
}

function damaged(en: string, th: string): RegistrationsFileError {
  return new RegistrationsFileError('FILE_DAMAGED', { en, th });
}

/** What the ZIP library or the unpacker throws is the file's fault; its text may quote the file, so it is not passed on. */
async function asDamage<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch {
    throw damaged('the ZIP container cannot be read', 'อ่านโครงสร้าง ZIP ไม่ได้');
  }
}
