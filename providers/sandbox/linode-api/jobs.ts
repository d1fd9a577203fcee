import type { SandboxClock } from '../types.js';

/** What comes of something that takes its time, as data: it outlives a restart of the sandbox. */
export type Effect =
  | { readonly kind: 'instance.provisioned'; readonly id: number }
  | { readonly kind: 'instance.booted'; readonly id: number }
  | { readonly kind: 'instance.off'; readonly id: number }
  | { readonly kind: 'instance.rebooted'; readonly id: number }
  | { readonly kind: 'instance.gone'; readonly id: number }
  | { readonly kind: 'volume.active'; readonly id: number }
  | { readonly kind: 'volume.attached'; readonly id: number; readonly linode: number }
  | { readonly kind: 'volume.detached'; readonly id: number }
  | { readonly kind: 'lke.answers'; readonly id: number }
  | { readonly kind: 'lke.provision'; readonly id: number; readonly node: string }
  | { readonly kind: 'lke.join'; readonly id: number; readonly node: string }
  | { readonly kind: 'lke.left'; readonly id: number; readonly node: string };

/** Something that runs: nobody else changes its subject meanwhile. */
export interface Job {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
  readonly effect: Effect;
  /** The event that tells of it. */
  readonly event: number | null;
}

export interface JobsPort {
  readonly clock: SandboxClock;
  readonly timeScale: () => number;
  readonly newId: () => number;
  readonly done: (job: Job) => void;
}

/** The cloud's work under way. */
export class Jobs {
  readonly #running = new Map<number, Job>();
  readonly #timers = new Map<number, () => void>();

  constructor(private readonly port: JobsPort) {}

  /** @param ms milliseconds of a real cloud */
  start(effect: Effect, ms: number, event: number | null): void {
    const { clock, timeScale, newId } = this.port;
    const job = { id: newId(), dueAt: clock.now() + ms * timeScale(), effect, event };
    this.#running.set(job.id, job);
    this.#schedule(job, ms);
  }

  /** Whether something runs on an instance. */
  isBusy(instance: number): boolean {
    return [...this.#running.values()].some(
      ({ effect }) =>
        (effect.kind.startsWith('instance.') && effect.id === instance) ||
        ('linode' in effect && effect.linode === instance),
    );
  }

  isWorkedOn(kind: string, id: number): boolean {
    return [...this.#running.values()].some(({ effect }) => effect.kind.startsWith(`${kind}.`) && effect.id === id);
  }

  snapshot(): Job[] {
    return structuredClone([...this.#running.values()]);
  }

  /** What ran goes on: it ends when it would have ended, or at once if that time has passed. */
  restore(jobs: readonly Job[]): void {
    this.stop();
    for (const job of structuredClone(jobs)) {
      this.#running.set(job.id, job);
      const left = Math.max(0, job.dueAt - this.port.clock.now());
      this.#schedule(job, this.port.timeScale() > 0 ? left / this.port.timeScale() : 0);
    }
  }

  /** Cancels every timer; nothing ends any more. */
  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#running.clear();
  }

  #schedule(job: Job, ms: number): void {
    this.#timers.set(
      job.id,
      this.port.clock.after(ms, () => {
        this.#timers.delete(job.id);
        this.#running.delete(job.id);
        this.port.done(job);
      }),
    );
  }
}
