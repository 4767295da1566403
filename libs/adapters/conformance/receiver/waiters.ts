// Waiting for a fact that a server of our own will learn: woken whenever something came.

export class Waiters {
  private readonly waiting = new Set<() => void>();

  /** Everybody looks again. */
  wake(): void {
    for (const done of this.waiting) done();
  }

  /** Resolves with true when the condition holds, with false when the time (milliseconds) is over. */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    const end = Date.now() + limitMs;
    while (!condition()) {
      const left = end - Date.now();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, left);
        this.waiting.add(done);
      });
    }
    return true;
  }
}
