import { plural } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import { IncompleteError } from '../../errors/index.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import type { ClusterRecord } from '../../workspace/types.js';
import { confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { type NodeCertificate, readCertificates } from './certificates.js';
import { knownCluster } from './known-cluster.js';
import { lookForRotation, type RotationLook } from './rotate/look.js';

export interface RotateCertsInput {
  readonly cluster: string;
  /** `10%` or `2`: how many workers may be down at once. */
  readonly maxUnavailable: string;
  readonly dryRun: boolean;
}

export interface RotateCertsResult {
  readonly cluster: string;
  readonly dryRun: boolean;
  /** Of each node the certificate that ended first, before. */
  readonly before: readonly NodeCertificate[];
  /** The same afterwards; empty in a dry run. */
  readonly after: readonly NodeCertificate[];
  /** What was done or, in a dry run, would be. */
  readonly steps: readonly StepInfo[];
}

interface CertsDraft {
  readonly steps: readonly Step[];
  readonly look: RotationLook;
  readonly before: readonly NodeCertificate[];
  readonly rotation: { readonly id: string; readonly begunAt: string };
  readonly isBegun: boolean;
}

/**
 * Gives every node of a cluster fresh certificates, one server at a time, and the workspace a kubeconfig with one. Killed
 * anywhere, the same command goes on with the nodes that are left.
 * @throws RefusedError codes NODES_DOWN, QUORUM; IncompleteError codes KUBE_UNREACHABLE, ROLLOUT_STOPPED
 */
export async function rotateCerts(
  context: WorkflowContext,
  input: RotateCertsInput,
  retryCommand: string,
): Promise<RotateCertsResult> {
  const { folder } = await knownCluster(context.workspace, input.cluster);
  const operation = 'cluster rotate-certs';
  const draft = (looking: WorkflowContext): Promise<CertsDraft> => draftCerts(looking, input);
  const result = ({ steps, before }: CertsDraft, after: readonly NodeCertificate[]): RotateCertsResult => ({
    cluster: input.cluster,
    dryRun: input.dryRun,
    before,
    after,
    steps: steps.map(stepInfo),
  });
  if (input.dryRun) return result(await draft(context), []);
  const confirmation = (drafted: CertsDraft): Promise<Confirmation> =>
    Promise.resolve(confirmationOf(input.cluster, drafted));
  return confirmed(context, { folder, operation, retryCommand, draft, confirmation }, async (drafted, _, { admit }) => {
    const { rotation: certificateRotation } = drafted;
    const { record } = await knownCluster(context.workspace, input.cluster);
    await folder.saveRecord({ ...record, certificateRotation });
    await execute(context, folder, operation, drafted.steps, retryCommand, admit);
    await folder.saveRecord({ ...((await folder.record()) ?? record), certificateRotation: undefined });
    return result(drafted, await readNow(context, drafted.look));
  });
}

async function draftCerts(context: WorkflowContext, input: RotateCertsInput): Promise<CertsDraft> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  const isBegun = record.certificateRotation !== undefined;
  const look = await lookForRotation(context, { folder, record, maxUnavailable: input.maxUnavailable, isBegun });
  const { phase, rotations, rolling } = look;
  const { api } = look.seen.facts;
  const before = await readNow(context, look);
  if (!api) await refuseSilent(record, before);
  const rotation = record.certificateRotation ?? {
    id: context.random.bytes(8).toString('hex'),
    begunAt: new Date(context.clock.now()).toISOString(),
  };
  const steps = rotations.planCertificates(phase, api, { ...rolling, rotation: rotation.id });
  return { steps, look, before, rotation, isBegun };
}

const readNow = (context: WorkflowContext, { seen, phase }: RotationLook): Promise<readonly NodeCertificate[]> =>
  readCertificates(context, seen.distribution, phase.tools, phase.facts.machines);

/** An API that lets nobody in because its certificates have expired is what this is for; any other silence is not. */
function refuseSilent({ name }: ClusterRecord, certificates: readonly NodeCertificate[]): Promise<void> {
  if (certificates.some(({ state }) => state === 'expired')) return Promise.resolve();
  throw new IncompleteError(`The Kubernetes API of ${name} does not answer, and not for its certificates.`, {
    code: 'KUBE_UNREACHABLE',
    hint: `See its machines: slipway cluster status ${name}`,
  });
}

function confirmationOf(name: string, { look, isBegun }: CertsDraft): Confirmation {
  const { machines } = look.phase.facts;
  const servers = machines.filter(({ role }) => role === 'control-plane').length;
  const workers = machines.length - servers;
  return {
    question: `${isBegun ? 'Finish renewing' : 'Renew'} the certificates of ${name} on ${plural(machines.length, 'machine')}?`,
    details: [
      `Kubernetes is started anew on ${plural(servers, 'server')}, one at a time${workers === 0 ? '' : `, then on ${plural(workers, 'worker')}`}. Pods run on.`,
      'Kubeconfigs that were handed out stay valid until their own certificate ends.',
    ],
    flags: '--yes',
  };
}
