// A small mixed load over six providers, as agencies make it: files with new and changed lines, cancellations, withdrawals.
import { CODES, type Code, type FaultHub } from './fault-hub.js';

const HEADER = 'หน่วยงาน,เลขอ้างอิง,ผู้ให้บริการ,ประเภท,หมายเลข,วันที่เริ่ม,ยืนยันเมื่อ,ผู้ยืนยัน,เลขที่หนังสือ\n';

export interface LoadedLine {
  reference: string;
  provider: Code;
  access: 'MB' | 'FB';
  number: string;
}

function row(agency: string, { reference, provider, access, number }: LoadedLine): string {
  return `${agency},${reference},${provider},${access},${number},19/03/2563,2020-03-18,ผอ.,ดศ 1/2563\n`;
}

export class Load {
  private count = 0;
  private days = 0;
  /** Lines that are registered, oldest first. */
  readonly lines: LoadedLine[] = [];

  constructor(private readonly hub: FaultHub) {}

  fresh(count: number, providers: readonly Code[] = CODES): LoadedLine[] {
    return Array.from({ length: count }, (_, i) => {
      this.count += 1;
      const provider = providers[i % providers.length] ?? 'AIS';
      const access = provider === '3BB' ? 'FB' : 'MB';
      const number = access === 'MB' ? `081${String(1_000_000 + this.count)}` : String(2_000_000_000 + this.count);
      return { reference: `r${this.count}`, provider, access, number };
    });
  }

  /** Uploads a file; returns the run's number. */
  async upload(lines: readonly LoadedLine[], options: Record<string, string> = {}, agency = 'G0001'): Promise<number> {
    const text = HEADER + lines.map((line) => row(agency, line)).join('');
    const { data } = await this.hub.onde.post<{ runId: number }>('/v1/imports', text, {
      headers: { 'content-type': 'text/csv' },
      params: options,
    });
    return data.runId;
  }

  /**
   * New lines and changed ones in a file, one cancelled, one withdrawn; what the queue does with the file is the
   * worker's. Returns the run's number.
   */
  async more(count = 24, providers: readonly Code[] = CODES): Promise<number> {
    const fresh = this.fresh(count, providers);
    this.days += 1;
    const validTo = new Date(Date.now() + (30 + this.days) * 86_400_000).toISOString().slice(0, 10);
    const changed = this.lines.filter(({ provider }) => providers.includes(provider)).slice(0, 12);
    const run = await this.upload([...fresh, ...changed], { validTo });
    const [cancelled, withdrawn] = this.lines.splice(0, 2);
    // Its file may not be read yet.
    if (cancelled && !(await this.cancel(cancelled))) this.lines.push(cancelled);
    if (withdrawn) await this.withdraw(withdrawn);
    this.lines.push(...fresh);
    return run;
  }

  /** False when nothing of it is registered yet. */
  async cancel({ reference }: LoadedLine, agency = 'G0001'): Promise<boolean> {
    const { status } = await this.hub.onde.post(
      '/v1/registrations/cancel',
      { agency, reference },
      { validateStatus: (code) => code === 200 || code === 404 },
    );
    return status === 200;
  }

  async withdraw({ access, number, provider }: LoadedLine): Promise<void> {
    await this.hub.onde.post('/v1/withdrawals', { access, number, provider, reason: 'asked out' });
  }

  async register({ reference, provider, access, number }: LoadedLine): Promise<void> {
    await this.hub.onde.post('/v1/registrations', {
      agency: 'G0001',
      reference,
      confirmation: { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'ผอ.', document: 'ดศ 1/2563' },
      lines: [{ provider, access, number, validFrom: '2020-03-19' }],
    });
  }
}
