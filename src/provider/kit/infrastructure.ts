import { UnexpectedError } from '../../errors/index.js';
import type { CreatedResource, InfrastructureIds } from '../port.js';

/** What a resource of the infrastructure was made as, for one that stands on it. */
export function createdBefore(made: InfrastructureIds, id: string): CreatedResource {
  const resource = made.get(id);
  if (resource) return resource;
  throw new UnexpectedError(`The resource ${id} was not made before something that stands on it.`, {
    code: 'INFRASTRUCTURE_ORDER',
    hint: 'This is a fault of Slipway; please report it.',
  });
}
