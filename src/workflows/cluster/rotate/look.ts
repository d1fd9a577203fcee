import { nodesAtOnce } from '../../../domain/index.js';
import type { Rotations, RollingRequest } from '../../../distributions/rotations.js';
import { RefusedError, UsageError } from '../../../errors/index.js';
import { isUpNode } from '../../../phases/is-up.js';
import type { PhaseContext } from '../../../phases/context.js';
import type { ClusterFolder, ClusterRecord } from '../../../workspace/types.js';
import type { WorkflowContext } from '../../context.js';
import { isExpired } from '../certificates.js';
import { observe, type Observation } from '../observe.js';
import { addressHolder } from '../recycle/draft.js';
import { keyProblem } from '../ssh-key.js';
import { toolsFor } from '../tools.js';

export interface RotationSubject {
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  /** `10%` or `2`. */
  readonly maxUnavailable: string;
  /** Whether a run that was killed began it: a node that it was at work on may be down. */
  readonly isBegun: boolean;
}

/** All that is known before nodes are taken through a change one after another. */
export interface RotationLook {
  readonly seen: Observation;
  readonly phase: Omit<PhaseContext, 'rules'>;
  readonly rotations: Rotations;
  readonly rolling: RollingRequest;
}

/**
 * Looks at a cluster whose nodes are to be taken through a rotation. Changes nothing.
 * @throws RefusedError codes NODES_DOWN, SSH_KEY_LOST, SSH_KEY_CHANGED; UsageError code BAD_USAGE
 */
export async function lookForRotation(
  context: WorkflowContext,
  { folder, record, maxUnavailable, isBegun }: RotationSubject,
): Promise<RotationLook> {
  const { spec } = record;
  const provider = await context.provider(spec.provider);
  const tools = toolsFor(context, provider, folder);
  const key = (await folder.storedIdentity())?.publicKey;
  const publicKey = key ?? context.newKeyPair().publicKey;
  const kubeconfig = await folder.kubeconfig();
  const look = (how?: 'without the API'): Promise<Observation> => observe(context, tools, record, spec, publicKey, how);
  const observed = await look().catch((error: unknown) => {
    // An API that knows nobody any more is no reason to stop where that is what is to be repaired.
    if (isExpired(error, kubeconfig, context.clock.now())) return look('without the API');
    throw error;
  });
  const seen = { ...observed, facts: { ...observed.facts, machines: membersOf(observed) } };
  const lost = keyProblem(folder, record, key, seen.facts);
  if (lost) throw lost;
  const rotations = await seen.distribution.rotations?.();
  if (!rotations || seen.facts.machines.length === 0) {
    throw new UsageError(`${record.name} has no machines whose certificates and tokens could be rotated.`, {
      code: 'BAD_USAGE',
    });
  }
  if (seen.facts.api) refuseDown(record.name, seen, isBegun ? 1 : 0);
  const workers = seen.facts.machines.filter(({ role }) => role === 'worker').length;
  const subject = { provider, folder, record, key };
  return {
    seen,
    rotations,
    phase: { cluster: record, spec, request: seen.request, facts: seen.facts, tools },
    rolling: {
      addressHolder: await addressHolder(context, { spec }, subject, seen),
      maxUnavailable: atOnce(maxUnavailable, workers),
    },
  };
}

/**
 * Machines that are part of the cluster. One that is on its way out and down, such as a host in place of which another came by a
 * restore, is started with nothing: should it come back, it joins with nothing either.
 */
export const membersOf = ({
  facts: { machines, nodes },
  distribution,
}: Pick<Observation, 'facts' | 'distribution'>): Observation['facts']['machines'] =>
  nodes
    ? machines.filter(
        ({ name, role, markedForRemoval }) => !markedForRemoval || isUpNode(role, nodes.get(name), distribution),
      )
    : machines;

function atOnce(text: string, workers: number): number {
  const count = nodesAtOnce(text, workers);
  if (count !== undefined) return count;
  throw new UsageError(
    `--max-unavailable is ${JSON.stringify(text)}, which is no number of nodes and no share of them.`,
    { code: 'BAD_USAGE', hint: 'Write a number from 1 up (2), or a share from 1% to 100% (10%).' },
  );
}

/** @throws RefusedError code NODES_DOWN */
function refuseDown(cluster: string, { facts, distribution }: Observation, allowed: number): void {
  const down = facts.machines.filter(({ name, role }) => !isUpNode(role, facts.nodes?.get(name), distribution));
  if (down.length <= allowed) return;
  const names = down.map(({ name }) => name);
  throw new RefusedError(
    `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} down, and every node is to be started anew. Nothing was changed.`,
    {
      code: 'NODES_DOWN',
      details: down.map(({ name }) => `${name}: ${facts.nodes?.get(name)?.notReadyBecause ?? 'it is not up'}`),
      hint: `Bring ${names.length === 1 ? 'it' : 'them'} back, or remove what is lost, first: slipway cluster status ${cluster}`,
    },
  );
}
