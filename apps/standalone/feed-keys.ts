// Simulated providers that fetch need an API key of this hub: made once, kept in the home folder, told at every start.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DataSource } from 'typeorm';
import { createApiKey } from '#operations';
import { HUB_ACTOR_ID } from '#platform';
import { writePrivate, type Home } from './home.js';

const FILE = 'feed-keys.json';

/** @param announced the simulators by code, each with its style and the address of its control endpoint */
export async function tellFeedKeys(
  source: DataSource,
  home: Home,
  announced: Record<string, { style?: string; control: string }>,
): Promise<void> {
  const file = path.join(home.dir, FILE);
  const keys = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
  for (const [code, { style, control }] of Object.entries(announced)) {
    if (style !== 'pull') continue;
    if (keys[code] === undefined) {
      const made = await createApiKey(source, { name: `${code} feed`, scopes: [`provider:${code}`] }, HUB_ACTOR_ID);
      keys[code] = made.key;
      writePrivate(home, FILE, JSON.stringify(keys));
    }
    await fetch(`${control}/feed-key`, { method: 'PUT', body: JSON.stringify({ key: keys[code] }) });
  }
}
