import { type Cause, refusal } from './status.js';

/** Whether a parameter is set. As Go's clients and servers read it: whatever is neither `0` nor `false` counts, nothing after the `=` included. */
export const isTrue = (value: string | null): boolean =>
  value !== null && value !== '0' && value.toLowerCase() !== 'false';

const matches = ['Exact', 'NotOlderThan'];

/** Options of a list or a watch that do not go together. @throws StatusError 422 */
export function assertListOptions(query: URLSearchParams, isWatch: boolean): void {
  const causes = isWatch ? watchCauses(query) : listCauses(query);
  if (causes.length > 0) throw refusal({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', causes);
}

const forbidden = (field: string, why: string): Cause => ({ field, message: `Forbidden: ${why}` });
const unknownMatch = (match: string, known: readonly string[]): Cause => ({
  field: 'resourceVersionMatch',
  message: `Unsupported value: "${match}": supported values: ${known.map((one) => `"${one}"`).join(', ')}`,
});

function listCauses(query: URLSearchParams): Cause[] {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const causes: Cause[] = [];
  const refuse = (why: string): void => void causes.push(forbidden('resourceVersionMatch', why));
  if (match !== '') {
    if (version === '') refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (query.get('continue')) refuse('resourceVersionMatch is forbidden when continue is provided');
    if (!matches.includes(match)) causes.push(unknownMatch(match, [...matches, '']));
    if (match === 'Exact' && version === '0')
      refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (query.has('sendInitialEvents'))
    causes.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return causes;
}

function watchCauses(query: URLSearchParams): Cause[] {
  const match = query.get('resourceVersionMatch') ?? '';
  const asked = query.has('sendInitialEvents');
  const causes: Cause[] = [];
  const refuse = (why: string): void => void causes.push(forbidden('resourceVersionMatch', why));
  if (asked && match !== 'NotOlderThan')
    refuse('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (match === '') return causes;
  if (!asked) refuse('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  if (match !== 'NotOlderThan') causes.push(unknownMatch(match, ['NotOlderThan']));
  if (query.get('continue')) refuse('resourceVersionMatch is forbidden when continue is provided');
  return causes;
}
