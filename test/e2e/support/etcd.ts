import { ssh } from './rig.js';

export interface EtcdMember {
  /** The node's name, and what k3s adds to it. */
  readonly name: string;
  readonly isLearner: boolean;
}

const tls = '/var/lib/rancher/k3s/server/tls/etcd';
const listed = `curl -sf --max-time 5 --cacert ${tls}/server-ca.crt --cert ${tls}/client.crt --key ${tls}/client.key -X POST -d '{}'`;

/** Who is in etcd, by etcd itself: asked at the first of these hosts that answers. */
export async function etcdMembers(among: Iterable<string>): Promise<readonly EtcdMember[]> {
  for (const host of among) {
    // Where it serves gRPC apart, the plain way is at a port of its own.
    const said = await ssh(
      host,
      `for port in 2382 2379; do ${listed} https://127.0.0.1:$port/v3/cluster/member/list && break; done; true`,
    );
    if (!said.includes('"members"')) continue;
    const { members } = JSON.parse(said) as { members: readonly { name?: string; isLearner?: boolean }[] };
    return members.map(({ name = '', isLearner = false }) => ({ name, isLearner }));
  }
  throw new Error('no etcd answers');
}
