// The styles that exist, and the one each provider has unless told otherwise. A new style is a file and a row here.
import type { ProviderCode } from '../words.js';
import { callbackStyle } from './callback.js';
import { pullStyle } from './pull.js';
import { responseStyle } from './response.js';
import { sftpStyle } from './sftp.js';
import { tmf641Style } from './tmf641.js';
import type { Style, StyleName } from './style.js';

export const STYLES: Record<StyleName, Style> = {
  response: responseStyle,
  callback: callbackStyle,
  sftp: sftpStyle,
  tmf641: tmf641Style,
  pull: pullStyle,
};

/** A provider that is not here answers in the response. */
export const DEFAULT_STYLE: Partial<Record<ProviderCode, StyleName>> = {
  AIS: 'response',
  TRUE: 'callback',
  DTAC: 'tmf641',
  CAT: 'sftp',
  TOT: 'sftp',
  '3BB': 'pull',
};
