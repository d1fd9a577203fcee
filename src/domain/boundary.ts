/** Where Slipway touches the world. */
export type BoundaryKind = 'provider' | 'ssh' | 'kube' | 'workspace';

export interface BoundaryPoint {
  readonly when: 'before' | 'after';
  readonly kind: BoundaryKind;
  /** What is done, such as `POST /servers`, `demo-cp-1 prepare-host`, `write pins.json`. Holds no secret. */
  readonly what: string;
}

/**
 * Passed before and after each provider request, SSH task, Kubernetes write and workspace write. Does nothing in
 * daily life; a test stops, delays or kills the process here.
 */
export type Boundary = (point: BoundaryPoint) => Promise<void>;

export const openBoundary: Boundary = async () => {};

/** Runs `work` between its two boundary points. The second is passed only if `work` succeeds. */
export async function withBoundary<T>(
  boundary: Boundary,
  kind: BoundaryKind,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  await boundary({ when: 'before', kind, what });
  const result = await work();
  await boundary({ when: 'after', kind, what });
  return result;
}
