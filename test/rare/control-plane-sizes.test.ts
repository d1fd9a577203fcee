import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';

import { afterAll, expect, it } from 'vitest';

import { Secret } from '../../src/domain/secret.js';
import { apiAddresses } from '../../src/workspace/own-kubeconfig.js';
import { Cli, type Run } from '../support/cli.js';

const cli = new Cli();
afterAll(() => cli.close());
const path = join(cli.home, 'cluster.yaml');

interface Server {
  readonly name: string;
  readonly id: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly public_net: { readonly ipv4: { readonly ip: string } };
}
interface Balancer {
  readonly name: string;
  readonly private_net: readonly { readonly ip: string }[];
  readonly targets: readonly { readonly targets?: readonly { readonly server: { readonly id: number } }[] }[];
}
const file = (servers: number, workers: number): void =>
  writeFileSync(
    path,
    `name: demo\nprovider: {name: sandbox, locations: [fsn1]}\ncontrolPlane: {count: ${servers}}\npools: [{name: web, count: ${workers}}]\n`,
  );
const apply = (boundary?: object): Promise<Run> =>
  cli.run(
    ['cluster', 'apply', '-f', path, '--yes'],
    boundary && { SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...boundary, act: 'kill' }]) },
  );
/** Where the kubeconfig finds the API. */
const addresses = (): readonly URL[] =>
  apiAddresses(new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'))).map(
    (address) => new URL(address),
  );
/** The names in the certificate of whoever serves there. */
const namesAt = ({ hostname: host, port }: URL): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });

const isNamed = (ip: string, names: string): boolean => names.split(', ').includes(`IP Address:${ip}`);

/** Balancer, kubeconfig and certificates are those of so many servers, and nothing is left to do. */
async function isOf(count: number, workers: number): Promise<void> {
  const { etcd, machines } = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
    etcd: object;
    machines: readonly { node?: { ready: boolean } }[];
  };
  expect(etcd).toMatchObject({ members: count, voters: count });
  expect(machines.map(({ node }) => node?.ready)).toEqual(Array.from({ length: count + workers }, () => true));
  const servers = (await cli.cloud<Server>('servers')).filter(({ labels }) => labels['slipway.dev/pool'] === 'cp');
  expect(servers).toHaveLength(count);
  const found = addresses();
  expect(found).toHaveLength(count);
  const certificates = await Promise.all(found.map(namesAt));
  const ips = servers.map(({ public_net }) => public_net.ipv4.ip);
  expect(ips.filter((ip) => certificates.some((names) => isNamed(ip, names)))).toEqual(ips);
  const [balancer] = await cli.cloud<Balancer>('load_balancers');
  if (balancer) {
    const served = balancer.targets.flatMap(({ targets = [] }) => targets.map(({ server }) => server.id));
    expect(served.sort()).toEqual(servers.map(({ id }) => id).sort());
    // All that joined since it is there; k3s hands such names on to the others, which the sandbox does not.
    const address = balancer.private_net[0]!.ip;
    expect(certificates.filter((names) => isNamed(address, names))).toHaveLength(count - 1);
  } else expect(count).toBe(1);
  expect(await cli.run(['cluster', 'plan', '-f', path, '--detailed-exitcode'])).toMatchObject({ code: 0 });
}

it('one server becomes three, five, three and one again; balancer, kubeconfig, certificates and joins follow', async () => {
  file(1, 1);
  const created = await cli.run(['cluster', 'create', '-f', path, '--yes']);
  expect(created, created.err).toMatchObject({ code: 0 });
  await isOf(1, 1);
  const stops = [
    { count: 3, workers: 2, kill: { when: 'before', kind: 'ssh', what: 'demo-cp-3\\S* start-k3s' } },
    { count: 5, workers: 1, kill: { when: 'after', kind: 'provider', what: 'POST /servers$' } },
    { count: 3, workers: 2, kill: { when: 'after', kind: 'kube', what: 'DELETE nodes/demo-cp-5' } },
    { count: 1, workers: 3, kill: { when: 'after', kind: 'provider', what: 'DELETE /servers/' } },
  ];
  for (const { count, workers, kill } of stops) {
    file(count, workers);
    const killed = await apply(kill);
    expect(killed.code, `${JSON.stringify(kill)}\n${killed.err}`).toBe(137);
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    await isOf(count, workers);
  }
}, 300_000);
