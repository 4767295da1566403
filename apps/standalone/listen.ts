// Listening where it was wanted, or, when that port is taken, on a free one that is then shown.
import type { NestExpressApplication } from '@nestjs/platform-express';

/** Returns the address. Throws for anything but a port that is taken. */
export async function listenSomewhere(
  api: NestExpressApplication,
  host: string,
  port: number,
  say: (text: string) => void,
): Promise<string> {
  try {
    await api.listen(port, host);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    say(`Port ${port} is taken by another program; a free one is used instead (set SAPHAN_PORT to choose).`);
    await api.listen(0, host);
  }
  const { port: actual } = api.getHttpServer().address() as { port: number };
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}
