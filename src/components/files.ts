import type { KubeObject } from '../kube/types.js';
import type { RenderedComponent, SecretNeed } from './types.js';
import { yamlText } from './yaml-text.js';

/** First line of every file, by which Slipway knows its own again. */
export const filesHeader = '# Made by `slipway component render`; a change here is lost with the next rendering.';

/**
 * What components put into a cluster, as files that Flux, Argo CD or `kubectl apply -k` can apply: path → text. Stable
 * names, no times, no secrets; equal input gives equal files.
 *
 * - `charts/`: Namespaces, what must be before a chart, and the HelmChart objects
 * - `objects/`: components' own objects, which may be of kinds that charts bring
 * - `secrets-needed.yaml`: comments only
 */
export function renderedFiles(
  rendered: readonly RenderedComponent[],
  needs: readonly SecretNeed[],
): ReadonlyMap<string, string> {
  const charts = new Files('charts');
  const objects = new Files('objects');
  for (const component of rendered) {
    for (const object of component.before)
      charts.add(object.kind === 'Namespace' ? 'namespaces' : component.id, component.namespace, object);
    if (component.chart) charts.add(component.id, 'kube-system', component.chart);
    for (const object of component.objects) objects.add(component.id, component.namespace, object);
  }
  const folders = [charts, objects].filter(({ isEmpty }) => !isEmpty);
  return new Map([
    ['kustomization.yaml', kustomization(folders.map(({ folder }) => folder))],
    ['secrets-needed.yaml', secretsPage(needs)],
    ...charts.entries(),
    // Until the charts have brought their kinds, a dry run knows nothing of these.
    ...objects.entries({
      'argocd.argoproj.io/sync-options': 'SkipDryRunOnMissingResource=true',
      'argocd.argoproj.io/sync-wave': '1',
    }),
  ]);
}

class Files {
  readonly #texts = new Map<string, string>();

  constructor(readonly folder: string) {}

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  /** The same object of two components is one file. */
  add(part: string, namespace: string, object: KubeObject): void {
    const text = fileText(object);
    const path = [...pathsOf(part, namespace, object)].find((name) => (this.#texts.get(name) ?? text) === text);
    if (path === undefined) throw new Error(`${object.kind} ${object.metadata.name} is rendered twice`);
    this.#texts.set(path, text);
  }

  entries(annotations?: Readonly<Record<string, string>>): (readonly [string, string])[] {
    if (this.isEmpty) return [];
    const list = kustomization([...this.#texts.keys()], annotations);
    return [['kustomization.yaml', list] as const, ...this.#texts].map(([path, text]) => [
      `${this.folder}/${path}`,
      text,
    ]);
  }
}

/** Names for an object's file, the first that is free: with more of what tells it apart each time. */
function* pathsOf(part: string, namespace: string, { apiVersion, kind, metadata }: KubeObject): Generator<string> {
  const other = metadata.namespace !== undefined && metadata.namespace !== namespace ? [metadata.namespace] : [];
  const group = apiVersion.includes('/') ? [apiVersion.split('/')[0]!] : [];
  const name = (...words: readonly string[]): string =>
    `${part}/${words
      .join('-')
      .toLowerCase()
      .replace(/[^a-z0-9.-]+/g, '-')}.yaml`;
  yield name(kind, ...other, metadata.name);
  yield name(kind, ...group, ...(metadata.namespace === undefined ? [] : [metadata.namespace]), metadata.name);
}

const fileText = (value: unknown): string => `${filesHeader}\n${yamlText(value)}\n`;

function kustomization(resources: readonly string[], annotations?: Readonly<Record<string, string>>): string {
  return fileText({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [...resources],
    ...(annotations === undefined ? {} : { commonAnnotations: annotations }),
  });
}

/** Comments only, so that whoever applies the whole folder applies nothing for it. */
function secretsPage(needs: readonly SecretNeed[]): string {
  const bySecret = new Map<string, string[]>();
  for (const { namespace, name, key, variable, generate } of needs) {
    const id = `${namespace}/${name}`;
    const line = `#   ${key}: ${variable}${generate === undefined ? '' : ` (any ${generate} characters)`}`;
    bySecret.set(id, [...new Set([...(bySecret.get(id) ?? []), line])]);
  }
  if (bySecret.size === 0) return `${filesHeader}\n# No Secrets are needed.\n`;
  const lines = [...bySecret].flatMap(([id, keys]) => [`# ${id}`, ...keys]);
  return [
    filesHeader,
    '# Secrets that must be there: namespace/name, and where Slipway takes each key from.',
    ...lines,
    '',
  ].join('\n');
}
