import { plural } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import type { Distribution } from '../port.js';
import { managedBy } from './context.js';
import { kubeconfigSource } from './kubeconfig.js';
import { lacks } from './lacks.js';
import { compareMinors, minorOf } from './minors.js';
import { observe } from './observe.js';

/** Kubernetes as Linode runs it: its control plane is nobody’s machines, its nodes are LKE's. */
export const lke: Distribution = {
  name: 'lke',
  versions: { compare: compareMinors },
  membership: undefined,
  nodeExtras: {
    stop: () => {
      throw new Error('nothing of ours runs on the nodes of LKE');
    },
    forget: () => Promise.resolve(),
  },
  nodesAreMachines: false,
  plansRollouts: true,
  bundles: undefined,
  fixedFields: [],
  kubeconfig: kubeconfigSource,
  lacks,
  askedOf(nodes) {
    const minors = [...nodes].flatMap(({ version }) => minorOf(version) ?? []).sort(compareMinors);
    return minors[0] === undefined ? undefined : { version: minors[0] };
  },
  observe,
  async deletion({ provider }, cluster, options): Promise<readonly Step[]> {
    const managed = managedBy(provider);
    const found = await managed.find(cluster, options);
    if (!found) return [];
    const nodes = found.pools.reduce((sum, pool) => sum + pool.nodes.length, 0);
    return [
      {
        id: `lke:delete:${found.id}`,
        phase: 'Delete the LKE cluster',
        target: cluster.name,
        text: `delete the LKE cluster ${found.id} with its control plane and ${plural(nodes, 'node')}, and everything on their disks`,
        needs: [],
        destroys: true,
        apply: (run) => managed.delete(found.id, run),
      },
    ];
  },
};
