// A line in nine bytes: its digits as a number and one byte for the way they were written.

/** The line is neither +digits nor plain digits; its text is kept beside the columns. */
export const OTHER_FORM = 255;

/** The number of the last packed line. */
export let packedNumber = 0;

/** Packs `line` and returns its form: 0 for `+` and digits, 1..15 for so many plain digits, else OTHER_FORM. */
export function packLine(line: string): number {
  const plus = line.charCodeAt(0) === 43 ? 1 : 0;
  const digits = line.length - plus;
  packedNumber = 0;
  if (digits < 1 || digits > 15 || (plus === 1 && line.charCodeAt(1) === 48)) return OTHER_FORM;
  let value = 0;
  for (let i = plus; i < line.length; i++) {
    const digit = line.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return OTHER_FORM;
    value = value * 10 + digit;
  }
  packedNumber = value;
  return plus === 1 ? 0 : digits;
}

/** Reverses packLine for every form but OTHER_FORM. */
export function unpackLine(form: number, value: number): string {
  return form === 0 ? `+${value}` : String(value).padStart(form, '0');
}
