// Checks when a provider may be sent to, and when it expects its proof of life: clock times in Bangkok.

/** Who collects faults. */
export interface Sayer {
  say(fault: string): void;
}

type Fields = Record<string, unknown>;

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const WRITE_WINDOW =
  'write e.g. {"from": "22:00", "to": "04:00"} (Bangkok), may have "days": [1,2,3,4,5], 1 being Monday';

/** Says what is wrong with `deliveryWindows` and `proofOfLifeAt`, each with what to write. */
export function checkTimes(check: Sayer, profile: Fields): void {
  const windows = profile['deliveryWindows'] ?? [];
  if (!Array.isArray(windows)) return check.say('deliveryWindows: write a list; [] or nothing is always open');
  const good = windows.filter((one, i) => isWindow(check, one, i));
  const at = profile['proofOfLifeAt'];
  if (at === undefined || at === null) return;
  if (typeof at !== 'string' || !TIME.test(at))
    return check.say('proofOfLifeAt: write a time of the day in Bangkok, e.g. "17:00", or null for none');
  if (profile['format'] !== 'hdt' && profile['format'] !== 'cloudevents')
    check.say('proofOfLifeAt: only the formats "hdt" and "cloudevents" can carry a batch without lines; write null');
  // Outside of every window it would wait for the next one, perhaps on another day, whose proof it is not.
  if (good.length > 0 && good.length === windows.length && !good.some((one) => covers(one, at)))
    check.say('proofOfLifeAt: it lies in no delivery window; write a time at which it may be sent');
}

interface Window {
  from: string;
  to: string;
}

function isWindow(check: Sayer, value: unknown, i: number): value is Window {
  const path = `deliveryWindows[${i}]`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    check.say(`${path}: ${WRITE_WINDOW}`);
    return false;
  }
  const { from, to, days, ...others } = value as Fields;
  const faults: string[] = [];
  if (typeof from !== 'string' || !TIME.test(from)) faults.push('from: write a time such as "22:00"');
  if (typeof to !== 'string' || !(TIME.test(to) || to === '24:00')) faults.push('to: write a time such as "04:00"');
  if (typeof from === 'string' && from === to)
    faults.push('to: it shuts when it opens; for the whole day write "00:00" to "24:00"');
  const isDay = (day: unknown): boolean => typeof day === 'number' && Number.isInteger(day) && day >= 1 && day <= 7;
  if (days !== undefined && (!Array.isArray(days) || days.length === 0 || !days.every(isDay)))
    faults.push('days: write numbers from 1 (Monday) to 7 (Sunday), or leave it out for every day');
  for (const name of Object.keys(others)) faults.push(`${name} is not a field; known are from, to, days`);
  for (const fault of faults) check.say(`${path}.${fault}`);
  return faults.length === 0;
}

/** Times of the day compare as texts. */
function covers({ from, to }: Window, at: string): boolean {
  return from < to ? from <= at && at < to : from <= at || at < to;
}
