import {
  type CallOptions,
  type Endpoint,
  type Forwarding,
  IncompleteError,
  type MachineProvider,
  type ProviderContext,
  type ProviderPackage,
  Secret,
} from '../../src/provider/index.js';
import { sandboxCodes } from './codes.js';
import { timeScaleFrom } from './profile.js';
import { type SandboxHandle, startSandbox } from './control.js';

export {
  findSandbox,
  resetSandbox,
  type SandboxHandle,
  type SandboxStatus,
  sandboxStatus,
  startSandbox,
  stopSandbox,
} from './control.js';
export type { HostOrder, HostsAnswer, HostView } from './hosts/bare-hosts.js';
export { timeScaleFrom } from './profile.js';

/** What speaks to the sandbox's API: a provider for Hetzner's or Linode's, since the sandbox's are the same. */
export type CloudClient = (options: {
  readonly name: string;
  readonly title: string;
  readonly token: Secret;
  /** Base of the API with its version. */
  readonly endpoint: string;
  /** Factor on every pause: below 1 where the sandbox's time runs faster. */
  readonly timeScale: number;
  /** Resources that one private network may have attached. */
  readonly networkLimit: number;
  readonly context: ProviderContext;
}) => MachineProvider;

/**
 * A cloud on this computer: the Hetzner provider, pointed at the sandbox's own API. Variables: SLIPWAY_SANDBOX_TIME_SCALE,
 * for the first start; SLIPWAY_SANDBOX_ACCESS, `read-only` to go there with a token that can only read.
 */
export const sandboxWith = (connect: CloudClient): ProviderPackage => ({
  name: 'sandbox',
  title: 'Sandbox on this computer',
  ...common(connect, { name: 'sandbox', title: 'the sandbox', endpoint: (handle) => handle.endpoint }),
});

/** The same sandbox, by the Linode provider pointed at its other API. Variables as of the first. */
export const linodeSandboxWith = (connect: CloudClient): ProviderPackage => ({
  name: 'sandbox-linode',
  title: 'Sandbox on this computer, as Linode',
  stateOf: 'sandbox',
  ...common(connect, {
    name: 'sandbox-linode',
    title: 'the sandbox, as Linode',
    endpoint: (handle) => handle.linodeEndpoint,
  }),
});

interface Face {
  readonly name: string;
  readonly title: string;
  readonly endpoint: (handle: SandboxHandle) => string;
}

const common = (connect: CloudClient, face: Face): Pick<ProviderPackage, 'ownsMachines' | 'codes' | 'open'> => ({
  ownsMachines: true,
  codes: sandboxCodes,
  async open(context) {
    const scale = context.variable('SLIPWAY_SANDBOX_TIME_SCALE');
    const handle = await startSandbox(
      context.stateFolder,
      scale === undefined ? {} : { timeScale: timeScaleFrom(scale) },
    );
    const readOnly = context.variable('SLIPWAY_SANDBOX_ACCESS') === 'read-only';
    const provider = connect({
      name: face.name,
      title: face.title,
      token: new Secret(readOnly ? handle.info.readOnlyToken : handle.info.cloudToken),
      endpoint: face.endpoint(handle),
      timeScale: Math.min(1, Math.max(handle.profile.timeScale, 0.01)),
      networkLimit: handle.profile.networkLimit,
      context,
    });
    return forwarded(provider, handle);
  },
});

/** Machines' addresses lead nowhere on this computer; the sandbox tells which local port stands for one. */
function forwarded(provider: MachineProvider, handle: SandboxHandle): MachineProvider & Forwarding {
  const known = new Map<string, Promise<Endpoint>>();
  return {
    ...provider,
    traits: { ...provider.traits, simulated: ['workloads', 'certificates', 'DNS', 'databases'] },
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
