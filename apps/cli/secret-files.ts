// Secrets on their way in and out of the command line: from files and the environment, into files; never printed, never typed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CliError, EXIT } from './exit-codes.js';

/** Collects an option that may be given several times. */
export function several(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** The text of a file, without the newline at its end. @throws CliError `usage` */
export function fromFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new CliError(EXIT.usage, `The file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? ''}`);
  }
}

export function jsonFromFile(file: string): object {
  const text = fromFile(file);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below; the parser's own words would quote the file.
  }
  throw new CliError(EXIT.usage, `${file} holds no JSON object.`);
}

/** @throws CliError `usage` when the variable is not set */
export function fromEnv(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new CliError(EXIT.usage, `The environment has no ${name}.`);
  return value;
}

/** `name=where` options as secrets by name. */
export function secretsFrom(
  options: { secretFile?: string[]; secretEnv?: string[] },
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const secrets: Record<string, string> = {};
  const each = (given: string[] | undefined, read: (where: string) => string): void => {
    for (const one of given ?? []) {
      const at = one.indexOf('=');
      if (at < 1)
        throw new CliError(EXIT.usage, 'Write NAME=FILE or NAME=VARIABLE, with the name as the profile has it.');
      secrets[one.slice(0, at)] = read(one.slice(at + 1));
    }
  };
  each(options.secretFile, fromFile);
  each(options.secretEnv, (name) => fromEnv(env, name));
  return secrets;
}

/** What the provider must be given. */
export interface Give {
  name: string;
  what: string;
  text: string;
  secret: boolean;
}

/** Writes it into a folder, readable by its owner only, and tells where instead of what. Files that are there stay. */
export function keepGives(
  gives: Give[],
  folder: string | undefined,
): (Omit<Give, 'text'> & { text?: string; file?: string })[] {
  return gives.map(({ text, ...give }) => {
    if (folder === undefined) return give.secret ? give : { ...give, text };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = path.join(folder, give.name);
    try {
      writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      throw new CliError(
        EXIT.failed,
        `${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? ''}). The key was proposed and its secret is lost: cancel the change and propose it again.`,
      );
    }
    return { ...give, file };
  });
}

/** Fails before anything is made when a secret could not be kept. */
export function checkFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CliError(
      EXIT.usage,
      `The folder ${folder} cannot be used: ${(error as NodeJS.ErrnoException).code ?? ''}`,
    );
  }
}
