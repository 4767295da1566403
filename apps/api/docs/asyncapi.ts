// The events between hub and providers as an AsyncAPI 3 document, made from the message schemas; kept in docs/asyncapi.json.
import { MESSAGES, PARTS, type MessageSpec, type Schema } from './message-schemas.js';

const ABOUT = [
  'Signed webhooks between the hub and the providers of the Work@Home scheme, said from the side of the hub: it sends batches and lists, and receives outcomes.',
  'Every message carries the three headers of Standard Webhooks 1.0 (HMAC-SHA256 over `id.timestamp.body`, before compression). What is asked and fetched over HTTP is in openapi.json; words and rules are in providers/contract.md.',
  'Within a major version only additions are made: pass over members that you do not know. Two majors are served side by side for 90 days.',
].join('\n\n');

const HEADERS: Schema = {
  type: 'object',
  required: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  properties: {
    'webhook-id': { type: 'string', description: 'Constant over the tries of one message' },
    'webhook-timestamp': { type: 'string', pattern: '^\\d{1,12}$', description: 'Unix seconds of this try' },
    'webhook-signature': { type: 'string', description: 'One or more `v1,<base64>`, with a space between' },
  },
};

const channelOf = ({ name }: MessageSpec): string => name.replace(/Event$/, '').toLowerCase();

/** The document; the same code always gives the same one. */
export function describeEvents(): Record<string, unknown> {
  const named = <T>(value: (message: MessageSpec) => T, key: (message: MessageSpec) => string): Record<string, T> =>
    Object.fromEntries(MESSAGES.map((message) => [key(message), value(message)]));
  return {
    asyncapi: '3.0.0',
    info: { title: 'Saphan: events between hub and providers', version: '1.0.0', description: ABOUT },
    defaultContentType: 'application/cloudevents+json',
    servers: {
      provider: { host: 'receiver.example', protocol: 'https', description: 'The target of the provider’s profile' },
      hub: { host: 'hub.example', protocol: 'https', description: 'The hub' },
    },
    channels: named(
      ({ name, address, action, title }) => ({
        address,
        title,
        servers: [{ $ref: `#/servers/${action === 'send' ? 'provider' : 'hub'}` }],
        ...(address.includes('{code}') ? { parameters: { code: { description: 'Code of the provider' } } } : {}),
        messages: { [name]: { $ref: `#/components/messages/${name}` } },
      }),
      channelOf,
    ),
    operations: named(
      (message) => ({
        action: message.action,
        title: message.title,
        description: message.about,
        channel: { $ref: `#/channels/${channelOf(message)}` },
        messages: [{ $ref: `#/channels/${channelOf(message)}/messages/${message.name}` }],
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
      }),
      (message) => `${message.action}${message.name}`,
    ),
    components: {
      messages: named(
        ({ name, title }) => ({
          name,
          title,
          contentType: 'application/cloudevents+json',
          headers: HEADERS,
          payload: { $ref: `#/components/schemas/${name}` },
        }),
        ({ name }) => name,
      ),
      schemas: {
        ...PARTS,
        ...named(
          ({ schema }) => schema,
          ({ name }) => name,
        ),
      },
    },
  };
}
