import { countryText, outsideResidency } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { MachineProvider, Problem } from '../../provider/port.js';
import type { Observation } from './observe.js';

/** What is or will be outside the countries that the file allows: machines, and what the cluster made by itself. */
export async function residencyProblems(
  provider: MachineProvider,
  spec: ClusterSpec,
  { request, facts }: Pick<Observation, 'request' | 'facts'>,
  signal: AbortSignal,
): Promise<Problem[]> {
  const { residency } = spec.provider;
  if (!residency) return [];
  const { locations } = await provider.catalog({ signal });
  const countryOf = (name: string): string | undefined => locations.find((location) => location.name === name)?.country;
  const owned = facts.machines.length === 0 ? [] : await provider.ownedResources(request.cluster, { signal });
  const used = [request.locations, [...request.machines, ...owned].map(({ location }) => location)].flat();
  const allowed =
    locations
      .filter(({ country }) => residency.includes(country.toUpperCase()))
      .map(({ name }) => name)
      .join(', ') || 'no location of this provider';
  return outsideResidency([...new Set(used)], countryOf, residency).map(({ location, country }) => {
    const at = (all: readonly { readonly name: string; readonly location: string }[]): readonly string[] =>
      all.filter((one) => one.location === location).map(({ name }) => name);
    const machines = at(facts.comparison.current);
    const there = [...machines, ...at(owned)];
    const where = `${location} is in ${country === undefined ? 'an unknown country' : countryText(country)}, outside the residency ${residency.join(', ')}`;
    const allow = country === undefined ? '' : `add ${country} to provider.residency, or `;
    return {
      code: 'OUTSIDE_RESIDENCY',
      message:
        there.length === 0 ? `${where}.` : `${where}: ${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there.`,
      hint:
        there.length === 0
          ? `Choose among: ${allowed}.`
          : machines.length > 0
            ? `Machines do not move: ${allow}make a pool or a cluster elsewhere (${allowed}) and remove these.`
            : `Services and volume claims made them: ${allow}make these anew elsewhere (${allowed}) and delete the old ones in Kubernetes.`,
      kind: 'refused' as const,
      path: 'provider.residency',
    };
  });
}
