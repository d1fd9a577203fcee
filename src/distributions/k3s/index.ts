import { compareVersions } from '../../domain/index.js';
import type { Distribution } from '../port.js';
import { bundles } from './bundles.js';
import { readKubeconfig } from './cluster-kubeconfig.js';
import type { K3sFacts } from './context.js';
import { fixedFields } from './fixed-fields.js';
import { refuseLostControlPlane } from './lost-control-plane.js';
import { observe } from './observe.js';
import { outdatedAfter } from './outdated-after.js';
import { plan } from './plan.js';
import { k3sRules } from './rules.js';
import { askedOf } from './running.js';

/** k3s on machines of a provider, its servers members of the etcd that they run themselves. */
export const k3s: Distribution<K3sFacts> = {
  ...k3sRules,
  name: 'k3s',
  versions: { compare: compareVersions },
  nodesAreMachines: true,
  bundles,
  fixedFields,
  readKubeconfig,
  deletion: undefined,
  askedOf,
  observe,
  refuseLostControlPlane,
  plan,
  outdatedAfter,
  upgrades: async () => (await import('./upgrade/index.js')).k3sUpgrades,
};
