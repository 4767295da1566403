// Puts the address given on the command line into a profile.
import type { ProviderProfile } from '#contracts';
import { ConformanceRefused } from './test-lines.js';

/** `http(s)://…` for a webhook, `sftp://user@host:port/root` for files. Throws `ConformanceRefused`. */
export function withTarget(profile: ProviderProfile, target: string): ProviderProfile {
  const { transport } = profile;
  const url = URL.canParse(target) ? new URL(target) : null;
  if (transport.kind === 'webhook' && (url?.protocol === 'http:' || url?.protocol === 'https:'))
    return { ...profile, transport: { ...transport, target } };
  if (transport.kind === 'sftp' && url?.protocol === 'sftp:') {
    return {
      ...profile,
      transport: {
        ...transport,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(url.port || 22),
        ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
        root: decodeURIComponent(url.pathname) || '/',
      },
    };
  }
  const form = transport.kind === 'webhook' ? 'https://host/path' : 'sftp://user@host:port/root';
  throw new ConformanceRefused({
    th: `--target ของโปรไฟล์นี้เขียนเป็น ${form}`,
    en: `With this profile, write --target as ${form}.`,
  });
}
