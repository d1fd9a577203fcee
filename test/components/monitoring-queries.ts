import { parser } from '@prometheus-io/lezer-promql';

/** A query of Prometheus, taken apart. */
export interface Query {
  /** Offset of the first thing that cannot be read; undefined: it is sound. */
  readonly wrongAt: number | undefined;
  readonly metrics: readonly string[];
  /** Labels that series are grouped or matched by, with those of their selectors. */
  readonly labels: readonly string[];
}

export function readQuery(text: string): Query {
  const metrics = new Set<string>();
  const labels = new Set<string>();
  let wrongAt: number | undefined;
  parser.parse(text).iterate({
    enter: ({ node, type, from, to, name }) => {
      if (type.isError) wrongAt ??= from;
      if (name === 'LabelName') labels.add(text.slice(from, to));
      const metric = name === 'VectorSelector' ? node.getChild('Identifier') : null;
      if (metric) metrics.add(text.slice(metric.from, metric.to));
    },
  });
  return { wrongAt, metrics: [...metrics], labels: [...labels] };
}

/** A query as Grafana sends it. */
export const asSent = (text: string): string => text.replaceAll('$__rate_interval', '5m');
