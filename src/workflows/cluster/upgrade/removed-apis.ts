import type { RemovedApi } from '../../../distributions/upgrades.js';
import type { Impact } from './impact.js';

/** What clients will miss with a release: refused, or, where that was accepted, a warning. */
export function removedApis(found: readonly RemovedApi[], version: string, isAccepted: boolean): Impact {
  if (found.length === 0) return { problems: [], warnings: [] };
  const details = found.map(
    ({ api, removedIn, servers }) => `${api}, gone since ${removedIn}: asked of ${servers.join(', ')}`,
  );
  if (isAccepted) return { problems: [], warnings: details.map((line) => `clients still use ${line}`) };
  const message = `Clients ask for APIs that ${version} does not serve any more.`;
  const hint =
    'Bring those clients to a newer version of the API. A server remembers what it was asked for until it starts anew; where nobody needs it, pass --accept-removed-apis.';
  return { problems: [{ code: 'REMOVED_APIS', kind: 'refused', message, details, hint }], warnings: [] };
}
