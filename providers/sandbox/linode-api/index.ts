import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Random } from '../random.js';
import { ScaledClock } from '../clock.js';
import type { Faults } from '../hetzner-api/faults.js';
import type { Token } from '../hetzner-api/http.js';
import type { CloudView, MachineHost, Persistent, PortProbe, SandboxClock, SandboxProfile } from '../types.js';
import { balancerRoutes } from './balancers.js';
import { catalogueRoutes } from './catalogue.js';
import { eventRoutes } from './events.js';
import { firewallRoutes } from './firewalls.js';
import { direct, type DirectCall, type HttpPort, serve } from './http.js';
import { endInstanceJob } from './instance-effects.js';
import { instanceRoutes } from './instances.js';
import { type Job, Jobs } from './jobs.js';
import { admits } from './lke/acl.js';
import { lkeClusterRoutes } from './lke/clusters.js';
import type { ManagedHost } from './lke/host.js';
import { lkePoolRoutes } from './lke/pools.js';
import { lkeVersionRoutes } from './lke/versions.js';
import { endLkeJob, patchControlPlanes } from './lke/work.js';
import { placementGroupRoutes } from './placement-groups.js';
import { profileRoutes } from './profile.js';
import { RateLimits } from './rate-limit.js';
import { Router } from './routes.js';
import { emptyTables, fillTables, type LinodeState, tablesToJson } from './state.js';
import { allowedIn, resolveFrom, viewOf } from './view.js';
import { endVolumeJob, volumeRoutes } from './volumes.js';
import { vpcRoutes } from './vpcs.js';
import type { LinodeLimits, World } from './world.js';

export type { ManagedHost, ManagedNode } from './lke/host.js';
export type { LinodeState } from './state.js';

export interface LinodeOptions {
  readonly profile: () => SandboxProfile;
  readonly clock: SandboxClock;
  readonly host: MachineHost;
  readonly probe: PortProbe;
  readonly kubernetes: ManagedHost;
  readonly tokens: readonly Token[];
  readonly random: Random;
  readonly faults: Faults;
  readonly limits?: Partial<LinodeLimits>;
  /** Told after each answer and each end of a job, so that the state can be stored. */
  readonly changed?: () => void;
}

const routes = [
  ...catalogueRoutes,
  ...instanceRoutes,
  ...vpcRoutes,
  ...firewallRoutes,
  ...placementGroupRoutes,
  ...balancerRoutes,
  ...volumeRoutes,
  ...profileRoutes,
  ...eventRoutes,
  ...lkeVersionRoutes,
  ...lkeClusterRoutes,
  ...lkePoolRoutes,
];

/** Ids begin here: far from Hetzner's, since machines of both are told apart by them. */
const firstId = 50_000_000;

/** The Linode API of one account, which rents out the machines of a `MachineHost`. */
export class LinodeCloud implements CloudView, Persistent<LinodeState> {
  readonly #world: World;
  readonly #http: HttpPort;
  #limits: LinodeLimits;

  constructor(options: LinodeOptions) {
    this.#limits = { instances: 1_000, ...options.limits };
    this.#world = this.#makeWorld(options);
    this.#http = {
      world: this.#world,
      router: new Router(routes),
      tokens: options.tokens,
      rates: new RateLimits(),
      realClock: new ScaledClock(1),
      answered: () => options.changed?.(),
    };
  }

  /** Serves `/v4/…` and `/v4beta/…`. Never throws; a mistake of the sandbox's own is answered with status 500. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    serve(this.#http, request, response).catch(() => response.destroy());
  }

  /** A request from inside the sandbox. Never throws: errors are answers. */
  call(call: DirectCall): { readonly status: number; readonly body: object } {
    return direct(this.#http, call);
  }

  /** What the account may have from now on. */
  setLimits(limits: Partial<LinodeLimits>): void {
    this.#limits = { ...this.#limits, ...limits };
  }

  has(id: number): boolean {
    return this.#world.tables.instances.has(id);
  }

  allowed(id: number, port: number, source: string): boolean {
    return allowedIn(this.#world, id, port, source);
  }

  resolve(from: number, address: string, port: number): readonly number[] {
    return resolveFrom(this.#world, from, address, port);
  }

  /** Whether the control plane's access list of an LKE cluster lets an address in. */
  admits(cluster: number, source: string): boolean {
    return admits(this.#world.tables.lke.get(cluster)?.acl, source);
  }

  /** LKE brings a patch to control planes by itself. */
  patch(version: string, patch: string): void {
    patchControlPlanes(this.#world, version, patch);
  }

  server(id: number) {
    return viewOf(this.#world, id);
  }

  snapshot(): LinodeState {
    const { tables, counters, jobs } = this.#world;
    return { format: 1, tables: tablesToJson(tables), counters: { ...counters }, jobs: jobs.snapshot() };
  }

  restore(state: LinodeState): void {
    if (state.format !== 1) throw new RangeError('the stored account is of another version of the sandbox');
    fillTables(this.#world.tables, state.tables);
    Object.assign(this.#world.counters, state.counters);
    this.#world.jobs.restore(state.jobs);
  }

  /** Cancels all timers. */
  close(): void {
    this.#world.jobs.stop();
  }

  #makeWorld({ profile, clock, host, probe, kubernetes, random, faults, changed }: LinodeOptions): World {
    const limits = (): LinodeLimits => this.#limits;
    const counters = { id: firstId, ipv4: 0, ipv6: 0 };
    const newId = (): number => ++counters.id;
    const done = (job: Job): void => {
      end(world, job);
      changed?.();
    };
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
      kubernetes,
      random,
      faults,
      tables: emptyTables(),
      counters,
      jobs: new Jobs({ clock, timeScale: () => profile().timeScale, newId, done }),
      newId,
      isoNow: () => new Date(clock.now()).toISOString().slice(0, 19),
    };
    return world;
  }
}

function end(world: World, { effect, event }: Job): void {
  const record = event === null ? undefined : world.tables.events.get(event);
  if (record) record.status = 'finished';
  if (effect.kind.startsWith('lke.')) endLkeJob(world, effect as Parameters<typeof endLkeJob>[1]);
  else if (effect.kind.startsWith('volume.')) endVolumeJob(world, effect as Parameters<typeof endVolumeJob>[1]);
  else endInstanceJob(world, effect as Parameters<typeof endInstanceJob>[1]);
}
