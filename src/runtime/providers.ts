import type { ProviderPackage } from '../provider/package.js';

/** Packages by the name that a cluster file has, each loaded when first used. */
export type Providers = Readonly<Record<string, () => Promise<ProviderPackage>>>;

/** All there are: a provider is a folder and a line here. */
export const builtInProviders: Providers = {
  hetzner: async () => (await import('../../providers/hetzner/index.js')).hetzner,
  linode: async () => (await import('../../providers/linode/index.js')).linode,
  libvirt: async () => (await import('../../providers/libvirt/index.js')).libvirt,
  sandbox: async () => {
    const [{ sandboxWith }, { createHetznerProvider }] = await Promise.all([
      import('../../providers/sandbox/index.js'),
      import('../../providers/hetzner/index.js'),
    ]);
    return sandboxWith(createHetznerProvider);
  },
  'sandbox-linode': async () => {
    const [{ linodeSandboxWith }, { createLinodeProvider }] = await Promise.all([
      import('../../providers/sandbox/index.js'),
      import('../../providers/linode/index.js'),
    ]);
    return linodeSandboxWith(createLinodeProvider);
  },
  ssh: async () => (await import('../../providers/ssh/index.js')).ssh,
};
