import type { Bundles } from '../bundles.js';

/** k3s comes as a program and archives of images. What reads and writes those is loaded only where there is a bundle. */
export const bundles: Bundles = {
  plan: async (request, clock) => (await import('./bundle/create.js')).planBundle(request, clock),
  verify: async (folder, needs, signal) => {
    const [{ verifyBundle }, { bundleView }] = await Promise.all([
      import('./bundle/verify.js'),
      import('./bundle/view.js'),
    ]);
    return bundleView(await verifyBundle(folder, needs, signal));
  },
};
