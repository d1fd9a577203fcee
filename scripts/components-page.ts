import {
  readCatalogue,
  sumOf,
  type Catalogue,
  type Component,
  type Preset,
  type Requests,
} from '../src/components/index.js';
import type { JsonSchema } from '../src/domain/source/json-schema.js';
import { amount } from '../src/cli/views/components.js';
import { exampleRequests } from './example-requests.js';

type Asked = ReadonlyMap<string, Requests>;

const askedBy = (asked: Asked, name: string): readonly [string, string, string] => {
  const requests = asked.get(name);
  if (!requests) throw new Error(`scripts/example-requests.ts does not count ${name}`);
  return amount(requests);
};

/** docs/reference/components.md: what each component is, asks of the nodes, and may be told. */
export async function componentsPage(): Promise<string> {
  const catalogue = await readCatalogue();
  const asked = exampleRequests(catalogue);
  const all = [...catalogue.components.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    '# Components',
    '',
    'Made from `templates/components` by `npm run docs`. `slipway component list -c CLUSTER` shows the same for one cluster;',
    'own components are explained in [component-folders.md](component-folders.md).',
    '',
    'Every component takes, beside its own options: `version` (another version of its chart), `pool` (where it lives),',
    '`storage: {class, size}`, `values` (laid over Slipway’s own: maps are joined, lists replaced, `null` takes out) and',
    '`secrets: {VARIABLE: {env: OTHER} | {file: ./path}}`. `false` leaves it out, `true` takes it as it is.',
    'Keys and types of `values` are checked against the pinned version of the chart; `checkValues: false` hands them on unchecked,',
    'and with another `version` what would be refused is only warned about.',
    '',
    '| preset | components | cpu | memory | volumes |',
    '|---|---|---|---|---|',
    ...(['minimal', 'baseline'] as const).map((preset) => presetRow(catalogue, asked, preset)),
    '',
    'All is counted for three nodes, from what is rendered; `slipway component list` counts for your own cluster. What a provider adds',
    '(its cloud controller, its volumes) is not in these sums, nor what goes with options.',
    '',
    '| component | presets | version | cpu | memory | volumes |',
    '|---|---|---|---|---|---|',
    ...all.map((component) =>
      row(
        `[${component.name}](#${component.name})`,
        component.presets.join(', '),
        component.chart?.version ?? '',
        ...askedBy(asked, component.name),
      ),
    ),
    '',
    ...all.flatMap((component) => section(component, asked)),
  ].join('\n');
}

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

function presetRow({ components }: Catalogue, asked: Asked, preset: Preset): string {
  const members = [...components.values()].filter(
    ({ presets, when }) => presets.includes(preset) && when === undefined,
  );
  // What these need comes too, and what goes with them whatever their options are.
  const names = new Set(members.map(({ name }) => name));
  for (let before = -1; before !== names.size;) {
    before = names.size;
    for (const component of components.values()) {
      if (names.has(component.name))
        component.needs.filter((need) => components.has(need)).forEach((need) => names.add(need));
      const { with: other } = component;
      if (other && other.when === undefined && names.has(other.component)) names.add(component.name);
    }
  }
  const on = [...names].sort().map((name) => components.get(name)!);
  const total = sumOf(on.map(({ name }) => asked.get(name)!));
  return row(`\`${preset}\``, on.map(({ name }) => name).join(', '), ...amount(total));
}

function section(component: Component, asked: Asked): string[] {
  const { name, title, description, chart, namespace, needs, needsIf, after, provides, architectures } = component;
  const [cpu, memory, volumes] = askedBy(asked, component.name);
  const facts: readonly (readonly [string, string])[] = [
    [
      'chart',
      chart === undefined
        ? 'none, own objects only'
        : `${chart.oci ?? `${chart.name} of ${chart.repository ?? ''}`}, ${chart.version}`,
    ],
    ['namespace', namespace],
    ['asks for', `cpu ${cpu}, memory ${memory}${volumes === '' ? '' : `, volumes ${volumes}`}`],
    ['is on', isOn(component)],
    ['needs', [...needs, ...needsIf.map((need) => `${need.name}${conditionText(need)}`)].join(', ')],
    ['after', after.join(', ')],
    ['provides', provides.join(', ')],
    ['architectures', architectures.join(', ')],
    ['secrets', secretsText(component)],
    ['data outside', component.endpoints.map(({ what }) => what).join(', ')],
  ];
  const options = rowsOf(component.options, '');
  return [
    `## ${name}`,
    '',
    `${title}. ${description}`,
    '',
    '| | |',
    '|---|---|',
    ...facts.filter(([, text]) => text !== '').map(([what, text]) => row(what, text)),
    '',
    ...(options.length === 0 ? [] : ['| option | type | default | meaning |', '|---|---|---|---|', ...options, '']),
  ];
}

function isOn({ presets, when, with: other }: Component): string {
  const ways = [
    ...presets.map((preset) => `in preset \`${preset}\`${when === undefined ? '' : ` with \`${when}\``}`),
    ...(other === undefined
      ? []
      : [`with ${other.component}${other.when === undefined ? '' : ` with \`${other.when}\``}`]),
  ];
  return ways.length === 0 ? 'when it is named, needed, or the provider asks for it' : `${ways.join(', ')}, or named`;
}

const conditionText = ({ when, unless }: Component['needsIf'][number]): string =>
  `${when === undefined ? '' : ` with \`${when}\``}${unless === undefined ? '' : ` unless \`${unless}\``}`;

function secretsText({ secrets }: Component): string {
  return secrets
    .map(({ name, namespace, when, keys, generate }) => {
      const from = Object.entries(keys).map(
        ([key, variable]) => `${key}: \`${variable}\`${key in generate ? ' or drawn' : ''}`,
      );
      const drawn = Object.keys(generate).filter((key) => !(key in keys));
      const all = [...from, ...drawn.map((key) => `${key}: drawn`)].join(', ');
      return `${namespace}/${name}${when === undefined ? '' : ` with \`${when}\``}${all === '' ? '' : ` (${all})`}`;
    })
    .join('; ');
}

function rowsOf(schema: JsonSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const inner = property.properties
      ? rowsOf(property, path)
      : property.items?.properties
        ? rowsOf(property.items, `${path}[]`)
        : [];
    const fallback =
      property.default === undefined || property.properties ? '' : `\`${JSON.stringify(property.default)}\``;
    const required = schema.required?.includes(key) ? 'required' : fallback;
    return [row(`\`${path}\``, typeText(property), required, property.description ?? ''), ...inner];
  });
}

function typeText(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeText))].join(' or ');
  if (schema.type === 'array') return `list of ${typeText(schema.items ?? {})}`;
  const words: Readonly<Record<string, string>> = { object: 'map', integer: 'whole number' };
  return typeof schema.type === 'string' ? (words[schema.type] ?? schema.type) : 'any';
}
