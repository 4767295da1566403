// Reads fields of what came from outside and collects what is wrong with them, each with what to write.

export type Fields = Record<string, unknown>;

/** Reads fields of one object and collects faults. */
export class Checker {
  readonly faults: string[] = [];

  say(fault: string): void {
    this.faults.push(fault);
  }

  object(value: unknown, path: string, known: readonly string[]): Fields | null {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.say(`${path} is absent; write an object with ${known.join(', ')}`);
      return null;
    }
    for (const name of Object.keys(value)) {
      if (!known.includes(name)) this.say(`${path}.${name} is not a field; known are ${known.join(', ')}`);
    }
    return value as Fields;
  }

  word(value: unknown, path: string, words: readonly string[]): void {
    if (!words.includes(value as string))
      this.say(`${path}: write one of ${words.map((word) => `"${word}"`).join(', ')}`);
  }

  text(value: unknown, path: string, pattern: RegExp, write: string): void {
    if (typeof value !== 'string' || !pattern.test(value)) this.say(`${path}: write ${write}`);
  }

  whole(value: unknown, path: string, least: number, most: number, what: string): void {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      this.say(`${path}: write ${what}, a whole number from ${least} to ${most}`);
    }
  }

  yesNo(value: unknown, path: string): void {
    if (typeof value !== 'boolean') this.say(`${path}: write true or false`);
  }

  list(value: unknown, path: string, least: number, fits: (item: unknown) => boolean, write: string): void {
    if (!Array.isArray(value) || value.length < least || !value.every(fits) || new Set(value).size !== value.length) {
      this.say(`${path}: write ${write}`);
    }
  }
}

/** Whether it is a name of a secret, and not a secret itself: that would end up in logs and exports. */
export function isSecretName(one: unknown): boolean {
  return typeof one === 'string' && /^[\w./-]{1,120}$/.test(one) && !/^wh(sec|sk)_/.test(one);
}
