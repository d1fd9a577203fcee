import { type DesiredMachine, reinstalledVersion, slotLabel, type Machine } from '../../domain/index.js';
import { needsOf, type Later, type Step, type StepContext, valueOf } from '../../engine/index.js';
import { hostFacts } from './host-facts.js';
import { installK3s, prepareHost, replaceHostKey, type HostFactsParsed } from './host/index.js';
import type { Session } from '../../remote/types.js';
import type { K3sContext as PhaseContext, K3sFacts as ClusterFacts } from './context.js';
import { deadlines } from '../../phases/deadlines.js';
import { chooseBootstrapServer } from './bootstrap-server.js';
import { isUp } from '../../phases/is-up.js';
import type { MachinePlan } from '../../phases/machines.js';
import type { PushedProgram } from './push-bundle.js';
import { lookInside, openSession } from '../../phases/session.js';

export interface HostPlan {
  readonly steps: readonly Step[];
  /** The step after which k3s can be started on a slot's machine. */
  readonly prepared: ReadonlyMap<string, Step<PreparedHost>>;
}

export interface PreparedHost {
  readonly machine: Machine;
  readonly facts: HostFactsParsed;
}

/**
 * First login and k3s binary for every machine whose node is not up in the cluster. Copies go out through one line: the
 * server that others wait for has it first, and they get theirs while it starts.
 */
export function planHosts(context: PhaseContext, { machines }: MachinePlan): HostPlan {
  const { facts, spec } = context;
  const { bundle } = spec.kubernetes;
  const steps: Step[] = [];
  const prepared = new Map<string, Step<PreparedHost>>();
  const servers = facts.comparison.desired.filter(({ role }) => role === 'control-plane');
  const bootstrap = chooseBootstrapServer(context, servers);
  const bootstrapFirst = [bootstrap, ...facts.comparison.desired.filter((machine) => machine !== bootstrap)];
  for (const desired of bootstrapFirst) {
    if (isUp(desired, facts, context.rules)) continue;
    const label = slotLabel(desired);
    const machine = machines.get(label)!;
    const login = loginStep(context, desired, machine);
    const version = installedVersion(desired.name, facts);
    const install: Step<PreparedHost> = {
      id: `install:${desired.name}`,
      phase: 'Prepare hosts',
      target: label,
      text: `install k3s ${version}${bundle === undefined ? '' : ' from the bundle'}${version === spec.kubernetes.version ? '' : ', as the servers run it'}`,
      needs: [...needsOf(machine), login],
      after: bundle === undefined ? [] : [prepared.get(slotLabel(bootstrap)) ?? []].flat(),
      apply: async (run) => {
        const host = run.output(login);
        await installOn(context, host, version, run);
        return host;
      },
    };
    steps.push(login, install);
    prepared.set(label, install);
  }
  return { steps, prepared };
}

/**
 * Puts k3s on a host that was logged in to.
 * @param images whether those that k3s itself starts are brought along; a bundle has its own, and all of them
 */
export async function installOn(
  { spec, tools }: Pick<PhaseContext, 'spec' | 'tools'>,
  host: PreparedHost,
  version: string,
  run: StepContext,
  { images = false } = {},
): Promise<void> {
  const { bundle } = spec.kubernetes;
  const session = await openSession(tools, host.machine, deadlines.ssh, run);
  const prepare = (): Promise<unknown> => session.run(prepareHost({ blockMetadata: true }), run);
  const pushed = bundle === undefined ? {} : await push(bundle, session, host.facts, run, prepare);
  if (bundle === undefined) await prepare();
  const own = { version, images: images && bundle === undefined, deadlineMs: deadlines.download };
  await session.run(installK3s({ ...own, ...pushed }), run);
}

/** The release to install on a machine: that of newcomers, or a newer one that it has had. */
export function installedVersion(
  machine: string,
  facts: Pick<ClusterFacts, 'hosts' | 'nodes' | 'newcomerVersion'>,
): string {
  const host = facts.hosts.get(machine);
  const had = facts.nodes?.get(machine)?.version ?? (host?.etcdData ? host.k3sVersion : undefined);
  return reinstalledVersion(facts.newcomerVersion, had);
}

/** What it takes is loaded only where there is a bundle. */
async function push(
  folder: string,
  session: Session,
  facts: HostFactsParsed,
  run: StepContext,
  meanwhile: () => Promise<unknown>,
): Promise<PushedProgram> {
  const [{ readBundle }, { pushBundle }] = await Promise.all([import('./bundle/index.js'), import('./push-bundle.js')]);
  return pushBundle(await readBundle(folder), session, facts, run, meanwhile);
}

/**
 * Logs in with the key that cloud-init handed over, and replaces it: user data can be read by anything on the host.
 * The new public key is pinned before sshd is told and the old one dropped after the first login with the new, so
 * that a run killed anywhere in between still gets in.
 */
export function loginStep(
  { tools }: Pick<PhaseContext, 'tools'>,
  desired: Pick<DesiredMachine, 'name' | 'pool' | 'slot' | 'standby'>,
  later: Later<Machine>,
): Step<PreparedHost> {
  return {
    id: `login:${desired.name}`,
    phase: 'Prepare hosts',
    target: slotLabel(desired),
    text: tools.provider.traits.ownsMachines ? 'wait for the first login and replace its host key' : 'log in',
    needs: needsOf(later),
    apply: async (run) => {
      const machine = valueOf(later, run);
      const { folder, remote } = tools;
      // One that was silent a moment ago is no machine that still boots: others wait for the end of this run.
      const silent = machine.status === 'unknown';
      const session = silent
        ? await lookInside(tools, machine, run)
        : await openSession(tools, machine, deadlines.ssh, run);
      const facts = await hostFacts(machine, session, run);
      // A machine that was there before us keeps its own key: its owner and others know it by that.
      if (!machine.login && !(await folder.hostKeySwapped(machine.name))) {
        run.progress('replacing the host key');
        const next = await folder.nextHostKey(machine.name);
        await folder.addPin(machine.name, next.publicKey);
        await session.run(replaceHostKey({ key: next }), run);
        await remote.disconnect(machine.name);
        await openSession(tools, machine, deadlines.ssh, run, [next.publicKey]);
        await folder.onlyPin(machine.name, next.publicKey);
      }
      return { machine, facts };
    },
  };
}
