import { slotLabel } from '../../domain/index.js';
import { needsOf, type Step, valueOf } from '../../engine/index.js';
import { startAgent } from './host/index.js';
import type { K3sContext as PhaseContext } from './context.js';
import type { ControlPlanePlan } from './control-plane.js';
import { deadlines } from '../../phases/deadlines.js';
import { desiredTaints } from '../../phases/desired-marks.js';
import type { LostNodes } from '../../phases/lost-nodes.js';
import type { HostPlan } from './hosts.js';
import { nodeSettings } from './node-settings.js';
import { markNode } from '../../phases/made-by.js';
import { openSession } from '../../phases/session.js';

/** Agents join in parallel, each as soon as its host is prepared and the first server answers. By slot label. */
export function planWorkers(
  context: PhaseContext,
  hosts: HostPlan,
  controlPlane: ControlPlanePlan,
  lostNodes: LostNodes,
): ReadonlyMap<string, Step> {
  const { facts, tools, spec, cluster } = context;
  const tokens = controlPlane.tokens;
  if (!tokens) return new Map();
  const steps = facts.comparison.desired
    .filter((machine) => machine.role === 'worker' && hosts.prepared.has(slotLabel(machine)))
    .map((worker): [string, Step] => {
      const label = slotLabel(worker);
      const freed = lostNodes.names.get(worker.name);
      const prepared = hosts.prepared.get(label)!;
      const step: Step = {
        id: `join:${worker.name}`,
        phase: 'Join workers',
        target: label,
        text: 'join as an agent and wait until it is Ready',
        needs: [prepared, ...(freed ? [freed] : []), ...needsOf(tokens, controlPlane.api)],
        limits: ['agent-join'],
        apply: async (run) => {
          const host = run.output(prepared);
          const session = await openSession(tools, host.machine, deadlines.ssh, run);
          await session.run(
            startAgent({
              ...nodeSettings(context, host),
              taints: desiredTaints(spec, worker),
              joinAddress: controlPlane.apiAddress(run),
              token: valueOf(tokens, run).agentToken,
              deadlineMs: deadlines.agentStart,
            }),
            run,
          );
          const api = valueOf(controlPlane.api, run);
          await api.watch.until(host.machine.name, 'to be Ready', (node) => node?.ready === true, {
            ...run,
            deadlineMs: deadlines.nodeReady,
            hint: `Look at it with \`slipway cluster ssh ${cluster.name} ${host.machine.name}\` and \`journalctl -u k3s-agent\`.`,
          });
          await markNode(facts, api, host.machine, run);
        },
      };
      return [label, step];
    });
  return new Map(steps);
}
