// What kind of file it is, by its first bytes; names are not believed.
import { open, stat } from 'node:fs/promises';
import { RegistrationsFileError } from './file-errors.js';

export type TableKind = 'text' | 'zip';

/** Sizes in bytes beyond which a file is refused unread. */
export interface SizeLimits {
  text: number;
  zip: number;
}

export const SIZE_LIMITS: SizeLimits = { text: 4 * 1024 ** 3, zip: 512 * 1024 ** 2 };

const HEAD = 64 * 1024;

/** Signatures of what people send by mistake: bytes at the start (latin1), and what to call it. */
const SIGNATURES: [string, string, string][] = [
  ['%PDF-', 'a PDF', 'ไฟล์ PDF'],
  ['\x89PNG', 'a picture (PNG)', 'รูปภาพ (PNG)'],
  ['\xFF\xD8\xFF', 'a picture (JPEG)', 'รูปภาพ (JPEG)'],
  ['GIF8', 'a picture (GIF)', 'รูปภาพ (GIF)'],
  ['II*\0', 'a picture (TIFF)', 'รูปภาพ (TIFF)'],
  ['MM\0*', 'a picture (TIFF)', 'รูปภาพ (TIFF)'],
  ['BM', 'a picture (BMP)', 'รูปภาพ (BMP)'],
  ['{\\rtf', 'an RTF document', 'เอกสาร RTF'],
  ['\x1F\x8B', 'a packed file (gzip)', 'ไฟล์บีบอัด (gzip)'],
  ['7z\xBC\xAF', 'a packed file (7z)', 'ไฟล์บีบอัด (7z)'],
  ['Rar!', 'a packed file (RAR)', 'ไฟล์บีบอัด (RAR)'],
  ['SQLite format 3', 'a database', 'ฐานข้อมูล'],
  ['MZ', 'a program', 'โปรแกรม'],
  ['\x7FELF', 'a program', 'โปรแกรม'],
];

/** Magic numbers that are plain letters count only when the file also holds NUL bytes ("BM" may begin a text). */
const NEEDS_NUL = new Set(['BM', 'MZ']);

/**
 * Tells text from ZIP and refuses everything else, with its name. Reads at most 64 kB (an old Excel file is searched
 * whole, up to 1 MB, to tell a password from the old format).
 */
export async function tableKind(
  path: string,
  limits: SizeLimits = SIZE_LIMITS,
): Promise<{ kind: TableKind; size: number }> {
  const { size } = await stat(path);
  if (size === 0) throw new RegistrationsFileError('FILE_EMPTY');
  const head = await readHead(path, HEAD);
  const start = head.toString('latin1', 0, 64);
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) {
    checkSize(size, limits.zip);
    return { kind: 'zip', size };
  }
  if (start.startsWith('\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1')) throw await compoundFile(path);
  const hasNul = head.includes(0);
  for (const [signature, en, th] of SIGNATURES) {
    if (start.startsWith(signature) && (hasNul || !NEEDS_NUL.has(signature))) throw wrongKind(en, th);
  }
  const opening = head
    .toString('latin1', 0, 1024)
    .replace(/^\xEF\xBB\xBF/, '')
    .trimStart()
    .toLowerCase();
  if (/^<(!doctype html|html|table|meta|head)/.test(opening)) throw wrongKind('a web page', 'หน้าเว็บ');
  if (/^<(\?xml|!doctype|[a-z]+:)/.test(opening)) throw wrongKind('an XML file', 'ไฟล์ XML');
  if (/^[[{]\s*["[{]/.test(opening)) throw wrongKind('a JSON file', 'ไฟล์ JSON');
  checkSize(size, limits.text);
  return { kind: 'text', size };
}

/** The first bytes of a file. */
export async function readHead(path: string, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function wrongKind(en: string, th: string): RegistrationsFileError {
  return new RegistrationsFileError('FILE_WRONG_KIND', { en, th });
}

function checkSize(size: number, limit: number): void {
  if (size > limit) throw new RegistrationsFileError('FILE_TOO_LARGE', `${Math.floor(limit / 1024 ** 2)} MB`);
}

/** An OLE container: a workbook under a password is wrapped in one, and the old Excel format is one. */
async function compoundFile(path: string): Promise<RegistrationsFileError> {
  const head = await readHead(path, 1024 ** 2);
  const holds = (name: string) => head.includes(Buffer.from(name, 'utf16le'));
  if (holds('EncryptedPackage') || holds('EncryptionInfo')) return new RegistrationsFileError('FILE_ENCRYPTED');
  if (holds('Workbook') || holds('Book')) return new RegistrationsFileError('FILE_LEGACY_XLS');
  return wrongKind('an old Office document', 'เอกสาร Office รูปแบบเก่า');
}
