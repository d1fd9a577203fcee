import type { Obj } from '../kube-api/objects.js';

export type Values = Readonly<Record<string, unknown>>;

/** What a chart's templates are given. */
export interface ChartContext {
  readonly release: string;
  readonly namespace: string;
  /** The chart's own, with the release's laid over them. */
  readonly values: Values;
  readonly version: string;
}

/** A chart that the simulated world knows: what it makes, with upstream's names and labels. */
export interface ChartDefinition {
  readonly name: string;
  /** Where it can be had: repositories without a slash at the end, or whole OCI references. */
  readonly sources: readonly string[];
  /** The version that was looked at; every version of its major is there to be had. */
  readonly version: string;
  /** Values that decide what is made, as the chart has them. */
  readonly defaults?: Values;
  /** Its `crds/` folder: made once, never upgraded, never removed. */
  readonly crds?: () => readonly Obj[];
  /** @throws TemplateError when its templates refuse the values */
  readonly render: (context: ChartContext) => readonly Obj[];
}

/** What `fail` of a template, or a schema, says. */
export class TemplateError extends Error {}
