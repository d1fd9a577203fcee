import semver from 'semver';

import { charts } from './charts/index.js';
import { HelmError } from './install.js';
import type { HelmOrder } from './job-pod.js';
import type { ChartDefinition } from './types.js';

const bare = (url: string): string => url.replace(/\/$/, '');

/** The chart that an order names. @throws HelmError in helm's words: no such repository, chart or version */
export function findChart(order: HelmOrder, unreachable: boolean): ChartDefinition {
  const isOci = order.repository === '';
  const source = bare(isOci ? order.chart : order.repository);
  const offered = charts().filter(({ sources }) => sources.includes(source));
  if (unreachable || offered.length === 0)
    throw new HelmError(isOci ? noReference(source, unreachable) : noRepository(source, unreachable));
  const chart = isOci ? offered[0] : offered.find(({ name }) => name === order.chart);
  if (!chart) throw new HelmError(missing(order, 'no chart name found'));
  if (has(chart, order.version)) return chart;
  throw new HelmError(
    isOci
      ? `${source}:${order.version}: not found`
      : missing(order, `no chart version found for ${order.chart}-${order.version}`),
  );
}

const missing = ({ name, chart, version }: HelmOrder, why: string): string =>
  `chart "${chart}" matching ${version} not found in ${name} index. (try 'helm repo update'): ${why}`;

const noRepository = (source: string, unreachable: boolean): string =>
  `looks like "${source}" is not a valid chart repository or cannot be reached: ${
    unreachable
      ? `Get "${source}/index.yaml": dial tcp: lookup ${new URL(source).hostname}: i/o timeout`
      : `failed to fetch ${source}/index.yaml : 404 Not Found`
  }`;

function noReference(source: string, unreachable: boolean): string {
  const [, host = '', path = ''] = /^oci:\/\/([^/]+)\/(.*)$/.exec(source) ?? [];
  return unreachable
    ? `failed to perform "FetchReference" on source: Get "https://${host}/v2/${path}/manifests/": dial tcp: lookup ${host}: i/o timeout`
    : `failed to perform "FetchReference" on source: ${host}/${path}: not found`;
}

/** Every version of the major that was looked at exists, up to its next minor; nothing else does. */
function has(chart: ChartDefinition, version: string): boolean {
  const [desired, known] = [semver.parse(version), semver.parse(chart.version)];
  return desired !== null && known !== null && desired.major === known.major && desired.minor <= known.minor + 1;
}
