// Checks how a provider takes destination lists, and that its transport can carry them so.
import type { Sayer } from './validate-times.js';

type Fields = Record<string, unknown>;

const FIELDS: Record<string, readonly string[]> = {
  event: ['form'],
  file: ['form'],
  feed: ['form'],
  t8: ['form', 'apiRoot', 'scsAsId', 'allowedDelayS'],
};
const WEEK_S = 604_800;

/** Says what is wrong with `destinations`, each with what to write. */
export function checkDestinations(check: Sayer, profile: Fields): void {
  const wanted = profile['destinations'];
  if (wanted === undefined || wanted === null) return;
  const form = (wanted as Fields)['form'];
  const known = typeof form === 'string' && Object.hasOwn(FIELDS, form) ? FIELDS[form] : undefined;
  if (!known)
    return check.say(
      'destinations.form: write "event", "file", "feed" or "t8", or null instead of destinations for none',
    );
  for (const name of Object.keys(wanted))
    if (!known.includes(name))
      check.say(`destinations.${name} is not a field of the form "${String(form)}"; known are ${known.join(', ')}`);
  const kind = (profile['transport'] as Fields | null | undefined)?.['kind'];
  if (form === 'file' && kind !== 'sftp')
    check.say('destinations.form: "file" needs transport.kind "sftp"; a webhook has "event", "t8" or "feed"');
  if ((form === 'event' || form === 't8') && kind !== 'webhook')
    check.say(`destinations.form: "${form}" needs transport.kind "webhook"; sftp has "file" or "feed"`);
  if (form === 't8') checkT8(check, wanted as Fields);
}

function checkT8(check: Sayer, { apiRoot, scsAsId, allowedDelayS }: Fields): void {
  const url = typeof apiRoot === 'string' && URL.canParse(apiRoot) ? new URL(apiRoot) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash)
    check.say('destinations.apiRoot: write the address before /3gpp-pfd-management, e.g. "https://nef.example.co.th"');
  if (typeof scsAsId !== 'string' || !/^[\w.-]{1,64}$/.test(scsAsId))
    check.say('destinations.scsAsId: write the id that the provider gave to ONDE as SCS/AS, e.g. "onde-wah"');
  if (
    typeof allowedDelayS !== 'number' ||
    !Number.isInteger(allowedDelayS) ||
    allowedDelayS < 1 ||
    allowedDelayS > WEEK_S
  )
    check.say(
      `destinations.allowedDelayS: write the seconds until it must be enforced, a whole number from 1 to ${WEEK_S}`,
    );
}
