import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';

import {
  bytesOf,
  milliOf,
  readCatalogue,
  renderComponents,
  secretNeeds,
  selectComponents,
  yamlText,
  type Catalogue,
  type Component,
  type ProviderFacts,
  type RenderedComponent,
} from '../../src/components/index.js';
import type { ClusterFile } from '../../src/domain/spec/schema.js';
import { sample, variants, type Options } from './samples.js';
import { providers, renderInput } from './support.js';
import { knowsChart, schemaComplaints, unknownKeys } from './upstream.js';

const catalogue: Catalogue = await readCatalogue();
const all = [...catalogue.components.values()].sort((a, b) => a.name.localeCompare(b.name));
const pools: ClusterFile['pools'] = [
  { name: 'web', count: 3 },
  { name: 'platform', count: 2, taints: [{ key: 'slipway.dev/platform', effect: 'NoSchedule' }] },
];

const belongs = ({ name }: Component, provider: ProviderFacts): boolean =>
  !Object.values(providers).some(
    (other) => other.name !== provider.name && [...other.required, ...other.baseline].includes(name),
  );

/** Selects and renders; components that others bring in get the least options they need. */
function render(desired: Readonly<Record<string, unknown>>, provider: ProviderFacts) {
  const components: Record<string, unknown> = { preset: 'none', ...desired };
  for (;;) {
    const input = renderInput({ components: components as never, pools }, provider);
    const { selection, problems } = selectComponents(catalogue, {
      components: input.spec.components,
      pools: input.spec.pools,
      provider,
    });
    const short = problems
      .map(({ path }) => String(path[1]))
      .filter((name) => !Object.hasOwn(components, name) && catalogue.components.has(name));
    if (short.length === 0) {
      expect(problems).toEqual([]);
      return { rendered: renderComponents(selection, input), needs: secretNeeds(selection) };
    }
    for (const name of short) components[name] = least(catalogue.components.get(name)!);
  }
}

const least = (component: Component): Options => sample({ ...component.options, type: 'object' }, false) as Options;

const valuesOf = (one: RenderedComponent): Options => {
  const content = (one.chart?.['spec'] as { valuesContent?: string } | undefined)?.valuesContent;
  return (content === undefined ? {} : parse(content)) as Options;
};

/** What must hold for whatever is rendered. */
function checkRendered(component: Component, rendered: readonly RenderedComponent[]): void {
  const one = rendered.find(({ id }) => id === component.name)!;
  for (const object of [...one.before, ...(one.chart ? [one.chart] : []), ...one.objects]) {
    expect(parse(yamlText(object))).toEqual(JSON.parse(JSON.stringify(object)));
    expect(object.kind).not.toBe('Secret');
  }
  const ids = [...one.before, ...one.objects].map(({ apiVersion, kind, metadata }) =>
    [apiVersion.split('/')[0], kind, metadata.namespace, metadata.name].join(' '),
  );
  expect(ids).toEqual([...new Set(ids)]);
  const values = valuesOf(one);
  expect(component.checkValues?.(values) ?? []).toEqual([]);
  if (component.chart === undefined || !knowsChart(component.chart.name)) return;
  expect(unknownKeys(component.chart.name, values)).toEqual([]);
  expect(schemaComplaints(component.chart.name, values)).toEqual([]);
}

const settings: readonly (readonly [string, Options])[] = [
  ['as it is', {}],
  ['on a pool', { pool: 'platform' }],
  ['with another storage', { storage: { class: 'fast', size: '33Gi' } }],
];

/** Whether a component has a use for `pool` or `storage`; where it has none, both are refused. */
const takes = ({ values, before, manifests }: Component, setting: string): boolean =>
  [values, ...before, ...manifests].some(
    (template) => template?.uses.has(setting) || (setting === 'pool' && template?.uses.has('placement')),
  );

describe.each(all.map((component) => [component.name, component] as const))('%s', (name, component) => {
  const own = Object.values(providers).filter((provider) => belongs(component, provider));
  const known = component.chart === undefined || knowsChart(component.chart.name);

  it.skipIf(!known)(
    `has values that upstream knows${known ? '' : ` (skipped: ../shared/charts/${component.chart?.name} is absent)`}`,
    () => {
      const { chart } = component;
      for (const provider of own) {
        const one = render({ [name]: least(component) }, provider).rendered.find((other) => other.id === name)!;
        if (!chart) continue;
        expect(unknownKeys(chart.name, valuesOf(one))).toEqual([]);
        expect(schemaComplaints(chart.name, valuesOf(one))).toEqual([]);
      }
    },
  );

  it.each(own.flatMap((provider) => settings.map(([what, more]) => [provider.name, what, provider, more] as const)))(
    'renders on %s, %s, alone and with everything else',
    (_provider, _what, provider, more) => {
      const usable = Object.entries(more).filter(([setting]) => takes(component, setting));
      const options = { ...least(component), ...Object.fromEntries(usable) };
      const alone = render({ [name]: options }, provider).rendered;
      checkRendered(component, alone);
      const text = JSON.stringify(alone.find((one) => one.id === name));
      if ('pool' in options) expect(text).toMatch(/slipway\.dev\/pool(: |":")platform/);
      if ('storage' in options) expect(text).toMatch(/storageClass(Name)?: fast.*33Gi|33Gi.*storageClass(Name)?: fast/);
      const everything = all.filter((other) => belongs(other, provider)).map((other) => [other.name, least(other)]);
      const full = { ...(Object.fromEntries(everything) as Options), [name]: options };
      const { rendered } = render(full, provider);
      checkRendered(component, rendered);
      expect(render(full, provider).rendered).toEqual(rendered);
    },
  );

  it('renders with every option', () => {
    const tried = new Set<string>();
    const base = least(component);
    const whole = sample({ ...component.options, type: 'object' }, true) as Options;
    const desired = [
      ...variants(component.options, base),
      ...variants(component.options, whole),
      { name: 'everything', path: '', options: whole },
    ];
    for (const [index, variant] of desired.entries()) {
      // Some options go together with others only; each must be met in some company.
      if (component.check(variant.options).problems.length > 0) continue;
      tried.add(variant.path);
      const provider = own[index % own.length]!;
      try {
        checkRendered(component, render({ [name]: variant.options }, provider).rendered);
      } catch (error) {
        throw new Error(`${name} on ${provider.name} with ${variant.name}: ${messageOf(error)}`, { cause: error });
      }
    }
    const missed = [...new Set(desired.map(({ path }) => path))].filter((path) => path !== '' && !tried.has(path));
    expect(missed).toEqual([]);
  });

  it('counts all that its values ask for', () => {
    const { rendered } = render({ [name]: least(component) }, own[0]!);
    const one = rendered.find((other) => other.id === name)!;
    const asked = requestsIn(valuesOf(one));
    expect(one.requests.cpuMilli).toBeGreaterThanOrEqual(asked.cpuMilli);
    expect(one.requests.memoryMiB).toBeGreaterThanOrEqual(asked.memoryMiB);
  });

  it('names what must be there before it, and what shows that it is healthy', () => {
    const { rendered } = render({ [name]: least(component) }, own[0]!);
    const one = rendered.find((other) => other.id === name)!;
    for (const before of one.waitsFor)
      expect(rendered.findIndex((other) => other.id === before)).toBeLessThan(rendered.indexOf(one));
    expect(one.health.length).toBeGreaterThan(0);
  });
});

/** All `requests` in values, each counted once: a lower bound of what the component asks of the nodes. */
function requestsIn(value: unknown): { cpuMilli: number; memoryMiB: number } {
  if (typeof value !== 'object' || value === null) return { cpuMilli: 0, memoryMiB: 0 };
  const { requests } = value as { requests?: { cpu?: string | number; memory?: string } };
  const here = {
    cpuMilli: milliOf(String(requests?.cpu ?? '0')) ?? 0,
    memoryMiB: (bytesOf(String(requests?.memory ?? '0')) ?? 0) / 2 ** 20,
  };
  return Object.values(value)
    .map(requestsIn)
    .reduce((a, b) => ({ cpuMilli: a.cpuMilli + b.cpuMilli, memoryMiB: a.memoryMiB + b.memoryMiB }), here);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
