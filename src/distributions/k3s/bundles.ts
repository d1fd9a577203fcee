import type { Bundles } from '../bundles.js';
import type { K3sFacts } from './context.js';

/** k3s comes as a program and archives of images. What reads and writes those is loaded only where there is a bundle. */
export const bundles: Bundles<K3sFacts> = {
  plan: async (request, clock) => (await import('./bundle/create.js')).planBundle(request, clock),
  verify: async (folder, needs, signal) => {
    const [{ verifyBundle }, { bundleView }] = await Promise.all([
      import('./bundle/verify.js'),
      import('./bundle/view.js'),
    ]);
    return bundleView(await verifyBundle(folder, needs, signal));
  },
  checkInUse: async (...args) => (await import('./bundle/in-use.js')).checkInUse(...args),
};
