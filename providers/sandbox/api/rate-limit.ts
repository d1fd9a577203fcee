/** 3600 requests an hour, refilled one a second; in the sandbox seconds are as fast as everything else. */
export class RateLimit {
  readonly limit = 3600;
  #left = this.limit;
  #at: number;

  constructor(
    private readonly now: () => number,
    private readonly timeScale: () => number,
  ) {
    this.#at = now();
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    const now = this.now();
    const seconds = (now - this.#at) / 1000 / Math.max(this.timeScale(), 0.0001);
    this.#left = Math.min(this.limit, this.#left + seconds);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  headers(): Record<string, string> {
    const full = this.now() / 1000 + (this.limit - this.#left) * this.timeScale();
    return {
      'RateLimit-Limit': String(this.limit),
      'RateLimit-Remaining': String(Math.floor(this.#left)),
      'RateLimit-Reset': String(Math.ceil(full)),
    };
  }
}
