import type { ComponentChange } from '../components/apply/change.js';
import type { Step } from '../engine/index.js';
import { type ComponentPlanInput, type DesiredComponents, installId, planComponents } from './components.js';

/** All that one tenant shall have. */
export type DesiredTenant = DesiredComponents & { readonly owner: { readonly kind: 'tenant'; readonly name: string } };

/**
 * One step for each part of a tenant that is not as desired, many tenants at a time. What no longer belongs to one goes; no
 * tenant goes as a whole, whatever is desired.
 * @param cluster steps of the cluster's own components, which tenants stand on
 */
export function planTenants(
  tenants: readonly DesiredTenant[],
  input: Omit<ComponentPlanInput, 'desired' | 'as'>,
  cluster: readonly Step[],
): readonly Step[] {
  const steps = new Map(cluster.map((step) => [step.id, step]));
  const standsOn = (waitsFor: readonly string[]): readonly Step[] =>
    waitsFor.flatMap((id) => steps.get(installId(id)) ?? []);
  return tenants.flatMap((desired) =>
    planComponents({
      ...input,
      desired,
      as: { phase: 'Make tenants', target: desired.owner.name, textOf, limits: ['tenant'], standsOn },
    }),
  );
}

const textOf = ({ kind, text }: ComponentChange): string =>
  kind === 'install' ? 'create its namespaces, quota, network policies and roles' : text;
