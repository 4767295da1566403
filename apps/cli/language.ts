// Thai or English, by the environment: LC_ALL, LC_MESSAGES, LANG, in the order that every program uses.

export type Language = 'th' | 'en';

export function languageOf(env: NodeJS.ProcessEnv): Language {
  const wanted = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return wanted.toLowerCase().startsWith('th') ? 'th' : 'en';
}

export interface Words {
  th: string;
  en: string;
}
