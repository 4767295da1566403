// Random numbers that are the same for the same seed on every machine.

export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
  /** A whole number from 0 to `below` - 1. */
  int(below: number): number;
  pick<T>(list: readonly T[]): T;
  /** True with this probability, 0 to 1. */
  chance(share: number): boolean;
}

/** The generator sfc32 (public domain, Chris Doty-Humphrey), seeded from any text. */
export function createRandom(seed: string | number): Random {
  let [a, b, c, d] = hashes(String(seed));
  const next = () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 12; round++) next();
  const int = (below: number) => Math.floor(next() * below);
  const pick = <T>(list: readonly T[]): T => {
    const item = list[int(list.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  };
  return { next, int, pick, chance: (share) => next() < share };
}

/** Four 32-bit FNV-1a hashes of a text. */
function hashes(text: string): [number, number, number, number] {
  const hash = (salt: number) => {
    let value = 0x811c9dc5 ^ salt;
    for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
    return value | 0;
  };
  return [hash(1), hash(2), hash(3), hash(4)];
}

/** Picks by weight. Weights need not add up to anything. */
export function weighted<T>(choices: readonly (readonly [T, number])[]): (random: Random) => T {
  const total = choices.reduce((sum, [, weight]) => sum + weight, 0);
  return (random) => {
    let left = random.next() * total;
    let picked: T | undefined;
    for (const [choice, weight] of choices) {
      picked = choice;
      left -= weight;
      if (left < 0) return choice;
    }
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  };
}

/**
 * Numbers 0 to `size` - 1 in scattered order, each once: term n is (n · step + start) mod size. `size` is at most
 * 300,000,000 and at most 10 million terms may be asked for, so that products stay exact.
 */
export function scattered(size: number, random: Random): (n: number) => number {
  let step = Math.floor(size * (0.5 + random.next() / 2)) | 1;
  while (commonDivisor(step, size) !== 1) step += 2;
  const start = random.int(size);
  return (n) => (n * step + start) % size;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
