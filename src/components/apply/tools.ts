import type { Chart, ResolvedSecret } from '../types.js';
import type { Clock } from '../../domain/clock.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';

/** Gets what Helm itself never upgrades. */
export interface ChartArchives {
  /**
   * The CustomResourceDefinitions in a chart's `crds` folder.
   * @throws IncompleteError code CHART_ARCHIVE when the archive can't be had or is not what its repository announces.
   */
  definitions(chart: Chart, options: KubeOptions): Promise<readonly KubeObject[]>;
}

/** What applying and removing components acts through. */
export interface ComponentTools {
  readonly cluster: string;
  readonly kube: Kube;
  readonly clock: Clock;
  readonly archives: ChartArchives;
  /** Says something that a person should know though nothing failed. */
  warn(text: string): void;
}

/** What one application or removal is given beside its tools. */
export interface ComponentRun extends KubeOptions {
  progress(text: string): void;
}

/** Text without any of the secrets that are in play. */
export function scrubbed(text: string, secrets: readonly ResolvedSecret[]): string {
  const values = secrets.flatMap(({ data }) => Object.values(data).map((secret) => secret.reveal()));
  // Very short ones are in every text, and no secrets worth the name.
  return values.filter((value) => value.length >= 6).reduce((rest, value) => rest.replaceAll(value, '[secret]'), text);
}
