import type { JudgedEndpoint, Selection } from '../../components/types.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import { note, type WorkflowContext } from '../context.js';

/**
 * Says of which places outside the cluster the country cannot be known, and refuses those outside the residency.
 * @throws RefusedError code OUTSIDE_RESIDENCY, a line in `details` for each place.
 */
export async function checkEndpoints(
  context: Pick<WorkflowContext, 'reporter' | 'clock'>,
  selection: Selection,
  { provider: { residency } }: ClusterSpec,
): Promise<readonly JudgedEndpoint[]> {
  const { judgedEndpoints, endpointText } = await import('../../components/index.js');
  const places = judgedEndpoints(selection, residency);
  if (!residency) return places;
  const outside = places.filter(({ verdict }) => verdict === 'outside');
  if (outside.length > 0)
    throw new RefusedError(`Data would leave ${residency.join(', ')}; nothing was changed.`, {
      code: 'OUTSIDE_RESIDENCY',
      details: outside.map(endpointText),
      hint: 'Name a place inside, or add its country to provider.residency.',
    });
  for (const place of places.filter(({ verdict }) => verdict === 'unknown'))
    note(context, `${endpointText(place)}: see for yourself that it is in ${residency.join(' or ')}.`, 'warning');
  return places;
}
