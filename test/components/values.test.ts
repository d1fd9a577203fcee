import { describe, expect, it } from 'vitest';

import { readCatalogue, selectComponents, type Catalogue } from '../../src/components/index.js';
import { schemaComment } from '../../src/components/values-check.js';
import { componentsSchema } from '../../src/domain/spec/components.js';
import { folderWith, providers } from './support.js';

const own = await readCatalogue();

function judged(catalogue: Catalogue, components: unknown) {
  const { problems, selection } = selectComponents(catalogue, {
    components: componentsSchema.parse(components),
    pools: [{ name: 'web' }],
    provider: providers.ssh,
  });
  return {
    problems: problems.map(({ path, message }) => `${path.join('.')}: ${message}`),
    warnings: selection.warnings,
  };
}
const problemsOf = (components: object, catalogue = own) =>
  judged(catalogue, { preset: 'none', ...components }).problems;

describe('values for a chart', () => {
  it.each<[string, object, string]>([
    [
      'a key that its schema does not know',
      { traefik: { values: { portz: {} } } },
      'traefik.values.portz: unknown key; did you mean ports?',
    ],
    [
      'a nested key that its schema does not know',
      { traefik: { values: { ports: { web: { nodePrt: 30080 } } } } },
      'traefik.values.ports.web.nodePrt: unknown key; did you mean nodePort?',
    ],
    [
      'a value of another type than its schema says',
      { traefik: { values: { deployment: { replicas: 'three' } } } },
      'traefik.values.deployment.replicas: "three" is not allowed: a whole number, or nothing',
    ],
    [
      'a key that the values of a chart without a schema do not have',
      { alloy: { values: { aloy: { clustering: { enabled: true } } } } },
      'alloy.values.aloy: unknown key; did you mean alloy?',
    ],
    [
      'a key of a chart inside another',
      { monitoring: { values: { grafana: { persistance: { enabled: true } } } } },
      'monitoring.values.grafana.persistance: unknown key; did you mean persistence?',
    ],
    [
      'a key at the top of a schema that takes any',
      { loki: { values: { singleBinry: { replicas: 1 } } } },
      'loki.values.singleBinry: unknown key; did you mean singleBinary?',
    ],
  ])('are refused with %s', (_what, components, problem) => {
    expect(problemsOf(components).filter((line) => line.includes('.values.'))).toEqual([`components.${problem}`]);
  });

  it.each<[string, object]>([
    [
      'what goes to Kubernetes as it is',
      { traefik: { values: { nodeSelector: { any: 'label' }, resources: { limits: { cpu: '1' } } } } },
    ],
    ['a null, which takes out', { traefik: { values: { ports: { web: { nodePort: null } } } } }],
    [
      'keys of a map of named entries',
      { traefik: { values: { ports: { mine: { port: 9000, containerPort: 9000 } } } } },
    ],
    [
      'keys that a chart names only in comments',
      { monitoring: { values: { grafana: { persistence: { storageClassName: 'fast' } } } } },
    ],
    ['a part of an entry whose rest is below', { traefik: { values: { ports: { web: { nodePort: 30080 } } } } }],
    ['`global`', { alloy: { values: { global: { image: { registry: 'mirror.example.com' } } } } }],
    [
      'sections of a program’s own file',
      { monitoring: { values: { grafana: { 'grafana.ini': { smtp: { enabled: true } } } } } },
    ],
  ])('may hold %s', (_what, components) => {
    expect(problemsOf(components)).toEqual([]);
  });

  it('go to the chart as they are with `checkValues: false`', () => {
    expect(problemsOf({ traefik: { values: { portz: {} }, checkValues: false } })).toEqual([]);
  });

  it('are only warned about where the file asks for another version of the chart', () => {
    const { problems, warnings } = judged(own, {
      preset: 'none',
      traefik: { version: '99.0.0', values: { portz: {} } },
    });
    expect(problems).toEqual([]);
    expect(warnings).toContain(
      `traefik: values.portz: unknown key; did you mean ports?, in chart version ${own.components.get('traefik')!.chart!.version}; 99.0.0 may differ.`,
    );
  });

  it('are held to the schema that a folder of one’s own carries, and to nothing where it carries none', async () => {
    const chart =
      'title: T\ndescription: D\nnamespace: n\nchart: {name: x, repository: "https://charts.example.com", version: 1.0.0}\n';
    const schema = {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' } },
      additionalProperties: false,
    };
    const folder = await folderWith({
      'checked/component.yaml': chart,
      'checked/values.schema.json': JSON.stringify(schema),
      'free/component.yaml': chart,
    });
    const catalogue = await readCatalogue([folder]);
    expect(problemsOf({ checked: { values: { nam: 'a' } } }, catalogue)).toEqual([
      'components.checked.values.nam: unknown key; did you mean name?',
    ]);
    expect(problemsOf({ free: { values: { nam: 'a' } } }, catalogue)).toEqual([]);
  });

  it('name the file when a folder’s schema cannot be read', async () => {
    const folder = await folderWith({
      'web/component.yaml':
        'title: T\ndescription: D\nnamespace: n\nchart: {name: x, repository: "https://charts.example.com", version: 1.0.0}\n',
      'web/values.schema.json': '{"type": ',
    });
    const catalogue = await readCatalogue([folder]);
    expect(() => problemsOf({ web: { values: { a: 1 } } }, catalogue)).toThrow(/web/);
  });

  it.each([...own.components.values()].filter(({ chart }) => chart).map((one) => [one.name, one] as const))(
    'have a schema of the pinned version: %s',
    async (_name, { folder, chart }) => {
      const { readFile } = await import('node:fs/promises');
      const schema = JSON.parse(await readFile(`${folder}/values.schema.json`, 'utf8')) as { $comment: string };
      expect(schema.$comment).toBe(schemaComment(chart!));
    },
  );
});
