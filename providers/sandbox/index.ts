import { Secret } from '../../src/domain/secret.js';
import { IncompleteError } from '../../src/errors/index.js';
import type { CallOptions, Endpoint, Forwarding, MachineProvider } from '../../src/provider/port.js';
import type { ProviderPackage } from '../../src/provider/registry.js';
import { createHetznerProvider } from '../hetzner/index.js';
import { timeScaleFrom } from './profile.js';
import { type SandboxHandle, startSandbox, type SandboxStatus } from './control.js';

/**
 * A cloud on this computer: the Hetzner provider, pointed at the sandbox's own API. Variables: SLIPWAY_SANDBOX_TIME_SCALE,
 * for the first start; SLIPWAY_SANDBOX_ACCESS, `read-only` to go there with a token that can only read.
 */
export const sandbox: ProviderPackage = {
  name: 'sandbox',
  title: 'Sandbox on this computer',
  async open(context) {
    const scale = context.variable('SLIPWAY_SANDBOX_TIME_SCALE');
    const handle = await startSandbox(
      context.stateFolder,
      scale === undefined ? {} : { timeScale: timeScaleFrom(scale) },
    );
    const readOnly = context.variable('SLIPWAY_SANDBOX_ACCESS') === 'read-only';
    const { profile } = await handle.call<Required<Pick<SandboxStatus, 'profile'>>>('GET', 'status');
    const provider = createHetznerProvider({
      name: 'sandbox',
      title: 'the sandbox',
      token: new Secret(readOnly ? handle.info.readOnlyToken : handle.info.cloudToken),
      endpoint: handle.endpoint,
      pace: Math.min(1, Math.max(profile.timeScale, 0.01)),
      networkLimit: profile.networkLimit,
      context,
    });
    return forwarded(provider, handle);
  },
};

/** Machines' addresses lead nowhere on this computer; the sandbox tells which local port stands for one. */
function forwarded(provider: MachineProvider, handle: SandboxHandle): MachineProvider & Forwarding {
  const known = new Map<string, Promise<Endpoint>>();
  return {
    ...provider,
    simulated: ['workloads', 'certificates', 'DNS', 'databases'],
    ownAddress: async () => '127.0.0.1/32',
    forward(address: string, port: number, _options: CallOptions): Promise<Endpoint> {
      const key = `${address}:${port}`;
      const found =
        known.get(key) ??
        handle
          .call<Endpoint>('GET', `endpoint?address=${encodeURIComponent(address)}&port=${port}`)
          .catch((error: unknown) => {
            known.delete(key);
            throw new IncompleteError(`Nothing answers at ${key} in the sandbox.`, {
              code: 'NO_ENDPOINT',
              hint: 'See: slipway sandbox status',
              cause: error,
            });
          });
      known.set(key, found);
      return found;
    },
  };
}
