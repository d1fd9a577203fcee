import { entries, type ErrorEntry } from '../../src/errors/index.js';

const again = 'Wait a minute, then run the same command again.';
const report = 'Please report it, with the lines that the error shows.';

/** What Hetzner’s API says that Slipway has no code of its own for: `HETZNER_` and Hetzner’s word. */
export const hetznerCodes = entries({
  HETZNER_ACTION_FAILED: [4, 'Something that Hetzner began ended in an error without a word.', again],
  HETZNER_ALREADY_IN_PLACEMENT_GROUP: [[1, 4], 'The server is in a placement group already.', report],
  HETZNER_BAD_GATEWAY: [4, 'The API could not be reached behind Hetzner’s own gateway.', again],
  HETZNER_CONFLICT: [4, 'Something else changed the same resource for longer than Slipway waits.', again],
  HETZNER_DEPRECATED_API_ENDPOINT: [1, 'Hetzner has removed what Slipway asked for.', 'Upgrade Slipway.'],
  HETZNER_FIREWALL_ALREADY_APPLIED: [[1, 4], 'The firewall stands before that server already.', report],
  HETZNER_FIREWALL_RESOURCE_NOT_FOUND: [[1, 4], 'The server that a firewall is for does not exist any more.', again],
  HETZNER_FORBIDDEN: [1, 'The project or the token may not read that.', 'Check the token’s rights in the console.'],
  HETZNER_INCOMPATIBLE_NETWORK_TYPE: [[1, 4], 'A firewall cannot stand before a resource of that kind.', report],
  HETZNER_INVALID_INPUT: [1, 'A field of the request is not as the API wants it; the error names it.', report],
  HETZNER_INVALID_LOAD_BALANCER_TYPE: [[1, 4], 'The load balancer cannot have that type.', report],
  HETZNER_INVALID_SERVER_TYPE: [[1, 4], 'The server cannot have that type.', 'Choose another type.'],
  HETZNER_IP_NOT_AVAILABLE: [[1, 4], 'An address of the private network is taken.', again],
  HETZNER_IP_NOT_OWNED: [[1, 4], 'An address is of another project.', report],
  HETZNER_JSON_ERROR: [1, 'The API could not read the request.', report],
  HETZNER_LOAD_BALANCER_ALREADY_ATTACHED: [[1, 4], 'The load balancer is in a network already.', again],
  HETZNER_LOAD_BALANCER_NOT_ATTACHED_TO_NETWORK: [[1, 4], 'The load balancer is in no network yet.', again],
  HETZNER_LOCKED: [4, 'Something else works on the resource for longer than Slipway waits.', again],
  HETZNER_MAINTENANCE: [[1, 4], 'Hetzner maintains that part of its cloud.', 'See status.hetzner.com, and try later.'],
  HETZNER_METHOD_NOT_ALLOWED: [1, 'The API does not know that method of a resource.', report],
  HETZNER_MUST_BE_UNASSIGNED: [[1, 4], 'An address is still assigned to something.', again],
  HETZNER_NETWORKS_OVERLAP: [
    [1, 4],
    'The network’s range overlaps with that of another network of the server.',
    'Choose another `network.range`, or take the server out of the other network.',
  ],
  HETZNER_NOT_FOUND: [1, 'Something that is needed does not exist at Hetzner.', 'Run the same command again.'],
  HETZNER_NO_SPACE_LEFT_IN_LOCATION: [
    [1, 4],
    'The location has no room for a volume.',
    'Choose another, or try later.',
  ],
  HETZNER_NO_SUBNET_AVAILABLE: [[1, 4], 'No subnet of the network has a free address.', 'Use fewer machines.'],
  HETZNER_PLACEMENT_ERROR: [[1, 4], 'No host keeps the server apart from others of its group.', 'Try later.'],
  HETZNER_PRIVATE_NET_ONLY_SERVER: [[1, 4], 'A firewall cannot stand before a server without public address.', report],
  HETZNER_RATE_LIMIT_EXCEEDED: [4, 'The project has asked too much for longer than Slipway waits.', again],
  HETZNER_RESOLVE_CLOUD_PRIVATE_TARGETS_ERROR: [
    [1, 4],
    'A server is not in the network of the load balancer that should reach it.',
    again,
  ],
  HETZNER_RESOLVE_CLOUD_PUBLIC_TARGETS_ERROR: [
    [1, 4],
    'A server has no public address by which the load balancer could reach it.',
    report,
  ],
  HETZNER_RESOURCE_IN_USE: [[1, 4], 'Something that should be removed is still used.', again],
  HETZNER_RESOURCE_UNAVAILABLE: [4, 'Hetzner does not have it at the moment.', 'Try later, or ask for something else.'],
  HETZNER_SERVER_ALREADY_ADDED: [[1, 4], 'A firewall was applied to a server twice.', report],
  HETZNER_SERVER_ALREADY_ATTACHED: [[1, 4], 'The server is in the network already.', again],
  HETZNER_SERVER_ERROR: [[1, 4], 'Hetzner’s API failed.', again],
  HETZNER_SERVER_NOT_STOPPED: [[1, 4], 'The server has to be off for that.', report],
  HETZNER_SERVICE_ERROR: [[1, 4], 'A service of Hetzner failed.', again],
  HETZNER_SOURCE_PORT_ALREADY_USED: [[1, 4], 'The load balancer listens on that port already.', report],
  HETZNER_TARGETS_WITHOUT_USE_PRIVATE_IP: [[1, 4], 'The load balancer reaches a server by its public address.', report],
  HETZNER_TARGET_ALREADY_DEFINED: [[1, 4], 'The load balancer has that target already.', again],
  HETZNER_TIMEOUT: [4, 'The API did not answer in the time that Hetzner allows it.', again],
  HETZNER_UNAVAILABLE: [4, 'A service of Hetzner is not available.', 'See status.hetzner.com, and try later.'],
  HETZNER_UNIQUENESS_ERROR: [[1, 4], 'Something else at Hetzner has that name or content.', 'Rename or remove it.'],
  HETZNER_UNSUPPORTED_ERROR: [[1, 4], 'The resource cannot do that.', report],
});

declare module '../../src/errors/codes/provider-codes.js' {
  interface ProviderCodes extends Record<keyof typeof hetznerCodes, ErrorEntry> {}
}

/** The code for a word of the API; undefined for one that its documentation does not have. */
export function codeOfWord(word: string): keyof typeof hetznerCodes | undefined {
  const code = `HETZNER_${word.toUpperCase()}`;
  return code in hetznerCodes ? (code as keyof typeof hetznerCodes) : undefined;
}
