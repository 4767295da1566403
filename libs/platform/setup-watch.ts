// Profiles and secrets that change while the hub runs: every process is notified, reads them anew, and tells its parts.
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from './config.js';
import type { Logger } from './log.js';
import { SETUP_CHANNEL, type ProviderDirectory } from './provider-directory.js';
import type { SecretStore } from './secrets.js';
import { listen } from './wake-up.js';

type Follower = () => void | Promise<void>;

@Injectable()
export class SetupWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private listening: { close(): Promise<void> } | null = null;
  private readonly followers: Follower[] = [];
  private running: Promise<void> | null = null;
  private again = false;
  private closed = false;

  constructor(
    private readonly config: Config,
    private readonly directory: ProviderDirectory,
    private readonly secrets: SecretStore,
    private readonly log: Logger,
  ) {}

  /** Called in order after each reading, with everything new in the directory and the secret store. */
  follow(follower: Follower): void {
    this.followers.push(follower);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.listening = await listen(
      this.config.database.url,
      SETUP_CHANNEL,
      () => void this.reload(),
      // What was said while nobody listened is lost, so everything is read.
      () => void this.reload(),
    );
    // What changed between the first reading and now.
    await this.reload();
  }

  /**
   * Reads profiles and secrets and tells the followers. Never throws: the old ones stay in use, and the log says why.
   * Resolves when what was in the database at the call is in use.
   */
  async reload(): Promise<void> {
    if (this.closed) return;
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.readAll().finally(() => (this.running = null));
    return this.running;
  }

  private async readAll(): Promise<void> {
    do {
      this.again = false;
      try {
        await this.secrets.reload();
        await this.directory.reload();
        for (const follower of this.followers) await follower();
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown';
        this.log.error({ event: 'profiles or secrets could not be read again', reason });
      }
    } while (this.again && !this.closed);
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    await this.listening?.close();
    await this.running;
  }
}
