/** What k3s writes to its journal, word for word: whoever reads a host's journal looks for these. */
export const said = {
  tombstone: 'level=info msg="tombstone file has been detected, removing data dir to rejoin the cluster"',
  noBootstrapData:
    'failed to reconcile with local datastore: no bootstrap data found in datastore - check server token value and verify datastore integrity',
  otherToken: 'bootstrap data already found and encrypted with different token',
  removed: 'level=info msg="This node has been removed from the cluster - please restart k3s to rejoin the cluster"',
  removedForGood: [
    '{"level":"warn","caller":"etcdserver/server.go:860","msg":"server error","error":"the member has been permanently removed from the cluster"}',
    'level=info msg="Failed to test etcd connection: failed to get etcd status: rpc error: code = Unavailable desc = connection error: desc = \\"transport: authentication handshake failed: context deadline exceeded\\""',
  ],
  learner:
    'level=info msg="Failed to test etcd connection: this server has not yet been promoted from learner to voting member"',
  noQuorum: 'level=info msg="Waiting for etcd: failed to get quorum: context deadline exceeded"',
} as const;
