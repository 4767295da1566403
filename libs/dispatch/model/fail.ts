// What a broken promise looks like.

/** A property of the design does not hold. */
export class Broken extends Error {}

export function must(condition: boolean, what: () => string): asserts condition {
  if (!condition) throw new Broken(what());
}

/** Looks up what has to be there. */
export function known<K, V>(map: ReadonlyMap<K, V>, key: K, what: string): V {
  const value = map.get(key);
  if (value === undefined) throw new Broken(`${what} ${String(key)} is not there`);
  return value;
}
