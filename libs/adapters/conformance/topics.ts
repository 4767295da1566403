// What one has to do right towards the hub, whatever transport and format: the one table behind both suites, the one that
// every adapter passes in our tests and the one that a provider runs against its own receiver.
import type { ProviderProfile } from '#contracts';

/** How a profile is spoken to, as far as cases differ by it. */
export type ConformanceStyle = 'webhook' | 'files' | 'orders' | 'pull';

export function styleOf(profile: Pick<ProviderProfile, 'format' | 'transport'>): ConformanceStyle {
  if (profile.transport.kind === 'sftp') return 'files';
  if (profile.format === 'tmf641') return 'orders';
  return profile.format === 'thin' ? 'pull' : 'webhook';
}

interface Topic {
  /** What it is about. */
  about: string;
  /** Cases of the adapters' suite begin with one of these words, before a colon. */
  suite: readonly string[];
  /** The tool's case in each style, by name; a sentence that ends with a full stop says why there is none. */
  tool: Record<ConformanceStyle, string>;
}

export const TOPICS = {
  good: {
    about: 'what is right is taken, and every line gets the provider’s word',
    suite: ['good', 'rejected'],
    tool: { webhook: 'good', files: 'good', orders: 'good', pull: 'good' },
  },
  repeated: {
    about: 'the same again is recognised and applied once',
    suite: ['repeated'],
    tool: { webhook: 'repeated', files: 'repeated', orders: 'repeated', pull: 'repeated event' },
  },
  reordered: {
    about: 'what overtakes something earlier does no harm',
    suite: ['reordered'],
    tool: {
      webhook: 'reordered',
      files: 'reordered',
      orders: 'reordered',
      pull: 'reordered events',
    },
  },
  malformed: {
    about: 'what is broken changes nothing and is refused',
    suite: ['malformed', 'refused'],
    tool: { webhook: 'malformed', files: 'malformed', orders: 'malformed', pull: 'broken page' },
  },
  credentials: {
    about: 'who cannot prove to be the hub is not believed',
    suite: ['forbidden', 'badly signed'],
    tool: {
      webhook: 'signatures',
      files: 'The server of the files checks keys at the log-in; the receiver behind it sees files only.',
      orders: 'signatures',
      pull: 'signatures',
    },
  },
  large: {
    about: 'as much as the profile allows at once',
    suite: ['large'],
    tool: { webhook: 'large', files: 'large', orders: 'large', pull: 'large page' },
  },
  lost: {
    about: 'after a lost answer the other side can be asked, or is told again, and nothing is done twice',
    suite: ['lost', 'asked', 'busy'],
    tool: { webhook: 'asked', files: 'repeated', orders: 'asked', pull: 'missed event' },
  },
  removal: {
    about: 'what is removed goes, and what is gone already stays so',
    suite: ['good'],
    tool: { webhook: 'removal', files: 'removal', orders: 'removal', pull: 'removal' },
  },
} as const satisfies Record<string, Topic>;
