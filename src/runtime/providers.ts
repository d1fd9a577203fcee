import type { ProviderPackage } from '../provider/package.js';

/** The built-in packages, loaded when first used. A plugin's package is opened in the same way. */
export const builtInProviders: Readonly<Record<string, () => Promise<ProviderPackage>>> = {
  hetzner: async () => (await import('../../providers/hetzner/index.js')).hetzner,
  sandbox: async () => {
    const [{ sandboxWith }, { createHetznerProvider }] = await Promise.all([
      import('../../providers/sandbox/index.js'),
      import('../../providers/hetzner/index.js'),
    ]);
    return sandboxWith(createHetznerProvider);
  },
  ssh: async () => (await import('../../providers/ssh/index.js')).ssh,
};
