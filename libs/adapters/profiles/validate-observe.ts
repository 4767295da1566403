// Checks how a provider is observed, and that it goes with its transport.
import type { Checker, Fields } from './checker.js';

const SNAPSHOT_FIELDS = ['by', 'everyS', 'onRequest', 'waitS', 'leastPercent', 'maxBytes'];
const MONTH_S = 30 * 86_400;

/** Says what is wrong with `observe`. */
export function checkObserve(check: Checker, profile: Fields, secrets: Fields | null): void {
  if (profile['observe'] === undefined || profile['observe'] === null) return;
  const observe = check.object(profile['observe'], 'observe', ['digests', 'snapshot']);
  if (!observe) return;
  check.yesNo(observe['digests'], 'observe.digests');
  if (observe['digests'] === true && !secrets?.['digest'])
    check.say('observe.digests: digests need a secret that both sides hold; name it in secrets.digest, or write false');
  if (observe['digests'] === true && (profile['format'] === 'hdt' || profile['format'] === 'tmf641'))
    check.say(
      'observe.digests: only a webhook of the feed contract ("cloudevents", "thin") serves digests; write false',
    );
  if (observe['snapshot'] !== null) checkSnapshot(check, profile, observe['snapshot']);
}

function checkSnapshot(check: Checker, profile: Fields, value: unknown): void {
  const path = 'observe.snapshot';
  const form = check.object(value, path, SNAPSHOT_FIELDS);
  if (!form) return;
  const kind = (profile['transport'] as Fields | null | undefined)?.['kind'];
  check.word(form['by'], `${path}.by`, ['file', 'api']);
  if (form['by'] === 'file' && kind === 'webhook') check.say(`${path}.by: a webhook has no files; write "api"`);
  if (form['by'] === 'api' && kind === 'sftp') check.say(`${path}.by: over sftp the list is a file; write "file"`);
  if (form['everyS'] !== null)
    check.whole(form['everyS'], `${path}.everyS`, 10, MONTH_S, 'seconds from one whole list to the next (or null)');
  check.whole(
    form['leastPercent'],
    `${path}.leastPercent`,
    1,
    100,
    'the least percent of what it was acknowledged to hold that a list must have',
  );
  check.whole(form['maxBytes'], `${path}.maxBytes`, 65_536, 10_737_418_240, 'the longest list in bytes, unpacked');
  if (form['by'] === 'api')
    for (const name of ['onRequest', 'waitS'])
      if (name in form) check.say(`${path}.${name}: an API answers at once; leave it out`);
  if (form['by'] !== 'file') return;
  check.yesNo(form['onRequest'], `${path}.onRequest`);
  if (form['waitS'] !== undefined)
    check.whole(form['waitS'], `${path}.waitS`, 1, 3_600, 'seconds to wait for a list that was asked for');
}
