import type { ClusterRef } from '../domain/index.js';
import type { Step } from '../engine/index.js';
import type { ClusterApi, Tools } from './context.js';

export interface HangingMachine {
  readonly id: string;
  readonly name: string;
  /** `web-1` */
  readonly place: string;
  readonly because: string;
}

/** Machines whose power is on and whose nodes are not Ready are started anew. */
export function planReboots(
  { tools, cluster }: { readonly tools: Tools; readonly cluster: ClusterRef },
  { kube, watch }: ClusterApi,
  machines: readonly HangingMachine[],
  deadlineMs: number,
): readonly Step[] {
  return machines.map(({ id, name, place, because }) => ({
    id: `reboot:${name}`,
    phase: 'Reboot machines',
    target: place,
    text: `reboot ${name}: ${because}`,
    changes: true,
    needs: [],
    limits: ['join'],
    apply: async (run) => {
      const node = (await kube.nodes(run)).find((one) => one.name === name);
      if (node?.ready) return;
      run.progress('rebooting it');
      await tools.remote.disconnect(name);
      await tools.provider.machines.reboot({ id, name }, run);
      await watch.until(name, 'to be Ready after its reboot', (found) => found?.ready === true, {
        ...run,
        deadlineMs,
        hint: `It is replaced once it has not been Ready for that long: slipway cluster heal ${cluster.name}`,
      });
    },
  }));
}
