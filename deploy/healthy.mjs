// Health of a container without HTTP, such as a worker: its process runs and reaches what it needs. Exit code 0 or 1.
// node deploy/healthy.mjs dist/apps/worker/main.js
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const wanted = process.argv[2] ?? '';

/** Rejects unless a TCP connection to the address is accepted within two seconds. */
function reach(address, port) {
  return new Promise((resolve, reject) => {
    const { hostname, port: given } = new URL(address);
    const socket = connect({ host: hostname, port: Number(given || port), timeout: 2000 });
    socket.once('connect', () => resolve(socket.destroy()));
    socket.once('timeout', () => reject(new Error(`${hostname} does not answer`)));
    socket.once('error', reject);
  });
}

try {
  if (!readFileSync('/proc/1/cmdline', 'utf8').includes(wanted)) throw new Error(`${wanted} does not run`);
  await reach(process.env.DATABASE_URL, 5432);
  if (process.env.REDIS_URL) await reach(process.env.REDIS_URL, 6379);
  process.exit(0);
} catch (error) {
  // The address may hold a password: only the reason is told.
  console.error(error.message);
  process.exit(1);
}
