import { withBoundary, type Boundary } from '../../../../src/domain/boundary.js';
import type { Layer } from '../types.js';

/** Passes one boundary point before and after every attempt, so that a test can stop, delay or kill it. */
export function boundaryPoint(boundary: Boundary): Layer {
  return (next) => (request) =>
    withBoundary(boundary, 'provider', `${request.method} ${request.path}`, () => next(request));
}
