import { entries } from './entry.js';

/** What any provider’s account and API can answer. What only one has a word for is in its own package. */
export const providerCodes = entries({
  FIREWALL_NOT_MANAGED: [
    2,
    'The file limits who may reach hosts that have no firewall of the provider.',
    'Take the limit out of the file, and let your own network guard them.',
  ],
  HOSTS_MISSING: [2, 'The provider takes hosts that exist, and the file lists none.', 'List them as `provider.hosts`.'],
  HOSTS_NOT_TAKEN: [
    2,
    'The provider makes its machines itself, and the file lists hosts.',
    'Take `provider.hosts` out, or use the provider `ssh`.',
  ],
  IMAGES_UNSUPPORTED: [
    3,
    'The provider keeps no images of machines, or its machines are there already.',
    'Have machines stand by with `standby` in the file, or push k3s from a bundle.',
  ],
  IMAGE_IN_USE: [
    3,
    'A cluster of the workspace is made from the image, and no other one of that name and architecture is there.',
    'Build another one, or change `image` in the cluster’s file and apply that.',
  ],
  IMAGE_TOO_LARGE: [
    2,
    'A machine type has a smaller disk than the one that the image was made from.',
    'Choose a larger type, or build the image with `--type` and a smaller one.',
  ],
  IMAGE_UNFINISHED: [
    4,
    'The provider did not finish an image in time.',
    'Run the same command again: it waits for the image that was begun.',
  ],
  IMAGE_VANISHED: [
    4,
    'An image that machines were to be made from is gone, or is none for that type.',
    'Build it again, or name another `image` in the cluster file; then run the same command again.',
  ],
  IMAGE_ARCHITECTURE: [
    2,
    'The image does not exist for the machine type’s architecture.',
    'Choose another image or another type.',
  ],
  INFRASTRUCTURE_ORDER: [
    1,
    'A resource was to be made before what it stands on: a fault of Slipway.',
    'Please report it.',
  ],
  INFRASTRUCTURE_UNPLANNED: [
    1,
    'A resource was to be made that the provider did not plan: a fault of Slipway.',
    'Please report it.',
  ],
  MACHINE_VANISHED: [
    4,
    'A machine disappeared while it was being made.',
    'Run the same command again: it is made anew.',
  ],
  NAME_FORM: [
    2,
    'The name of a machine is no host name.',
    'Use small letters, digits and dashes in the names of the cluster and its pools.',
  ],
  NAME_TAKEN: [
    3,
    'Something else has a name that the cluster needs.',
    'Rename or remove it, or choose another name for the cluster.',
  ],
  NAME_TOO_LONG: [
    2,
    'The name of a machine is longer than the provider takes.',
    'Shorten the name of the cluster or of the pool.',
  ],
  NETWORK_FULL: [
    3,
    'The private network has no room for so many machines.',
    'Use fewer, larger machines, or two clusters.',
  ],
  NETWORK_RANGE: [2, 'The provider cannot make a private network of that range.', 'Choose another `network.range`.'],
  NETWORK_RANGE_CHANGED: [
    3,
    'The network exists with another range than the file asks for.',
    'Set `network.range` to what it has; it cannot change.',
  ],
  NETWORK_ZONE_CHANGED: [
    3,
    'The network is in another zone than the locations that the file asks for, and something is on it.',
    'Keep to locations of that zone, or remove what is there first.',
  ],
  NO_INFRASTRUCTURE: [1, 'A resource was asked of a provider that has none: a fault of Slipway.', 'Please report it.'],
  NO_MACHINE: [
    4,
    'A machine that a step works on is not there any more.',
    'See `slipway cluster status`, then run the same command again.',
  ],
  PROTECTED: [
    3,
    'Something is protected against deletion at the provider.',
    'Take the protection off in its console, then run the same command again.',
  ],
  PROVIDER_ANSWER: [
    [1, 4],
    'The provider returned an unexpected response.',
    'If `HCLOUD_ENDPOINT` is set, check that it names a Hetzner Cloud API. Otherwise run the same command again, and report it if it stays.',
  ],
  PROVIDER_UNREACHABLE: [
    4,
    'The provider’s API did not answer.',
    'Check the network here and the provider’s status page, then run the same command again.',
  ],
  RESOURCE_LIMIT: [
    4,
    'The account has no room for more of something.',
    'Ask the provider for a higher limit or ask for less, then run the same command again.',
  ],
  SOLD_OUT: [
    [3, 4],
    'The type is not available at that location now, or no host is left.',
    'Choose another type or location, add a host, or try later.',
  ],
  SSH_KEY_FORM: [2, 'The cluster’s public SSH key is not in OpenSSH’s form.', 'Put the key back from a copy.'],
  SSH_KEY_TAKEN: [3, 'The provider has the cluster’s SSH key under another name.', 'Remove or rename it there.'],
  TOKEN_MISSING: [
    2,
    'No API token of the provider is set.',
    'Make one in its console and set the variable that the error names: `HCLOUD_TOKEN` or `LINODE_TOKEN`.',
  ],
  TOKEN_READ_ONLY: [
    2,
    'The API token can only read. `cluster plan` goes on with it and says so.',
    'Make one with read and write permission, and set the variable that the error names to it: `HCLOUD_TOKEN` or `LINODE_TOKEN`.',
  ],
  TOKEN_REJECTED: [
    2,
    'The provider does not know the API token.',
    'Make one with read and write permission, and set the variable that the error names to it: `HCLOUD_TOKEN` or `LINODE_TOKEN`.',
  ],
  TOO_MANY_RANGES: [
    2,
    'More ranges are allowed than a firewall rule takes.',
    'Join neighbouring ranges into larger ones.',
  ],
  TYPE_ENDED: [2, 'The machine type can no longer be ordered at that location.', 'Choose one that the message names.'],
  TYPE_NOT_OFFERED: [
    2,
    'The machine type is not offered at that location.',
    'Choose another type or another location.',
  ],
  UNKNOWN_IMAGE: [2, 'The provider has no image of that name.', 'Choose one that the message names.'],
  UNKNOWN_KIND: [
    1,
    'Something of a kind was to be removed that the provider does not have: a fault of Slipway.',
    'Please report it.',
  ],
  UNKNOWN_LOCATION: [2, 'The provider has no location of that name.', 'Choose one that the message names.'],
  UNKNOWN_TYPE: [2, 'The provider has no machine type of that name.', 'Choose one that the message names.'],
  ZONES_APART: [
    2,
    'The locations are in network zones that cannot share a private network.',
    'Choose locations of one zone; a second zone is a second cluster.',
  ],
  PLACEMENT: [
    4,
    'The provider has no host left that would keep a machine apart from the others of its pool.',
    'Try later, or another type or location.',
  ],
});
