import { messageOf, RefusedError } from '../../errors/index.js';
import { fingerprint, scanHostKeys, type ScanEndpoint, type ScannedKey } from '../../remote/index.js';
import { progress, type WorkflowContext } from '../context.js';

export interface ScanTarget extends ScanEndpoint {
  readonly name: string;
  readonly user?: string | undefined;
  /** Keys or fingerprints that the file has for it; empty for one that is new. */
  readonly pins: readonly string[];
}

export interface ScannedHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user?: string | undefined;
  /**
   * `known`: it shows a key of the file; `new`: the file has none; `differs`: it shows others than the file has;
   * `silent`: it could not be asked.
   */
  readonly state: 'known' | 'new' | 'differs' | 'silent';
  /** ed25519 first; each with how to see it on the host itself. */
  readonly keys: readonly (ScannedKey & { readonly compare: string })[];
  /** Fingerprints that the file has. */
  readonly pinned: readonly string[];
  readonly error?: string | undefined;
}

/** Reads the keys that hosts show to anybody, all at once, and compares them with those that are known. */
export async function scanHosts(
  context: Pick<WorkflowContext, 'reporter' | 'clock' | 'signal'>,
  targets: readonly ScanTarget[],
): Promise<readonly ScannedHost[]> {
  progress(context, `asking ${targets.length} ${targets.length === 1 ? 'host' : 'hosts'} for their keys`);
  return Promise.all(
    targets.map(async ({ name, user, pins, ...endpoint }): Promise<ScannedHost> => {
      const pinned = pins.map((pin) => (pin.startsWith('SHA256:') ? pin : fingerprint(pin)));
      const base = { name, address: endpoint.address, port: endpoint.port, user, pinned };
      try {
        const keys = await scanHostKeys(endpoint, context.signal);
        const shown = keys.map((key) => ({ ...key, compare: compareWith(key.type) }));
        const fits = keys.some((key) => pinned.includes(key.fingerprint));
        return { ...base, state: fits ? 'known' : pinned.length === 0 ? 'new' : 'differs', keys: shown };
      } catch (error) {
        context.signal.throwIfAborted();
        if (error instanceof RefusedError) throw error;
        return { ...base, state: 'silent', keys: [], error: messageOf(error) };
      }
    }),
  );
}

/** What to type on the host's own console to see the key without the network in between. */
function compareWith(type: string): string {
  const kind = type.startsWith('ecdsa') ? 'ecdsa' : type.replace(/^ssh-/, '');
  return `ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub`;
}
