const minutes = (n: number): number => n * 60_000;

/** Milliseconds each wait for a component may take before it ends with what it last saw. */
export const componentDeadlines = {
  /** Until some node takes pods, counted from the API's first answer. */
  node: minutes(15),
  /** Beside helm's own timeout: the job's image is pulled, pods are placed, a failed attempt is repeated. */
  helmJob: minutes(8),
  /** For a chart without a timeout of its own. */
  helm: minutes(5),
  healthy: minutes(10),
  /** Kinds to be served and webhooks to answer, once their workloads are healthy. */
  webhook: minutes(3),
  /** An object with a finalizer, a namespace, a job's pods. */
  gone: minutes(5),
} as const;
