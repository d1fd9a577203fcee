/** How many steps of one kind run at once. Joins of servers: etcd takes one learner at a time. */
export const limits = {
  join: 1,
  'agent-join': 50,
  drain: 3,
  authorize: 50,
  component: 8,
  'remove-component': 1,
  tenant: 8,
  bundle: 1,
} as const;

export type Limit = keyof typeof limits;
