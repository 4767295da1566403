// Access, package and dates of a line, kept once however many lines share them.

export interface Terms {
  access: string;
  package: string;
  from: string;
  to: string | undefined;
}

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** A date of the Gregorian calendar near the scheme; a Buddhist year (2563) is not. */
function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const year = Number(text.slice(0, 4));
  // A day that the month does not have (30 February) comes back as another one.
  return year >= 2000 && year < 2200 && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
}

export class TermsTable {
  readonly list: Terms[];
  readonly #ids = new Map<string, number>();
  #last = -1;

  constructor(list: Terms[] = []) {
    this.list = list;
    list.forEach((terms, id) => this.#ids.set(keyOf(terms.access, terms.package, terms.from, terms.to), id));
  }

  /** Number of this combination; -1 when a member is missing or malformed. */
  idOf(access: string, pack: string | undefined, from: string | undefined, to: string | undefined): number {
    // Nearly every line has the same terms as the one before it.
    const last = this.list[this.#last];
    if (last !== undefined && last.access === access && last.package === pack && last.from === from && last.to === to) {
      return this.#last;
    }
    const known = this.#ids.get(keyOf(access, pack, from, to));
    if (known !== undefined) return (this.#last = known);
    if (!valid(access, pack, from, to)) return -1;
    const id = this.list.push({ access, package: pack as string, from: from as string, to }) - 1;
    this.#ids.set(keyOf(access, pack, from, to), id);
    return (this.#last = id);
  }
}

function keyOf(access: string, pack: string | undefined, from: string | undefined, to: string | undefined): string {
  return `${access}|${pack}|${from}|${to ?? ''}`;
}

function valid(access: unknown, pack: unknown, from: unknown, to: unknown): boolean {
  if (access !== 'MB' && access !== 'FB') return false;
  if (typeof pack !== 'string' || !/^[\p{L}\p{M}\p{N}._ -]{1,40}$/u.test(pack)) return false;
  if (typeof from !== 'string' || !isDate(from)) return false;
  return to === undefined || (typeof to === 'string' && isDate(to) && to >= from);
}
