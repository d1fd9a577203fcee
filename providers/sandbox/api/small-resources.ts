import { createHash } from 'node:crypto';

import { showAction } from './actions.js';
import { images, loadBalancerTypes, locations, pricing, serverTypes } from './catalogue.js';
import { ApiError, invalid, notFound, taken } from './errors.js';
import { checkLabels } from './labels.js';
import { page, type Listed } from './paging.js';
import type { Project } from './project.js';
import type { Router } from './router.js';
import { showGroup } from './servers.js';
import type { StoredKey, StoredVolume } from './state.js';

/** SSH keys, placement groups, volumes, addresses, and what the catalogue tells. */
export function smallRoutes(router: Router, project: Project): void {
  keyRoutes(router, project);
  groupRoutes(router, project);
  volumeRoutes(router, project);
  addressRoutes(router, project);
  catalogueRoutes(router);
  router.on('GET', '/actions', ({ query }) => {
    const ids = query.getAll('id').map(Number);
    if (ids.length === 0) throw invalid('id', 'at least one id is needed');
    const statuses = query.getAll('status');
    const found = ids
      .flatMap((id) => project.actions.all.get(id) ?? [])
      .filter(({ status }) => statuses.length === 0 || statuses.includes(status));
    return page('actions', found, query, showAction);
  });
  router.on('GET', '/actions/:id', (call) => ({ body: { action: showAction(project.actions.get(call.id())) } }));
}

function keyRoutes(router: Router, project: Project): void {
  const { keys } = project;
  const find = (id: number): StoredKey => {
    const key = keys.byId.get(id);
    if (!key) throw notFound('SSH key', id);
    return key;
  };
  const show = ({ publicKey, ...key }: StoredKey): unknown => ({ ...key, public_key: publicKey });
  router.on('GET', '/ssh_keys', ({ query }) => {
    const fingerprint = query.get('fingerprint');
    return page(
      'ssh_keys',
      keys.all().filter((key) => fingerprint === null || key.fingerprint === fingerprint),
      query,
      show,
    );
  });
  router.on('GET', '/ssh_keys/:id', (call) => ({ body: { ssh_key: show(find(call.id())) } }));
  router.on('POST', '/ssh_keys', ({ body }) => {
    const { name, public_key: publicKey } = body;
    if (typeof name !== 'string' || name === '') throw invalid('name', 'must not be empty');
    const blob =
      typeof publicKey === 'string' ? /^(ssh-\S+|ecdsa-\S+) ([A-Za-z0-9+/=]+)/.exec(publicKey)?.[2] : undefined;
    if (blob === undefined) throw invalid('public_key', 'is no OpenSSH public key');
    const fingerprint = createHash('md5').update(Buffer.from(blob, 'base64')).digest('hex').match(/../g)!.join(':');
    if (keys.all().some((key) => key.fingerprint === fingerprint)) throw taken('public_key', 'SSH key is already used');
    if (keys.named(name)) throw taken('name', 'SSH key name is already used');
    const key = keys.add({
      id: project.nextId(),
      name,
      fingerprint,
      publicKey: publicKey as string,
      labels: checkLabels(body['labels']),
      created: project.stamp(),
    });
    return { status: 201, body: { ssh_key: show(key) } };
  });
  router.on('PUT', '/ssh_keys/:id', (call) => {
    const key = find(call.id());
    if (typeof call.body['name'] === 'string') key.name = call.body['name'];
    if (call.body['labels'] !== undefined) key.labels = checkLabels(call.body['labels']);
    return { body: { ssh_key: show(key) } };
  });
  router.on('DELETE', '/ssh_keys/:id', (call) => {
    keys.byId.delete(find(call.id()).id);
    return { status: 204 };
  });
}

function groupRoutes(router: Router, project: Project): void {
  const { groups } = project;
  router.on('GET', '/placement_groups', ({ query }) =>
    page('placement_groups', groups.all(), query, ({ id }) => showGroup(project, id)),
  );
  router.on('GET', '/placement_groups/:id', (call) => {
    if (!groups.byId.has(call.id())) throw notFound('placement group', call.id());
    return { body: { placement_group: showGroup(project, call.id()) } };
  });
  router.on('POST', '/placement_groups', ({ body }) => {
    if (typeof body['name'] !== 'string' || body['name'] === '') throw invalid('name', 'must not be empty');
    if (body['type'] !== 'spread') throw invalid('type', 'must be spread');
    if (groups.named(body['name'])) throw taken('name', 'placement group name is already used');
    if (groups.byId.size >= 50)
      throw new ApiError(403, 'resource_limit_exceeded', 'placement group limit exceeded', {
        limits: [{ name: 'placement_group_limit' }],
      });
    const group = groups.add({
      id: project.nextId(),
      name: body['name'],
      labels: checkLabels(body['labels']),
      created: project.stamp(),
    });
    return { status: 201, body: { placement_group: showGroup(project, group.id), action: null } };
  });
  router.on('DELETE', '/placement_groups/:id', (call) => {
    if (!groups.byId.delete(call.id())) throw notFound('placement group', call.id());
    for (const server of project.servers.all())
      if (server.placementGroup === call.id()) server.placementGroup = undefined;
    return { status: 204 };
  });
}

function volumeRoutes(router: Router, project: Project): void {
  const { volumes, actions } = project;
  const find = (id: number): StoredVolume => {
    const volume = volumes.byId.get(id);
    if (!volume) throw notFound('volume', id);
    return volume;
  };
  const show = (volume: StoredVolume): unknown => ({
    id: volume.id,
    name: volume.name,
    created: volume.created,
    server: volume.server,
    location: project.location(volume.location),
    size: volume.size,
    linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`,
    protection: { delete: false },
    labels: volume.labels,
    status: 'available',
    format: volume.format,
  });
  const act = (command: string, id: number) =>
    showAction(actions.start(command, [{ id, type: 'volume' }], project.profile.actionMs));
  router.on('GET', '/volumes', ({ query }) => page('volumes', volumes.all(), query, show));
  router.on('GET', '/volumes/:id', (call) => ({ body: { volume: show(find(call.id())) } }));
  router.on('POST', '/volumes', ({ body }) => {
    const size = Number(body['size']);
    if (!Number.isInteger(size) || size < 10 || size > 10_240) throw invalid('size', 'must be 10 to 10240 GB');
    if (typeof body['name'] !== 'string' || body['name'] === '') throw invalid('name', 'must not be empty');
    if (volumes.named(body['name'])) throw taken('name', 'volume name is already used');
    const server = body['server'] === undefined ? null : project.server(Number(body['server']));
    if (!server && body['location'] === undefined) throw invalid('location', 'location or server is needed');
    const volume = volumes.add({
      id: project.nextId(),
      name: body['name'],
      size,
      server: server?.id ?? null,
      location: server?.location ?? project.location(body['location']).name,
      format: (body['format'] as string | undefined) ?? null,
      labels: checkLabels(body['labels']),
      created: project.stamp(),
    });
    return { status: 201, body: { volume: show(volume), action: act('create_volume', volume.id), next_actions: [] } };
  });
  router.on('DELETE', '/volumes/:id', (call) => {
    const volume = find(call.id());
    if (volume.server !== null) throw new ApiError(422, 'resource_in_use', 'volume is still attached');
    volumes.byId.delete(volume.id);
    return { status: 204 };
  });
  router.on('POST', '/volumes/:id/actions/attach', (call) => {
    const volume = find(call.id());
    const server = project.server(Number(call.body['server']));
    if (volume.server !== null) throw new ApiError(422, 'volume_already_attached', 'volume is already attached');
    if (server.location !== volume.location) throw invalid('server', 'server is in another location');
    if (volumes.all().filter((other) => other.server === server.id).length >= 16) {
      throw new ApiError(422, 'limit_exceeded_error', 'a server takes at most 16 volumes');
    }
    volume.server = server.id;
    return { status: 201, body: { action: act('attach_volume', volume.id) } };
  });
  router.on('POST', '/volumes/:id/actions/detach', (call) => {
    const volume = find(call.id());
    volume.server = null;
    return { status: 201, body: { action: act('detach_volume', volume.id) } };
  });
}

/** Addresses come and go with their servers here; there are no free-standing ones. */
function addressRoutes(router: Router, project: Project): void {
  router.on('GET', '/primary_ips', ({ query }) => {
    const all = project.servers.all().flatMap((server) =>
      (
        [
          ['ipv4', server.ipv4Id, server.ipv4],
          ['ipv6', server.ipv6Id, server.ipv6],
        ] as const
      ).flatMap(([type, id, ip]) =>
        id === undefined || ip === undefined ? [] : [{ id, name: `primary_ip-${id}`, labels: {}, type, ip, server }],
      ),
    );
    return page('primary_ips', all, query, ({ id, name, labels, type, ip, server }) => ({
      id,
      name,
      labels,
      created: server.created,
      blocked: false,
      location: project.location(server.location),
      ip,
      dns_ptr: [],
      protection: { delete: false },
      type,
      auto_delete: true,
      assignee_type: 'server',
      assignee_id: server.id,
    }));
  });
  for (const empty of ['floating_ips', 'certificates', 'isos']) {
    router.on('GET', `/${empty}`, ({ query }) => page(empty, [] as Listed[], query, (item) => item));
  }
}

function catalogueRoutes(router: Router): void {
  const list = (
    key: string,
    all: readonly Listed[],
    filter: (item: Listed, query: URLSearchParams) => boolean = () => true,
  ): void => {
    router.on('GET', `/${key}`, ({ query }) =>
      page(
        key,
        all.filter((item) => filter(item, query)),
        query,
        (item) => item,
      ),
    );
    router.on('GET', `/${key}/:id`, (call) => {
      const found = all.find(({ id }) => id === call.id());
      if (!found) throw notFound(key, call.id());
      return { body: { [key.slice(0, -1)]: found } };
    });
  };
  list('locations', locations);
  list('server_types', serverTypes);
  list('load_balancer_types', loadBalancerTypes);
  list('images', images, (item, query) => {
    const image = item as (typeof images)[number];
    const [architectures, types] = [query.getAll('architecture'), query.getAll('type')];
    return (
      (architectures.length === 0 || architectures.includes(image.architecture)) &&
      (types.length === 0 || types.includes(image.type))
    );
  });
  router.on('GET', '/pricing', () => ({ body: { pricing } }));
  for (const path of ['/datacenters', '/datacenters/:id']) {
    router.on('GET', path, () => {
      throw new ApiError(410, 'deprecated_api_endpoint', 'datacenters were removed', {
        announcement: 'https://docs.hetzner.cloud/changelog',
      });
    });
  }
}
