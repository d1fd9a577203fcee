import { type ClusterRef, type Machine, slotLabel } from '../domain/index.js';
import { from, type Later, known, needsOf, type Step, type StepContext, valueOf } from '../engine/index.js';
import { SlipwayError } from '../errors/index.js';
import type { ClusterRequest, InfrastructureResource } from '../provider/port.js';
import type { Session } from '../remote/types.js';
import type { ClusterRecord, KeyPair } from '../workspace/types.js';
import type { Tools } from './context.js';
import { putLoginKey, sessionBy } from './login-keys.js';

export interface KeyRotation {
  readonly cluster: ClusterRef;
  readonly tools: Pick<Tools, 'provider' | 'folder' | 'remote'>;
  readonly record: ClusterRecord;
  /** The workspace's key as it is: after a kill it may be the next one already. */
  readonly identity: KeyPair;
  /** Of a rotation that was stopped; undefined where none was begun. */
  readonly next: KeyPair | undefined;
  readonly machines: readonly Machine[];
  /** Whether the provider keeps the key that machines are made with. */
  readonly atProvider: InfrastructureResource | undefined;
  readonly requestWith: (sshPublicKey: string) => ClusterRequest;
}

/**
 * A new SSH key for all machines: let in beside the old one everywhere and tried, then made the workspace's, and only then
 * is the old one shut out. Each step may be done again.
 */
export function planKeyRotation(rotation: KeyRotation): readonly Step[] {
  const { cluster, tools, machines, next: begun, atProvider } = rotation;
  const { folder } = tools;
  const made: Later<KeyPair> = begun
    ? known(begun)
    : from<KeyPair>({
        id: 'next-key',
        phase: 'Make a new SSH key',
        target: cluster.name,
        text: 'make a new SSH key and store it',
        needs: [],
        apply: () => folder.nextIdentity(),
      });
  const letIn = machines.map((machine) => letInStep(rotation, machine, made));
  const provider = atProvider ? [providerStep(rotation, atProvider, made, letIn)] : [];
  const swap = swapStep(rotation, [...letIn, ...provider]);
  const shutOut = machines.map((machine) => shutOutStep(rotation, machine, made, swap));
  const forget: Step = {
    id: 'forget-next-key',
    phase: 'Shut the old key out',
    target: cluster.name,
    text: 'end the rotation',
    needs: shutOut,
    apply: () => folder.forgetNextIdentity(),
  };
  return [...('from' in made ? [made.from] : []), ...letIn, ...provider, swap, ...shutOut, forget];
}

function letInStep(rotation: KeyRotation, machine: Machine, made: Later<KeyPair>): Step {
  return {
    id: `let-in:${machine.name}`,
    phase: 'Let the new key in',
    target: slotLabel(machine),
    text: 'add the new SSH key, and log in with it',
    changes: true,
    needs: needsOf(made),
    limits: ['authorize'],
    apply: async (run) => {
      const key = valueOf(made, run);
      const session = await sessionByEither(rotation, machine, key, run);
      await session.run(putLoginKey(key.publicKey), run);
      await sessionBy(rotation.tools, machine, key, run);
    },
  };
}

/** A run that was killed may have shut the old key out of some machines already. */
async function sessionByEither(
  { tools, identity }: KeyRotation,
  machine: Machine,
  next: KeyPair,
  run: StepContext,
): Promise<Session> {
  try {
    return await sessionBy(tools, machine, identity, run);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'SSH_LOGIN_REFUSED') throw error;
    return sessionBy(tools, machine, next, run);
  }
}

function providerStep(
  { tools: { provider }, requestWith }: KeyRotation,
  planned: InfrastructureResource,
  made: Later<KeyPair>,
  needs: readonly Step[],
): Step {
  return {
    id: 'provider-key',
    phase: 'Make the new key the cluster’s',
    target: planned.name,
    text: 'replace the SSH key that new machines are made with',
    changes: true,
    needs,
    apply: async (run) => {
      const resources = await provider.infrastructure.plan(requestWith(valueOf(made, run).publicKey), run);
      const resource = resources.find(({ id }) => id === planned.id);
      if (resource && resource.state !== 'present') await provider.infrastructure.ensure(resource, new Map(), run);
    },
  };
}

function swapStep({ cluster, tools: { folder }, record }: KeyRotation, needs: readonly Step[]): Step {
  return {
    id: 'swap-key',
    phase: 'Make the new key the cluster’s',
    target: cluster.name,
    text: 'make the new SSH key the workspace’s',
    changes: true,
    needs,
    apply: async () => {
      const { publicKey } = await folder.swapIdentity();
      await folder.saveRecord({ ...record, sshPublicKey: publicKey });
    },
  };
}

function shutOutStep(rotation: KeyRotation, machine: Machine, made: Later<KeyPair>, swap: Step): Step {
  return {
    id: `shut-out:${machine.name}`,
    phase: 'Shut the old key out',
    target: slotLabel(machine),
    text: 'remove the keys that the cluster had before',
    destroys: true,
    needs: [swap],
    limits: ['authorize'],
    apply: async (run) => {
      const key = valueOf(made, run);
      const session = await sessionBy(rotation.tools, machine, key, run);
      await session.run(putLoginKey(key.publicKey, rotation.identity.publicKey), run);
    },
  };
}
