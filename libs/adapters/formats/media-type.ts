// The media type of a sealed part, by the format in which it was sealed.
import type { ProviderProfile } from '#contracts';
import { cloudEvents } from './cloudevents.js';
import { hdtIn } from './hdt.js';
import { thin } from './thin.js';
import { tmf641 } from '../tmf641/format.js';

/**
 * @param format as recorded with the batch; null (sealed before that was recorded) is taken for the profile's
 * @param profile gives the charset of files
 */
export function mediaTypeOf(format: string | null, profile: ProviderProfile): string {
  switch (format ?? profile.format) {
    case 'thin':
      return thin.contentType;
    case 'tmf641':
      return tmf641.contentType;
    case 'hdt': {
      const charset = (profile.transport.kind === 'sftp' && profile.transport.charset) || 'utf-8';
      return hdtIn(charset).contentType.replace('text/plain', 'text/csv');
    }
    default:
      return cloudEvents.contentType;
  }
}
