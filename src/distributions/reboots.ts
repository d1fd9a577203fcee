import type { Machine } from '../domain/index.js';
import type { Step } from '../engine/index.js';
import type { ClusterApi, PhaseContext } from '../phases/context.js';
import type { RunOptions } from '../remote/types.js';
import type { RollingRequest } from './rotations.js';

type Context = Omit<PhaseContext, 'rules'>;

/** What machines wait to be rebooted for, by their names. */
export interface RebootReport {
  readonly waiting: ReadonlyMap<string, string>;
  /** Why a machine could not be asked. */
  readonly silent: ReadonlyMap<string, string>;
}

export interface RebootRequest extends RollingRequest {
  /** Names of the machines to reboot. */
  readonly machines: ReadonlySet<string>;
}

/** How machines whose system was updated are rebooted. */
export interface Reboots {
  /** Asks machines whether updates wait for a reboot. Changes nothing. */
  look(tools: Context['tools'], machines: readonly Machine[], options: RunOptions): Promise<RebootReport>;
  /** Names of nodes at which a run that was stopped left its marks. */
  left(nodes: Context['facts']['nodes']): readonly string[];
  /** Steps that empty and reboot machines, one server at a time. @throws RefusedError codes QUORUM, NODES_DOWN */
  plan(context: Context, api: ClusterApi, request: RebootRequest): readonly Step[];
}
