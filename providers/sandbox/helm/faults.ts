import type { Program } from '../kube-api/controllers/programs.js';
import type { Obj } from '../kube-api/objects.js';

/** What is ordered to go wrong with a chart: `POST /_sandbox/faults {"charts": {"traefik": {"fail": "timeout", "times": 1}}}`. */
export interface ChartFault {
  /**
   * `download`: its repository does not answer. `timeout`: the API does not either, in the middle of it, which leaves
   * the release failed. `killed`: helm dies half-way, which leaves the release pending. `image`: it is installed, and the
   * images of its pods cannot be pulled. Anything else: helm's own words, which leave the release failed.
   */
  readonly fail: string;
  /** How many times; default: always. */
  readonly times?: number | undefined;
}

/** Faults by name of a chart or a release. */
export class ChartFaults {
  readonly #faults = new Map<string, { fail: string; left: number }>();

  order(faults: Readonly<Record<string, ChartFault>>): void {
    for (const [name, { fail, times = Infinity }] of Object.entries(faults))
      this.#faults.set(name, { fail, left: times });
  }

  clear(): void {
    this.#faults.clear();
  }

  /** The fault of the next attempt, which is used up by that. @param only one kind that is asked for */
  take(names: readonly string[], only?: string): string | undefined {
    for (const name of names) {
      const fault = this.#faults.get(name);
      if (!fault || (fault.fail === 'image') !== (only === 'image')) continue;
      fault.left -= 1;
      if (fault.left <= 0) this.#faults.delete(name);
      return fault.fail;
    }
    return undefined;
  }
}

/** Pods of a release whose images cannot be had, while that is ordered. */
export const imageTrouble = (faults: ChartFaults): Program => ({
  matches: (pod) => faults.take(releasesOf(pod), 'image') !== undefined,
  start: (pod) => {
    const [{ image = '' } = {}] = (pod.spec?.['containers'] ?? []) as { image?: string }[];
    return {
      kind: 'no image',
      message: `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}": not found`,
    };
  },
});

/** Names under which a pod's release may be known. */
const releasesOf = ({ metadata }: Obj): string[] =>
  ['app.kubernetes.io/instance', 'app.kubernetes.io/name', 'app', 'release'].flatMap((label) => {
    const value = metadata.labels?.[label];
    return value === undefined ? [] : [value];
  });
