// What a provider says it holds: digests step by step, so that a comparison costs what differs.

/** One answer of a provider about its list. `no`: it did not say, or not clearly; that is never read as absence. */
export type Observed<T> =
  { said: 'yes'; value: T; /** Bytes of the answer's body. */ bytes: number } | { said: 'no'; detail: string };

/** Every answer names the seq that the provider has applied: when it moves between two questions, both are asked anew. */
export interface ObservedNodes {
  appliedSeq: number;
  /** Entries that it holds. */
  count: number;
  /** 256 digests of 16 bytes. */
  nodes: Buffer;
}

export interface ObservedLeaves {
  appliedSeq: number;
  /** Node number to its 256 leaf digests of 20 bytes. */
  leaves: Map<number, Buffer>;
}

export interface ObservedItem {
  leaf: number;
  /** The entry's ref. */
  ref: string;
  /** 16 bytes. */
  item: Buffer;
}

export interface ObservedItems {
  appliedSeq: number;
  items: ObservedItem[];
}

/** How a provider that offers digests is asked. Never throws for what the provider did. */
export interface ListObserver {
  nodes(signal: AbortSignal): Promise<Observed<ObservedNodes>>;
  leaves(nodes: number[], signal: AbortSignal): Promise<Observed<ObservedLeaves>>;
  items(leaves: number[], signal: AbortSignal): Promise<Observed<ObservedItems>>;
}
