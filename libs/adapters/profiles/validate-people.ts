// Checks the lines that a provider named for tests, the people to ask, and the names it goes by.
import type { Checker, Fields } from './checker.js';

const ROLES = ['technical', 'operations', 'business'];

/** Says what is wrong with `testLines`, `contacts`, `otherNames` and `successor`. Never repeats a line. */
export function checkPeople(check: Checker, profile: Fields): void {
  checkTestLines(check, profile);
  each(check, profile['contacts'], 'contacts', 20, (one, path) => {
    const contact = check.object(one, path, ['role', 'name', 'email']);
    if (!contact) return;
    check.word(contact['role'], `${path}.role`, ROLES);
    check.text(contact['name'], `${path}.name`, /^\S.{0,119}$/u, 'the name of the person or desk');
    check.text(
      contact['email'],
      `${path}.email`,
      /^[^\s@]{1,64}@[^\s@]{1,190}$/,
      'an address, e.g. "noc@example.co.th"',
    );
  });
  if (profile['otherNames'] !== undefined) {
    const isName = (one: unknown): boolean => typeof one === 'string' && /^\S.{0,79}$/u.test(one);
    check.list(
      profile['otherNames'],
      'otherNames',
      0,
      isName,
      'names by which files call it, each once, or leave it out',
    );
  }
  const successor = profile['successor'];
  if (successor !== undefined && successor !== null) {
    check.text(successor, 'successor', /^[A-Z0-9]{2,8}$/, 'the code of the provider that has its lines now, or null');
    if (successor === profile['code'])
      check.say('successor: a provider cannot follow itself; write another code, or null');
  }
}

function checkTestLines(check: Checker, profile: Fields): void {
  const { accesses, circuitPattern } = profile;
  const seen = new Set<string>();
  each(check, profile['testLines'], 'testLines', 100, (one, path) => {
    const line = check.object(one, path, ['access', 'line']);
    if (!line) return;
    check.word(line['access'], `${path}.access`, ['MB', 'FB']);
    if (Array.isArray(accesses) && !accesses.includes(line['access']))
      check.say(`${path}.access: this provider has no such lines; write one of its accesses`);
    const circuit = line['access'] === 'FB';
    const fits = circuit ? circuitRule(circuitPattern) : /^\+66[689]\d{8}$/;
    const what = circuit ? 'a circuit number that fits circuitPattern' : 'a mobile number as +66 and nine digits';
    check.text(line['line'], `${path}.line`, fits, what);
    const key = JSON.stringify([line['access'], line['line']]);
    if (seen.has(key)) check.say(`${path}.line: this line is listed twice; leave one out`);
    seen.add(key);
  });
}

function circuitRule(pattern: unknown): RegExp {
  try {
    if (typeof pattern === 'string') return new RegExp(pattern, 'u');
  } catch {
    // What is wrong with the pattern is said where it is checked.
  }
  return /^[\w/-]{1,40}$/;
}

function each(
  check: Checker,
  value: unknown,
  path: string,
  most: number,
  look: (one: unknown, path: string) => void,
): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || value.length > most)
    return check.say(`${path}: write a list of at most ${most}, or leave it out`);
  value.forEach((one: unknown, i) => look(one, `${path}[${i}]`));
}
