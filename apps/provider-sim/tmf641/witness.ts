// Every message of the protocol in either direction, handed to whoever wants to check it against the standard's schemas.

/** `order`, `answer`, `list`, `error` are of orders; `hub`, `hubAnswer` of subscriptions; `event` a notification. */
export type WitnessedKind = 'order' | 'answer' | 'list' | 'error' | 'hub' | 'hubAnswer' | 'event';

export type Witness = (kind: WitnessedKind, body: unknown) => void;
