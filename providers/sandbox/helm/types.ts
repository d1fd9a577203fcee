import type { Obj } from '../kube-api/objects.js';
import type { ChartPin } from './charts/pins.js';

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
export interface RetoldChart {
  readonly name: string;
  /** Where it can be had beside the place that its component names: repositories without a slash at the end, OCI references. */
  readonly mirrors?: readonly string[];
  /** Of a chart that no component of the program uses. */
  readonly pin?: ChartPin;
  /** Values that decide what is made, as the chart has them. */
  readonly defaults?: Values;
  /** Its `crds/` folder: made once, never upgraded, never removed. */
  readonly crds?: () => readonly Obj[];
  /** @throws TemplateError when its templates refuse the values */
  readonly render: (context: ChartContext) => readonly Obj[];
}

/** A chart that can be had. */
export interface ChartDefinition extends RetoldChart {
  readonly sources: readonly string[];
  /** The version that was looked at; every version of its major is there to be had. */
  readonly version: string;
}

/** What `fail` of a template, or a schema, says. */
export class TemplateError extends Error {}
