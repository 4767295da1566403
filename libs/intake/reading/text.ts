// Thai text as people type it: digits, look-alikes, invisible characters.

/** Characters that mean a text is already damaged: replacement, C0 (but tab and line ends), C1, private use. */
// eslint-disable-next-line no-control-regex
export const DAMAGED = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uE000-\uF8FF\uFFFD]/;

const INVISIBLE = /[\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u2064\uFEFF]/g;
const SPACES = /[\s\u00A0\u2000-\u200A\u202F\u205F\u3000]+/g;
const THAI_DIGIT = /[๐-๙]/g;
const HAS_THAI_DIGIT = /[๐-๙]/;

/** Removes invisible characters, makes every run of white space one space, and trims. Costs little on plain text. */
export function tidy(text: string): string {
  return isTidy(text) ? text : text.replace(INVISIBLE, '').replace(SPACES, ' ').trim();
}

/** A loop over character codes: three times as fast as one regular expression for the same. */
function isTidy(text: string): boolean {
  let before = 32;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 32) {
      if (code !== 32 || before === 32) return false;
    } else if (code >= 0x80 && (code < 0x0e00 || code > 0x0e7f) && mayBeUntidy(code)) return false;
    before = code;
  }
  return before !== 32 || text === '';
}

/** Letters with marks pass; all that is rare goes the slow way. */
function mayBeUntidy(code: number): boolean {
  return code <= 0xad || code === 0x1680 || (code >= 0x2000 && code <= 0x206f) || code === 0x3000 || code === 0xfeff;
}

export function hasThaiDigits(text: string): boolean {
  return HAS_THAI_DIGIT.test(text);
}

/** ๐–๙ (U+0E50–U+0E59) as 0–9; libraries that read numbers do not know them. */
export function mapThaiDigits(text: string): string {
  return text.replace(THAI_DIGIT, (digit) => String(digit.charCodeAt(0) - 0x0e50));
}

/**
 * The form in which two Thai or English names are compared. Merges what looks alike and NFC leaves apart (น้ำ typed as
 * นํ้า, แ typed as two เ, a tone mark typed before the vowel above), Thai digits, case, and drops white space and
 * punctuation. For comparison only: names are stored as they came.
 */
export function fold(text: string): string {
  return mapThaiDigits(text.normalize('NFC'))
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
    .replace(/\u0E40\u0E40/g, '\u0E41')
    .replace(/([\u0E48-\u0E4C])([\u0E31\u0E34-\u0E39\u0E47])/g, '$2$1')
    .replace(/\u0E4D([\u0E48-\u0E4C]?)\u0E32/g, '$1\u0E33')
    .replace(/([\u0E48-\u0E4B])\u0E4D\u0E32/g, '$1\u0E33');
}

/**
 * A copy that does not keep the text alive that it was cut from. V8 lets a substring share its parent's memory, so a
 * cached cell would otherwise hold a whole piece of the file.
 */
export function detached(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** A look-up by text that remembers at most `limit` answers and then starts anew, so that memory stays flat. */
export function remembered<T>(answer: (text: string) => T, limit = 20_000): (text: string) => T {
  const known = new Map<string, T>();
  // Files are often sorted: the cell above is compared before it is looked up.
  let lastText = '';
  let last = answer('');
  return (text) => {
    if (text === lastText) return last;
    let found = known.get(text);
    if (found === undefined) {
      if (known.size >= limit) known.clear();
      const own = detached(text);
      found = answer(own);
      known.set(own, found);
    }
    lastText = text;
    last = found;
    return found;
  };
}
