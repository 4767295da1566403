// Outcomes heard in parts, as bits: one row of 8,192 positions is two kilobytes instead of 8,192 rows.

export const BLOCK_LINES = 8192;
export const BLOCK_BYTES = BLOCK_LINES / 8;

/** Block and bit of position `n` (from 1). */
export function placeOf(n: number): { block: number; bit: number } {
  return { block: Math.floor((n - 1) / BLOCK_LINES), bit: (n - 1) % BLOCK_LINES };
}

export function getBit(bits: Buffer, bit: number): boolean {
  return ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

export function setBit(bits: Buffer, bit: number, on: boolean): void {
  const byte = bits[bit >> 3] ?? 0;
  bits[bit >> 3] = on ? byte | (1 << (bit & 7)) : byte & ~(1 << (bit & 7));
}

/** Bits that are on. */
export function count(bits: Buffer): number {
  let total = 0;
  for (const byte of bits) {
    let rest = byte;
    for (; rest; total++) rest &= rest - 1;
  }
  return total;
}
