import { allowedNext, compareVersions, fitsServers } from '../../domain/index.js';
import type { Distribution } from '../port.js';
import { bundles } from './bundles.js';
import { observe } from './observe.js';
import { plan } from './plan.js';
import { k3sRules } from './rules.js';

/** k3s on machines of a provider, its servers members of the etcd that they run themselves. */
export const k3s: Distribution = {
  ...k3sRules,
  name: 'k3s',
  versions: { compare: compareVersions, fits: fitsServers, allowedNext },
  nodesAreMachines: true,
  bundles,
  observe,
  plan,
};
