import type { ResolvedSecret } from '../types.js';
import type { KubeObject } from '../../kube/types.js';
import { componentLabel } from './objects.js';

/** `namespace/name` */
export const secretKey = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

type Data = Readonly<Record<string, string>>;

const dataOf = (object: KubeObject | undefined): Data => (object?.['data'] ?? {}) as Data;

const encode = (value: string): string => Buffer.from(value, 'utf8').toString('base64');

/**
 * The Secrets of one instance, those of the same name made one. Several instances may need one Secret: each then
 * applies all of it, as a part would take the others' keys away.
 */
export function secretsFor(id: string, all: readonly ResolvedSecret[]): readonly ResolvedSecret[] {
  const own = new Set(all.filter((secret) => secret.component === id).map(secretKey));
  return [...own].map((key) =>
    all
      .filter((secret) => secretKey(secret) === key)
      .reduce((joined, next) => ({
        ...joined,
        component: id,
        data: { ...joined.data, ...next.data },
        drawn: [...new Set([...joined.drawn, ...next.drawn])],
        origins: { ...joined.origins, ...next.origins },
      })),
  );
}

/** The object to apply. What was drawn once stays as the cluster has it. */
export function secretObject(secret: ResolvedSecret, live: KubeObject | undefined): KubeObject {
  const present = dataOf(live);
  const data = Object.fromEntries(
    Object.entries(secret.data).map(([key, value]) => {
      const kept = secret.drawn.includes(key) ? present[key] : undefined;
      return [key, kept ?? encode(value.reveal())];
    }),
  );
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret.name, namespace: secret.namespace, labels: { [componentLabel]: secret.component } },
    type: 'Opaque',
    data,
  };
}

/** What a Secret is made of, never its values: `Secret traefik/dns: token from CLOUDFLARE_API_TOKEN`. */
export function secretText(secret: ResolvedSecret): string {
  const parts = Object.entries(secret.origins).map(([key, origin]) => `${key} ${origin}`);
  return `Secret ${secretKey(secret)}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

/** Which Secrets and keys differ, never how: `~ Secret traefik/dns: token changed from CLOUDFLARE_API_TOKEN`. */
export function secretChanges(secrets: readonly ResolvedSecret[], live: ReadonlyMap<string, KubeObject>): string[] {
  return secrets.flatMap((secret) => {
    const found = live.get(secretKey(secret));
    if (!found) return [`+ ${secretText(secret)}`];
    const present = dataOf(found);
    const desired = dataOf(secretObject(secret, found));
    const keys = Object.keys(desired).filter((key) => desired[key] !== present[key]);
    const changed = keys.map((key) =>
      [key, 'changed', secret.origins[key]].filter((part) => part !== undefined).join(' '),
    );
    return changed.length === 0 ? [] : [`~ Secret ${secretKey(secret)}: ${changed.join(', ')}`];
  });
}
