import { type ClusterRef, type PriceChange, priceChange } from '../../domain/index.js';
import type { MachineProvider } from '../../provider/port.js';
import type { Observation } from './observe.js';

export interface MonthlyPrice extends PriceChange {
  /** The whole cluster once the plan is done: `then.total`. */
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** What the cluster costs a month and will once the plan is done; undefined where machines have no price. */
export async function monthlyPrice(
  provider: MachineProvider,
  cluster: ClusterRef,
  { facts, controlPlanePrice }: Pick<Observation, 'facts' | 'controlPlanePrice'>,
  signal: AbortSignal,
): Promise<MonthlyPrice | undefined> {
  const catalog = await provider.catalog({ signal });
  if (catalog.currency === '') return undefined;
  // A cluster without machines has made nothing.
  const made = facts.machines.length === 0 ? [] : await provider.ownedResources(cluster, { signal });
  const [apiBalancer] = facts.resources.flatMap(({ role, state }) =>
    role?.kind === 'api-balancer' ? [{ location: role.location, exists: state !== 'missing' }] : [],
  );
  const change = priceChange(facts.comparison, catalog, {
    apiBalancer,
    made,
    controlPlane: controlPlanePrice,
  });
  return { ...change, amount: change.then.total, currency: catalog.currency };
}
