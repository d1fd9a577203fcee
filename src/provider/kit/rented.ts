import type { Machines, ProviderTraits } from '../port.js';

/** Of machines that a cloud makes, bills and deletes, behind its own firewall. */
export const rentedTraits: ProviderTraits = {
  ownsMachines: true,
  managesFirewall: true,
  bringsNodeLabels: false,
  simulated: [],
  answersWithinMs: 15_000,
};

/** What creating and deleting a rented machine means, in a plan and in the question before. */
export const rentedTexts: Pick<Machines, 'previewCreate' | 'describeDeletion'> = {
  previewCreate: async (_cluster, requests) =>
    new Map(requests.map(({ name, types, location }) => [name, `create ${types[0]!} in ${location}`])),
  describeDeletion: ({ type, location }) => `${type} in ${location}, with everything on its disk`,
};
