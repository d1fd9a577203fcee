const minutes = (n: number): number => n * 60_000;

/** How long each wait may take, in milliseconds, before it ends with what it last saw. */
export const deadlines = {
  /** From asking for a machine until it answers SSH with our host key. */
  ssh: minutes(6),
  /** A running server whose API does not answer: how long etcd may take to find a leader. */
  election: 10_000,
  cloudInit: minutes(10),
  hostTask: minutes(2),
  download: minutes(10),
  serverStart: minutes(10),
  agentStart: minutes(10),
  nodeReady: minutes(6),
  drain: minutes(10),
  /** A pod of a moment, whose image may have to be pulled. */
  authorize: minutes(4),
  nodeGone: minutes(3),
  /** From deleting the pods of a node that is out of service until its volumes are detached. */
  detached: minutes(1.5),
  /** Between two waves of a rollout: how long a node that was up may be down before nothing more is begun. */
  recovery: minutes(1),
} as const;
