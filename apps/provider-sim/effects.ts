// How often each member of the dial really changed what the provider did: a share that was drawn for nothing counts nothing.

/** Counts by the path of the member in the dial, such as `faults.html`; members without effect so far are absent. */
export type EffectCounts = Record<string, number>;

export class Effects {
  readonly counts: EffectCounts = {};

  /** To be called at the very place where the dial made a difference, with the paths of the members that made it. */
  count(...paths: string[]): void {
    for (const path of paths) this.counts[path] = (this.counts[path] ?? 0) + 1;
  }

  reset(): void {
    for (const path of Object.keys(this.counts)) delete this.counts[path];
  }
}

/** Every member of a dial that holds a value, by its path: `faults.html`, `answer.delayMs.min`, `reject.codes`. */
export function leavesOf(dial: object, path = ''): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  for (const [name, value] of Object.entries(dial) as [string, unknown][]) {
    const here = path === '' ? name : `${path}.${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [leaf, inner] of leavesOf(value, here)) leaves.set(leaf, inner);
    } else leaves.set(here, value);
  }
  return leaves;
}
