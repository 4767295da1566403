// The bytes of an uploaded file, from a raw body or from the part `file` of a form, without ever holding it.
import busboy from 'busboy';
import type { Request } from 'express';
import { PassThrough, type Readable } from 'node:stream';
import { Problem } from '#contracts';

const NO_FILE = () =>
  new Problem(
    422,
    'no-file',
    'No file',
    'Send the file as the raw body, or as the part named file of multipart/form-data.',
    {
      detailTh: 'ไม่พบไฟล์ ให้ส่งไฟล์เป็นเนื้อหาของคำขอ หรือในช่องชื่อ file',
    },
  );

/** Fails as a stream: with Problem 422 when a form has no file. A connection that breaks off breaks the stream off, too. */
export function uploadedFile(request: Request): Readable {
  if (!request.is('multipart/form-data')) return request;
  const out = new PassThrough();
  let found = false;
  const form = busboy({ headers: request.headers, limits: { files: 1, fields: 20, fieldSize: 1024 } });
  form.on('file', (_name, part) => {
    found = true;
    part.on('error', (error: Error) => out.destroy(error));
    part.pipe(out);
  });
  form.on('error', () =>
    out.destroy(
      new Problem(
        400,
        'form-not-readable',
        'The form cannot be read',
        'Send multipart/form-data with its boundary, or the raw file.',
      ),
    ),
  );
  form.on('close', () => {
    if (!found) out.destroy(NO_FILE());
  });
  request.on('aborted', () => out.destroy(new Error('the upload broke off')));
  request.pipe(form);
  return out;
}
