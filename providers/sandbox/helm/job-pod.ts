import { isMap, type Obj } from '../kube-api/objects.js';
import type { ObjectStore } from '../kube-api/store.js';
import { mergeValues, readValues, setValue } from './values.js';
import type { Values } from './types.js';

/** What a pod of the helm controller's job is told, by its environment and arguments. */
export interface HelmOrder {
  readonly verb: 'install' | 'delete';
  readonly name: string;
  readonly namespace: string;
  /** `traefik`, `oci://ghcr.io/…/loki`. */
  readonly chart: string;
  /** Base of a repository; empty for OCI references. */
  readonly repository: string;
  readonly version: string;
  readonly failurePolicy: string;
  readonly takeOwnership: boolean;
  readonly createNamespace: boolean;
  /** The revision that the controller has seen; undefined: this job does not compare. */
  readonly expectedRevision: string | undefined;
  readonly configHash: string | undefined;
  /** What the container's script runs, as its trace shows it. */
  readonly command: string;
}

export const chartLabel = 'helmcharts.helm.cattle.io/chart';

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

const containerOf = (pod: Obj): Container | undefined =>
  ((pod.spec?.['containers'] ?? []) as Container[]).find(({ name }) => name === 'helm');

export const isHelmPod = (pod: Obj): boolean =>
  pod.metadata.labels?.[chartLabel] !== undefined && containerOf(pod) !== undefined;

export function orderOf(pod: Obj): HelmOrder {
  const { args = [], env = [] } = containerOf(pod)!;
  const variable = (name: string): string => env.find((one) => one.name === name)?.value ?? '';
  const optional = (name: string): string | undefined => env.find((one) => one.name === name)?.value;
  const repository = variable('REPO');
  const chart = variable('CHART');
  return {
    verb: args[0] === 'delete' ? 'delete' : 'install',
    name: variable('NAME'),
    namespace: variable('TARGET_NAMESPACE'),
    chart: repository === '' ? chart : chart.slice(variable('NAME').length + 1),
    repository,
    version: variable('VERSION'),
    failurePolicy: variable('FAILURE_POLICY') || 'reinstall',
    takeOwnership: args.includes('--take-ownership'),
    createNamespace: args.includes('--create-namespace'),
    expectedRevision: optional('EXPECTED_RELEASE_REVISION'),
    configHash: optional('CONFIG_HASH'),
    command: args.slice(1).join(' '),
  };
}

interface Source {
  readonly secret?: { readonly name: string; readonly items?: readonly { readonly key: string }[] };
}

/** The values in the files of `/config`, with those of `--set` over them. @throws Error for YAML that is none */
export function valuesOf(store: ObjectStore, pod: Obj): Values {
  const volumes = (pod.spec?.['volumes'] ?? []) as { name: string; projected?: { sources: readonly Source[] } }[];
  const sources = volumes.find(({ name }) => name === 'values')?.projected?.sources ?? [];
  const files = sources.flatMap(({ secret }) => {
    const found = secret && store.look(store.resource('v1', 'Secret'), pod.metadata.namespace ?? '', secret.name);
    const data = found?.['data'];
    const entries = isMap(data) ? Object.entries(data) : [];
    const desired = secret?.items?.map(({ key }) => key);
    return entries
      .filter(([key]) => key.endsWith('.yaml') && (desired === undefined || desired.includes(key)))
      .map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  });
  const { args = [] } = containerOf(pod)!;
  const set = args.flatMap((arg, index) => {
    const typed = args[index - 1] === '--set';
    if (!typed && args[index - 1] !== '--set-string') return [];
    const [path = '', value = ''] = arg.split(/=(.*)/s);
    return [setValue(path, typed ? (JSON.parse(value) as unknown) : value)];
  });
  return set.reduce<Values>((values, one) => mergeValues(values, one), readValues(files.map(([, text]) => text)));
}
