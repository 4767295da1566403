// Seeded chance, so that a run with faults can be repeated exactly.

export type Random = () => number;

/** FNV-1a over UTF-16 units, unsigned 32 bit. */
export function hashText(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // FNV's high bits move little for texts that differ only at the end; the finaliser of murmur3 spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The same number in [0, 1) for the same text and seed, for ever. */
export function shareOf(text: string, seed: number): number {
  return hashText(text, seed) / 4294967296;
}

/** mulberry32: numbers in [0, 1), the same row for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A whole number from `min` to `max`, both included. */
export function between(random: Random, min: number, max: number): number {
  return max <= min ? min : min + Math.floor(random() * (max - min + 1));
}
