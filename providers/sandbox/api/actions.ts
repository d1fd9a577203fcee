import type { SandboxClock } from '../types.js';
import { ApiError, notFound } from './errors.js';

export interface ActionResource {
  readonly id: number;
  readonly type: string;
}

export interface Action {
  readonly id: number;
  readonly command: string;
  status: 'running' | 'success' | 'error';
  progress: number;
  readonly started: string;
  finished: string | null;
  readonly resources: readonly ActionResource[];
  error: { code: string; message: string } | null;
  /** Milliseconds (unscaled) that it takes, so that a restart can finish it. */
  readonly takes: number;
}

/** Long-running operations. What one does when it ends is kept by command, so that it survives a restart. */
export class Actions {
  readonly all = new Map<number, Action>();
  #last = 0;

  constructor(
    private readonly clock: SandboxClock,
    private readonly ended: (action: Action) => void,
  ) {}

  start(command: string, resources: readonly ActionResource[], takes: number): Action {
    const action: Action = {
      id: (this.#last += 1),
      command,
      status: 'running',
      progress: 0,
      started: this.stamp(),
      finished: null,
      resources,
      error: null,
      takes,
    };
    this.all.set(action.id, action);
    this.schedule(action);
    return action;
  }

  /** One that is over at once. */
  done(command: string, resources: readonly ActionResource[]): Action {
    const action = this.start(command, resources, 0);
    this.finish(action);
    return action;
  }

  get(id: number): Action {
    const action = this.all.get(id);
    if (!action) throw notFound('action', id);
    return action;
  }

  /** @throws ApiError 423 while a change of this resource is under way */
  refuseWhileBusy(type: string, id: number): void {
    const busy = [...this.all.values()].some(
      (action) =>
        action.status === 'running' &&
        action.resources.some((resource) => resource.type === type && resource.id === id),
    );
    if (busy) throw new ApiError(423, 'locked', `${type} is locked`);
  }

  of(type: string, id: number): Action[] {
    return [...this.all.values()].filter((action) =>
      action.resources.some((resource) => resource.type === type && resource.id === id),
    );
  }

  snapshot(): { last: number; all: Action[] } {
    // Ended ones are asked for only shortly after.
    return { last: this.#last, all: [...this.all.values()].slice(-500) };
  }

  restore({ last, all }: { last: number; all: Action[] }): void {
    this.#last = last;
    for (const action of all) {
      this.all.set(action.id, action);
      if (action.status === 'running') this.schedule(action);
    }
  }

  private schedule(action: Action): void {
    this.clock.after(action.takes, () => this.finish(action));
  }

  private finish(action: Action): void {
    if (action.status !== 'running') return;
    action.status = 'success';
    action.progress = 100;
    action.finished = this.stamp();
    this.ended(action);
  }

  stamp(): string {
    return `${new Date(this.clock.now()).toISOString().slice(0, 19)}Z`;
  }
}

/** As the API shows it. */
export function showAction({ takes: _takes, ...action }: Action): unknown {
  return action;
}
