import { createHash } from 'node:crypto';

import type { Component, ComponentInstance, Owner } from './types.js';

export const ownedByCluster: Owner = { kind: 'cluster' };

export const isSameOwner = (a: Owner, b: Owner): boolean =>
  a.kind === 'tenant' ? b.kind === 'tenant' && a.name === b.name : b.kind === 'cluster';

/** Characters that Kubernetes takes for the value of a label, and helm for the name of a release. */
const longest = { label: 63, release: 53 } as const;

/**
 * A definition as it stands in one cluster for one owner. The cluster’s own instance is called like its definition. Names
 * of definitions and tenants have no dots, so that no tenant’s instance is ever called like one of the cluster’s.
 */
export function instanceOf(
  definition: Component,
  owner: Owner,
  { namespace, options }: Pick<ComponentInstance, 'namespace' | 'options'>,
): ComponentInstance {
  const { name, release } = definition;
  const own = { definition, namespace, options, owner };
  return owner.kind === 'cluster'
    ? { ...own, id: name, release }
    : {
        ...own,
        id: shortened(`${owner.name}.${name}`, longest.label),
        release: shortened(`${owner.name}-${release}`, longest.release),
      };
}

/** What is too long ends in a hash of the whole. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${text.slice(0, most - hash.length - 1)}-${hash}`;
}

type Owned = Pick<ComponentInstance, 'definition' | 'owner'>;

/** What an owner’s instances find under the names of definitions: the owner’s own before the cluster’s. */
export function visibleTo<T extends Owned>(owner: Owner, instances: readonly T[]): readonly T[] {
  const shared = instances.filter((one) => one.owner.kind === 'cluster');
  const own = instances.filter((one) => one.owner.kind !== 'cluster' && isSameOwner(one.owner, owner));
  return [...new Map([...shared, ...own].map((one) => [one.definition.name, one])).values()];
}

/** Where something is that a definition names in a namespace: what is in its own goes where the instance goes. */
export const namespaceFor = (
  { definition, namespace }: Pick<ComponentInstance, 'definition' | 'namespace'>,
  declared: string,
): string => (declared === definition.namespace ? namespace : declared);

/** The environment variable that a value is asked from by default. Nobody’s variable is read for somebody else. */
export const variableFor = ({ owner }: Pick<ComponentInstance, 'owner'>, variable: string): string =>
  owner.kind === 'cluster' ? variable : `${owner.name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_${variable}`;
