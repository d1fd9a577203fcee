import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Random } from '../random.js';
import { ScaledClock } from '../clock.js';
import type { CloudView, MachineHost, Persistent, PortProbe, SandboxClock, SandboxProfile } from '../types.js';
import { actionRoutes } from './action-routes.js';
import { Actions } from './actions.js';
import { balancerActionRoutes } from './balancer-actions.js';
import { balancerRoutes } from './balancers.js';
import { catalogueRoutes } from './catalogue-routes.js';
import { applyEffect } from './effect-handlers.js';
import { Faults } from './faults.js';
import { firewallRoutes } from './firewalls.js';
import { direct, serve, type DirectCall, type HttpPort, type Token } from './http.js';
import { imageRoutes } from './images.js';
import { networkActionRoutes } from './network-actions.js';
import { networkRoutes } from './networks.js';
import { placementGroupRoutes } from './placement-groups.js';
import { pricingRoutes } from './pricing.js';
import { primaryIpRoutes } from './primary-ips.js';
import { take, type BucketState } from './rate-limit.js';
import { Router, type ApiAnswer } from './routes.js';
import { serverRoutes } from './server-routes.js';
import { sshKeyRoutes } from './ssh-keys.js';
import { emptyTables, fillTables, tablesToJson, type CloudState } from './state.js';
import { allowedIn, resolveFrom, viewOf } from './view.js';
import { volumeRoutes } from './volumes.js';
import { defaultLimits, type Limits, type World } from './world.js';

export { Faults, type Fault, type OrderedFault } from './faults.js';
export type { CloudState } from './state.js';
export type { DirectCall, Token } from './http.js';
export { defaultLimits, type Limits } from './world.js';

export interface CloudOptions {
  /** As a function, where it may change while the sandbox runs. */
  readonly profile: SandboxProfile | (() => SandboxProfile);
  readonly clock: SandboxClock;
  readonly host: MachineHost;
  readonly probe: PortProbe;
  readonly tokens: readonly Token[];
  readonly random: Random;
  /** What the account may have; Hetzner's usual numbers where nothing is said. */
  readonly limits?: Partial<Limits>;
  /** For `delayMs`, which is not scaled. */
  readonly realClock?: Pick<SandboxClock, 'after'>;
  /** Told after each answer and each end of an action, so that the state can be stored. */
  readonly changed?: () => void;
}

const routes = [
  ...actionRoutes,
  ...serverRoutes,
  ...sshKeyRoutes,
  ...networkRoutes,
  ...networkActionRoutes,
  ...firewallRoutes,
  ...placementGroupRoutes,
  ...balancerRoutes,
  ...balancerActionRoutes,
  ...volumeRoutes,
  ...primaryIpRoutes,
  ...imageRoutes,
  ...catalogueRoutes,
  ...pricingRoutes,
];

/** Ids begin here, far from those of the catalogue. */
const firstId = 1_000_000;

/** The Hetzner Cloud API of one project, which rents out the machines of a `MachineHost`. */
export class Cloud implements CloudView, Persistent<CloudState> {
  readonly faults = new Faults();
  readonly #world: World;
  readonly #http: HttpPort;
  readonly #bucket: BucketState;
  #limits: Limits;
  #calls = 0;

  constructor(options: CloudOptions) {
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#bucket = { tokens: this.#limits.rate.size, at: options.clock.now() };
    this.#world = this.#makeWorld(options);
    this.#http = {
      world: this.#world,
      router: new Router(routes),
      tokens: options.tokens,
      realClock: options.realClock ?? new ScaledClock(1),
      takeRate: () => {
        this.#calls += 1;
        return take(this.#bucket, this.#limits.rate, options.clock.now(), this.#world.profile.timeScale);
      },
      answered: () => options.changed?.(),
    };
  }

  /** How many requests came since this cloud was made, for measurements. */
  get calls(): number {
    return this.#calls;
  }

  /** Serves `/v1/...`. Never throws; a mistake of the sandbox's own is answered with status 500. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    serve(this.#http, request, response).catch(() => response.destroy());
  }

  /** A request from inside the sandbox. Never throws: errors are answers. */
  call(call: DirectCall): ApiAnswer {
    return direct(this.#http, call);
  }

  /** What the account may have from now on. */
  setLimits(limits: Partial<Limits>): void {
    this.#limits = { ...this.#limits, ...limits };
  }

  allowed(serverId: number, port: number, source: string): boolean {
    return allowedIn(this.#world, serverId, port, source);
  }

  resolve(fromServerId: number, address: string, port: number): readonly number[] {
    return resolveFrom(this.#world, fromServerId, address, port);
  }

  server(id: number) {
    return viewOf(this.#world, id);
  }

  snapshot(): CloudState {
    return {
      format: 1,
      tables: tablesToJson(this.#world.tables),
      counters: { ...this.#world.counters },
      actions: this.#world.actions.snapshot(),
      faults: this.faults.snapshot(),
      bucket: { ...this.#bucket },
    };
  }

  /** Takes over a snapshot whole. The machines are the host's to restore; actions that ran end when they would have. */
  restore(state: CloudState): void {
    if (state.format !== 1) throw new RangeError('the stored cloud is of another version of the sandbox');
    fillTables(this.#world.tables, state.tables);
    Object.assign(this.#world.counters, state.counters);
    Object.assign(this.#bucket, state.bucket);
    this.faults.restore(state.faults);
    this.#world.actions.restore(state.actions);
  }

  /** Cancels all timers. */
  close(): void {
    this.#world.actions.stop();
  }

  #makeWorld({ profile: given, clock, host, probe, random, changed }: CloudOptions): World {
    const profile = typeof given === 'function' ? given : () => given;
    const limits = (): Limits => this.#limits;
    const counters = { id: firstId, ipv4: 0, ipv6: 0 };
    const actions = new Actions({
      now: () => clock.now(),
      timeScale: () => profile().timeScale,
      after: (ms, work) =>
        clock.after(ms, () => {
          work();
          changed?.();
        }),
      newId: () => ++counters.id,
      apply: (phase, effect, action) => applyEffect(world, phase, effect, action),
    });
    const world: World = {
      get profile() {
        return profile();
      },
      get limits() {
        return limits();
      },
      clock,
      host,
      probe,
      random,
      tables: emptyTables(),
      counters,
      actions,
      faults: this.faults,
      newId: () => ++counters.id,
      isoNow: () => new Date(clock.now()).toISOString(),
    };
    return world;
  }
}
