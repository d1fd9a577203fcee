/** One kind of request, of which an account may send so many in a window. */
export interface RateClass {
  readonly name: string;
  readonly limit: number;
  readonly seconds: number;
}

const general: RateClass = { name: 'general', limit: 1_600, seconds: 60 };
const lists: RateClass = { name: 'lists', limit: 200, seconds: 60 };

const classes: Readonly<Record<string, RateClass>> = {
  'POST /linode/instances': { name: 'create instance', limit: 20, seconds: 15 },
  'POST /volumes': { name: 'create volume', limit: 100, seconds: 60 },
  'GET /images': { name: 'list images', limit: 20, seconds: 60 },
};

/** @param paged whether the answer is a list in pages */
export const classOf = (method: string, path: string, paged: boolean): RateClass =>
  classes[`${method} ${path}`] ?? (paged ? lists : general);

export interface Standing {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** UNIX second at which the window ends. */
  readonly reset: number;
  /** Seconds until then. */
  readonly wait: number;
}

/** Fixed windows, which pass as fast as everything in the sandbox; with a scale of 0 nothing is ever too much. */
export class RateLimits {
  readonly #windows = new Map<string, { until: number; count: number }>();

  take({ name, limit, seconds }: RateClass, now: number, timeScale: number): Standing {
    const length = seconds * 1_000 * timeScale;
    const before = this.#windows.get(name);
    const window = before && before.until > now ? before : { until: now + length, count: 0 };
    this.#windows.set(name, window);
    const allowed = window.count < limit;
    if (allowed) window.count += 1;
    const wait = Math.ceil((window.until - now) / 1_000 / (timeScale || 1));
    return { allowed, limit, remaining: limit - window.count, reset: Math.ceil(window.until / 1_000), wait };
  }
}
