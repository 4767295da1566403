// The hub as the command line talks to it: where it is, with which key, and what its refusals mean.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import axios, { isAxiosError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { CliError, EXIT } from './exit-codes.js';
import type { Language } from './language.js';

export interface Connection {
  url: string;
  key: string | null;
  /** Where this was found, for the doctor. */
  from: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Where standalone may have left the address and the first key: its data folder, or the one it takes for root. */
function ownFiles(env: NodeJS.ProcessEnv, cwd: string): string[] {
  const folders = env['SAPHAN_DATA']
    ? [path.resolve(cwd, env['SAPHAN_DATA'])]
    : [path.join(cwd, '.saphan'), path.join('/var/lib/saphan', cwd.replaceAll(path.sep, '_'))];
  return folders.map((folder) => path.join(folder, 'cli.json'));
}

/** SAPHAN_URL and SAPHAN_KEY come first; what they leave open is taken from the standalone's file. */
export function findConnection(env: NodeJS.ProcessEnv, cwd: string): Connection {
  const file = ownFiles(env, cwd).find((each) => existsSync(each));
  const kept = file ? (JSON.parse(readFileSync(file, 'utf8')) as { url?: string; key?: string }) : {};
  return {
    url: env['SAPHAN_URL'] ?? kept.url ?? DEFAULT_URL,
    // A key is for the hub that it was made at: another address needs its own.
    key: env['SAPHAN_KEY'] ?? (env['SAPHAN_URL'] && env['SAPHAN_URL'] !== kept.url ? null : (kept.key ?? null)),
    from: env['SAPHAN_URL'] ? 'SAPHAN_URL' : (file ?? 'default'),
  };
}

interface Problem {
  title?: string;
  detail?: string;
  detailTh?: string;
  errors?: { pointer?: string; row?: number; detail: string; detailTh?: string; remedy?: string; remedyTh?: string }[];
}

/** A problem as lines for a person. */
function problemText(problem: Problem, language: Language): string {
  const th = language === 'th';
  const head = `${problem.title ?? 'Refused'}: ${(th && problem.detailTh) || problem.detail || ''}`;
  const items = (problem.errors ?? []).slice(0, 20).map((item) => {
    const where = item.row !== undefined ? `${th ? 'แถว' : 'row'} ${item.row}` : (item.pointer ?? '');
    const remedy = (th && item.remedyTh) || item.remedy || '';
    return `  ${where}  ${(th && item.detailTh) || item.detail}${remedy ? ` ${remedy}` : ''}`;
  });
  return [head, ...items].join('\n');
}

export class HubClient {
  private readonly http: AxiosInstance;

  constructor(
    readonly connection: Connection,
    private readonly language: Language,
  ) {
    this.http = axios.create({
      baseURL: connection.url,
      headers: connection.key ? { Authorization: `Bearer ${connection.key}` } : {},
      validateStatus: () => true,
      // A redirect would take the key and the numbers somewhere else.
      maxRedirects: 0,
      maxBodyLength: Number.POSITIVE_INFINITY,
      maxContentLength: Number.POSITIVE_INFINITY,
      proxy: false,
    });
  }

  async get<T>(address: string, config?: AxiosRequestConfig): Promise<T> {
    return (await this.request<T>({ ...config, method: 'GET', url: address })).data;
  }

  async post<T>(address: string, body: unknown, config?: AxiosRequestConfig): Promise<T> {
    return (await this.request<T>({ ...config, method: 'POST', url: address, data: body })).data;
  }

  /** @throws CliError `notReachable`, `refused` (4xx) or `failed` (5xx) */
  async request<T>(config: AxiosRequestConfig): Promise<AxiosResponse<T>> {
    let answer: AxiosResponse<T>;
    try {
      answer = await this.http.request<T>(config);
    } catch (error) {
      if (!isAxiosError(error)) throw error;
      const where = `${this.connection.url} (${error.code ?? error.message})`;
      throw new CliError(
        EXIT.notReachable,
        this.language === 'th'
          ? `ติดต่อศูนย์กลางไม่ได้ที่ ${where} ตรวจสอบว่าเปิดระบบแล้ว (npm start) หรือกำหนด SAPHAN_URL`
          : `The hub cannot be reached at ${where}. Start it (npm start), or set SAPHAN_URL.`,
      );
    }
    if (answer.status < 300) return answer;
    const problem = await problemOf(answer);
    throw new CliError(
      answer.status >= 500 ? (answer.status === 503 ? EXIT.notReachable : EXIT.failed) : EXIT.refused,
      this.explain(problem, answer.status),
      problem,
    );
  }

  private explain(problem: Problem, status: number): string {
    const text = problemText(problem, this.language);
    if (status !== 401 || this.connection.key) return text;
    return `${text}\n${this.language === 'th' ? 'กำหนดกุญแจด้วย SAPHAN_KEY' : 'Set SAPHAN_KEY to an API key of this hub.'}`;
  }
}

/** The problem in an answer, also when the answer was asked for as a stream. */
async function problemOf(answer: AxiosResponse<unknown>): Promise<Problem> {
  const { data } = answer;
  if (typeof data === 'object' && data !== null && Symbol.asyncIterator in data) {
    const pieces: Buffer[] = [];
    for await (const piece of data as AsyncIterable<Buffer>) pieces.push(piece);
    try {
      return JSON.parse(Buffer.concat(pieces).toString('utf8')) as Problem;
    } catch {
      return { title: `HTTP ${answer.status}` };
    }
  }
  return typeof data === 'object' && data !== null
    ? data
    : { title: `HTTP ${answer.status}`, detail: 'this does not look like the hub' };
}
