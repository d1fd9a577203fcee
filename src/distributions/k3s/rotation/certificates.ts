import type { Certificate, Machine } from '../../../domain/index.js';
import type { Step } from '../../../engine/index.js';
import { messageOf } from '../../../errors/index.js';
import type { ClusterApi, PhaseContext, Tools } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { lookInside } from '../../../phases/session.js';
import type { RunOptions } from '../../../remote/types.js';
import type { CertificateReport, CertificateRotation } from '../../rotations.js';
import { readKubeconfig } from '../cluster-kubeconfig.js';
import { parseCertificates, readCertificates, rotateCertificates } from '../host/index.js';
import { openTokenSource } from '../token-source.js';
import { k3sRole, type RollingChange, rollingSteps, startingAnew } from './rolling.js';

type Context = Omit<PhaseContext, 'rules'>;

/** Asks every machine at once; one that does not answer in time is told of with the reason. */
export async function lookAtCertificates(
  tools: Tools,
  machines: readonly Machine[],
  options: RunOptions,
): Promise<CertificateReport> {
  const found = new Map<string, readonly Certificate[]>();
  const silent = new Map<string, string>();
  await Promise.all(
    machines.map(async (machine) => {
      try {
        const session = await lookInside(tools, machine, options);
        const facts = await session.run(readCertificates({ deadlineMs: deadlines.hostTask }), options);
        found.set(machine.name, parseCertificates(facts));
      } catch (error) {
        options.signal.throwIfAborted();
        silent.set(machine.name, messageOf(error));
      }
    }),
  );
  return { found, silent };
}

/** Servers first, then the kubeconfig, which is signed by what they have then, then the workers. */
export function planCertificates(
  context: Context,
  api: ClusterApi | undefined,
  request: CertificateRotation,
): readonly Step[] {
  const change = (phase: string): RollingChange => ({
    context,
    api,
    request,
    id: 'certificates',
    phase,
    text: () => 'have k3s make its certificates anew; its pods run on',
    work: startingAnew({ context, api }, async (session, machine, run) => {
      run.progress('putting its certificates aside');
      await session.run(
        rotateCertificates({ role: k3sRole(machine), rotation: request.rotation, deadlineMs: deadlines.hostTask }),
        run,
      );
    }),
  });
  const servers = rollingSteps(change('Renew the certificates of servers'), 'control-plane', []);
  const kubeconfig = kubeconfigStep(context, servers);
  return [
    ...servers,
    kubeconfig,
    ...rollingSteps(change('Renew the certificates of workers'), 'worker', [...servers.slice(-1), kubeconfig]),
  ];
}

function kubeconfigStep({ cluster, tools, facts, spec }: Context, needs: readonly Step[]): Step {
  const servers = facts.machines.filter(({ role }) => role === 'control-plane');
  return {
    id: 'kubeconfig',
    phase: 'Renew the kubeconfig',
    target: cluster.name,
    text: 'read the kubeconfig with its new certificate, and store it',
    changes: true,
    lasts: true,
    needs,
    apply: async (run) => {
      const [first, ...others] = servers;
      const session = await openTokenSource(tools, [first!, ...others], run);
      const { provider, folder } = tools;
      const heldAddress = spec.kubernetes.api.address;
      await folder.saveKubeconfig(
        await readKubeconfig(session, { name: cluster.name, provider, servers, heldAddress }, run),
      );
    },
  };
}
