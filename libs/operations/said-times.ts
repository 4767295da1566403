// Days and moments as people in Thailand write them, in both languages; Buddhist years in Thai.
import type { Day } from '#contracts';

export interface Said {
  th: string;
  en: string;
}

const BANGKOK = { timeZone: 'Asia/Bangkok', day: 'numeric', month: 'short', year: 'numeric' } as const;
const CLOCK = { ...BANGKOK, hour: '2-digit', minute: '2-digit' } as const;
const format = {
  th: { day: new Intl.DateTimeFormat('th-TH', BANGKOK), moment: new Intl.DateTimeFormat('th-TH', CLOCK) },
  en: { day: new Intl.DateTimeFormat('en-GB', BANGKOK), moment: new Intl.DateTimeFormat('en-GB', CLOCK) },
};

/** Of a day, e.g. `19 มี.ค. 2563`, `19 Mar 2020`. */
export function day(value: Day): Said {
  const noon = new Date(`${value}T12:00:00+07:00`);
  return { th: format.th.day.format(noon), en: format.en.day.format(noon) };
}

/** Of a moment, on the clock in Bangkok. */
export function moment(value: Date): Said {
  return { th: format.th.moment.format(value), en: format.en.moment.format(value) };
}
