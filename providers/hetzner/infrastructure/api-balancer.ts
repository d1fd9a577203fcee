import { z } from 'zod';

import { createNamed } from '../../../src/provider/kit/create-named.js';
import { findOurs, isOurs, nameTakenError } from '../../../src/provider/kit/ownership.js';
import { hasCode } from '../../../src/http/api/errors.js';
import { whileBusy } from '../../../src/provider/kit/while-busy.js';
import { clusterLabels, labelKeys } from '../../../src/domain/labels.js';
import type { CallOptions, CreatedResource } from '../../../src/provider/port.js';
import { waitFor } from '../../../src/domain/wait.js';
import { type Hetzner, waits } from '../context.js';
import { names, resourceIds, selectorOf, apiBalancerType, account } from '../names.js';
import { actionShape, loadBalancerShape, type WireLoadBalancer } from '../wire.js';
import { elsewhere } from './network.js';
import { madeId, type Ensure, type HetznerResource, type PlanInput } from './resource.js';

type Desired = { readonly kind: 'api-balancer'; readonly location: string; readonly selector: string };

const apiPort = 6443;
const answer = z.object({ load_balancer: loadBalancerShape });
const createAnswer = z.object({ load_balancer: loadBalancerShape, action: actionShape });
const actionAnswer = z.object({ action: actionShape });

/** Looked at often, so that a lost control plane stops getting connections within ten seconds. */
const service = {
  protocol: 'tcp',
  listen_port: apiPort,
  destination_port: apiPort,
  proxyprotocol: false,
  health_check: { protocol: 'tcp', port: apiPort, interval: 3, timeout: 2, retries: 3 },
};

const target = (selector: string): object => ({
  type: 'label_selector',
  label_selector: { selector },
  use_private_ip: true,
});

type Lack = 'network' | 'service' | 'target';

/** What a balancer lacks: it must listen, find the control planes, and be on their network. */
export function balancerLacks(balancer: WireLoadBalancer, selector: string, networkId: number | undefined): Lack[] {
  const onNetwork = balancer.private_net.some((net) => networkId !== undefined && net.network === networkId);
  const listens = balancer.services.some((one) => one.listen_port === apiPort && one.destination_port === apiPort);
  const finds = balancer.targets.some(
    (one) => one.label_selector?.selector === selector && one.use_private_ip === true,
  );
  return [
    ...(onNetwork ? [] : (['network'] as const)),
    ...(listens ? [] : (['service'] as const)),
    ...(finds ? [] : (['target'] as const)),
  ];
}

/** A balancer for more than one control plane. One that exists stays: kubeconfigs and nodes name its address. */
export function planApiBalancer(
  { request, found, zone }: PlanInput,
  networkResource: HetznerResource,
): HetznerResource<Desired> | undefined {
  const { cluster } = request;
  const name = names.apiBalancer(cluster.name);
  const controlPlanes = request.machines.filter((machine) => machine.role === 'control-plane');
  const network = findOurs(account, 'network', found.networks, names.network(cluster.name), cluster.id);
  const there = findOurs(account, 'load balancer', found.loadBalancers, name, cluster.id);
  // It goes when the network leaves that zone.
  const moves = network !== undefined && elsewhere(network, zone).length > 0 && there?.location.network_zone !== zone;
  const own = moves ? undefined : there;
  if (controlPlanes.length < 2 && !own) return undefined;
  const selector = `${selectorOf(cluster)},${labelKeys.role}=control-plane`;
  const location = controlPlanes[0]?.location ?? request.locations[0] ?? own?.location.name ?? '';
  const address = own && addressOn(own, network?.id);
  const right = own !== undefined && address !== undefined && balancerLacks(own, selector, network?.id).length === 0;
  return {
    id: resourceIds.apiBalancer,
    name,
    text: own
      ? `change load balancer ${name}: private, port ${apiPort} to the control planes`
      : `create load balancer ${name} (${apiBalancerType}): private, port ${apiPort} to the control planes`,
    state: own ? (right ? 'present' : 'differs') : 'missing',
    needs: [networkResource],
    role: { kind: 'api-balancer', location: own?.location.name ?? location },
    ...(right ? { ready: { id: String(own.id), address } } : {}),
    desired: { kind: 'api-balancer', location, selector },
    clusterId: cluster.id,
    labels: clusterLabels(cluster),
  };
}

const addressOn = (balancer: WireLoadBalancer, networkId: number | undefined): string | undefined =>
  balancer.private_net.find((net) => networkId !== undefined && net.network === networkId)?.ip ?? undefined;

export const ensureApiBalancer: Ensure<Desired> = async (hetzner, resource, made, options) => {
  const networkId = madeId(made, resourceIds.network);
  const own = resource.state === 'missing' ? undefined : await findOwn(hetzner, resource, options);
  const balancer = own ?? (await create(hetzner, resource, networkId, options));
  if (!isOurs(balancer, resource.clusterId)) throw nameTakenError(account, 'load balancer', balancer);
  const current = (await hetzner.api.get(`/load_balancers/${balancer.id}`, answer, options)).load_balancer;
  for (const missing of balancerLacks(current, resource.desired.selector, networkId)) {
    await repair(hetzner, balancer.id, missing, networkId, resource.desired.selector, options);
  }
  return waitForAddress(hetzner, current, networkId, options);
};

async function create(
  hetzner: Hetzner,
  { name, labels, desired }: HetznerResource<Desired>,
  network: number,
  options: CallOptions,
): Promise<WireLoadBalancer> {
  const body = {
    name,
    labels,
    load_balancer_type: apiBalancerType,
    algorithm: { type: 'least_connections' },
    location: desired.location,
    network,
    public_interface: false,
    services: [service],
    targets: [target(desired.selector)],
  };
  return createNamed(
    waits(hetzner, options),
    async () => {
      const created = await hetzner.api.post('/load_balancers', body, createAnswer, options);
      await hetzner.actions.wait([created.action], options);
      return created.load_balancer;
    },
    async () => (await hetzner.api.list('/load_balancers', 'load_balancers', loadBalancerShape, options, { name }))[0],
  );
}

async function findOwn(
  { api }: Hetzner,
  resource: HetznerResource,
  options: CallOptions,
): Promise<WireLoadBalancer | undefined> {
  const query = { label_selector: selectorOf({ id: resource.clusterId }) };
  const found = await api.list('/load_balancers', 'load_balancers', loadBalancerShape, options, query);
  return findOurs(account, 'load balancer', found, resource.name, resource.clusterId);
}

async function repair(
  hetzner: Hetzner,
  id: number,
  missing: Lack,
  network: number,
  selector: string,
  options: CallOptions,
): Promise<void> {
  const [verb, body] = {
    network: ['attach_to_network', { network }] as const,
    service: ['add_service', service] as const,
    target: ['add_target', target(selector)] as const,
  }[missing];
  try {
    const { action } = await whileBusy(waits(hetzner, options), ['locked'], () =>
      hetzner.api.postAgain(`/load_balancers/${id}/actions/${verb}`, body, actionAnswer, options),
    );
    await hetzner.actions.wait([action], options);
  } catch (error) {
    // Somebody, perhaps an earlier attempt of ours, was faster.
    if (hasCode(error, 'load_balancer_already_attached', 'source_port_already_used', 'target_already_defined')) return;
    throw error;
  }
}

async function waitForAddress(
  hetzner: Hetzner,
  current: WireLoadBalancer,
  networkId: number,
  options: CallOptions,
): Promise<CreatedResource> {
  const path = `/load_balancers/${current.id}`;
  const address =
    addressOn(current, networkId) ??
    (await waitFor(
      {
        what: `a private address of load balancer ${current.name}`,
        check: async () => addressOn((await hetzner.api.get(path, answer, options)).load_balancer, networkId),
      },
      {
        clock: hetzner.clock,
        signal: options.signal,
        deadlineMs: 120_000,
        intervalMs: 1_000 * hetzner.timeScale,
        hint: 'Look at the load balancer in the Hetzner console, then run the same command again.',
      },
    ));
  return { id: String(current.id), address };
}
