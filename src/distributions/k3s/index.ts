import { compareVersions } from '../../domain/index.js';
import type { Distribution } from '../port.js';
import { bundles } from './bundles.js';
import { readKubeconfig } from './cluster-kubeconfig.js';
import { fixedFields } from './fixed-fields.js';
import { observe } from './observe.js';
import { k3sRules } from './rules.js';
import { askedOf } from './running.js';

/** k3s on machines of a provider, its servers members of the etcd that they run themselves. */
export const k3s: Distribution = {
  ...k3sRules,
  name: 'k3s',
  versions: { compare: compareVersions },
  nodesAreMachines: true,
  bundles,
  fixedFields,
  kubeconfig: { from: 'servers', read: readKubeconfig },
  deletion: undefined,
  askedOf,
  observe,
  settings: async () => (await import('./settings/index.js')).k3sSettings,
  upgrades: async () => (await import('./upgrade/index.js')).k3sUpgrades,
  rotations: async () => (await import('./rotation/index.js')).k3sRotations,
  reboots: async () => (await import('./reboot/index.js')).k3sReboots,
  images: async () => (await import('./images.js')).k3sImages,
  backups: async () => (await import('./snapshot/index.js')).k3sBackups,
};
