import { describe, expect, it } from 'vitest';

import { at, bare, hetzner, linode, maps, rendered, type Values } from './network-cluster.js';

const traefik = async (
  options: Values = {},
  provider = hetzner,
  others: Values = {},
  file: Values = {},
): Promise<Values> =>
  (await rendered({ preset: 'minimal', traefik: options, ...others }, { provider, file })).values('traefik');

/** Where Traefik believes the PROXY protocol's header from, for each of its two entry points. */
const believed = (values: Values): unknown[] =>
  ['web', 'websecure'].map((entry) => at(values, `ports.${entry}.proxyProtocol.trustedIPs`));
const annotation = (values: Values, name: string): unknown =>
  at(values, 'service.annotations') && (at(values, 'service.annotations') as Values)[name];
const saysHeader = (values: Values): boolean =>
  annotation(values, 'load-balancer.hetzner.cloud/uses-proxyprotocol') === 'true' ||
  annotation(values, 'service.beta.kubernetes.io/linode-loadbalancer-default-proxy-protocol') === 'v2';

describe('the PROXY protocol', () => {
  it('is spoken by both sides or by neither, on every provider and with every option', async () => {
    for (const provider of [hetzner, linode, bare])
      for (const exposure of ['loadBalancer', 'hostPorts'])
        for (const proxyProtocol of [true, false]) {
          const values = await traefik({ exposure, proxyProtocol }, provider);
          const listens = believed(values).map((ranges) => ranges !== undefined);
          expect(listens, `${provider.name} ${exposure} ${proxyProtocol}`).toEqual([
            saysHeader(values),
            saysHeader(values),
          ]);
        }
  });

  it('is on behind the balancers of Hetzner and Linode, as the client’s address is lost without', async () => {
    expect(saysHeader(await traefik())).toBe(true);
    expect(saysHeader(await traefik({}, linode))).toBe(true);
  });

  it('is believed from the private network only, never from everywhere and never from pods', async () => {
    const file = { network: { range: '10.8.0.0/16' } };
    expect(believed(await traefik({}, hetzner, {}, file))).toEqual([['10.8.0.0/16'], ['10.8.0.0/16']]);
    const ofLinode = ['10.8.0.0/16', '192.168.255.0/24'];
    expect(believed(await traefik({}, linode, {}, file))).toEqual([ofLinode, ofLinode]);
  });

  it('is a matter of Traefik’s own Service: every other balancer stays as it is', async () => {
    const cluster = await rendered({});
    const env = at(cluster.values('hcloud-cloud-controller-manager'), 'env') as Values;
    expect(Object.keys(env)).not.toContain('HCLOUD_LOAD_BALANCERS_USES_PROXYPROTOCOL');
  });
});

describe('X-Forwarded headers', () => {
  it('are believed from nobody, or from the proxies that are named', async () => {
    expect(maps(await traefik()).filter((one) => 'forwardedHeaders' in one)).toEqual([]);
    const values = await traefik({ trustedProxies: ['198.51.100.0/24'] });
    for (const entry of ['web', 'websecure'])
      expect(at(values, `ports.${entry}.forwardedHeaders`)).toEqual({ trustedIPs: ['198.51.100.0/24'] });
  });
});

describe('the way in', () => {
  it('is a Hetzner balancer in the cluster’s first location, on its private network, dropped from quickly', async () => {
    const values = await traefik();
    expect(at(values, 'service.spec')).toEqual({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    expect(at(values, 'service.annotations')).toMatchObject({
      'load-balancer.hetzner.cloud/name': 'acme-ingress',
      'load-balancer.hetzner.cloud/location': 'fsn1',
      'load-balancer.hetzner.cloud/type': 'lb11',
      'load-balancer.hetzner.cloud/use-private-ip': 'true',
      'load-balancer.hetzner.cloud/health-check-interval': '5s',
    });
  });

  it('is a NodeBalancer with the cluster’s tags, known by its address so that a domain itself can point there', async () => {
    expect(at(await traefik({ loadBalancerType: 'premium' }, linode), 'service.annotations')).toMatchObject({
      'service.beta.kubernetes.io/linode-loadbalancer-hostname-only-ingress': 'false',
      'service.beta.kubernetes.io/linode-loadbalancer-tags': 'slipway:cluster=acme,slipway:cluster-id=k3x9',
      'service.beta.kubernetes.io/linode-loadbalancer-nodebalancer-type': 'premium',
    });
  });

  it('has no IPv6 address that DNS would publish, unless asked for', async () => {
    const name = 'load-balancer.hetzner.cloud/ipv6-disabled';
    expect(annotation(await traefik(), name)).toBe('true');
    expect(annotation(await traefik({ ipv6: true }), name)).toBe('false');
  });

  it('is k3s’s own load balancer where the provider has none, without annotations of any cloud', async () => {
    const values = await traefik({}, bare);
    expect(at(values, 'service')).toEqual({ spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } });
    expect(at(values, 'deployment.kind')).toBe('Deployment');
  });

  it('is ports 80 and 443 of every node with hostPorts, and no balancer then', async () => {
    const cluster = await rendered(
      { preset: 'minimal', traefik: { exposure: 'hostPorts', address: { ip: '203.0.113.7' } } },
      { provider: bare },
    );
    const values = cluster.values('traefik');
    expect([at(values, 'ports.web.hostPort'), at(values, 'ports.websecure.hostPort')]).toEqual([80, 443]);
    expect(at(values, 'service.spec.type')).toBe('ClusterIP');
    expect(at(values, 'deployment.kind')).toBe('DaemonSet');
    // The old pod has to give its ports up first.
    expect(at(values, 'updateStrategy.rollingUpdate')).toEqual({ maxUnavailable: 1, maxSurge: 0 });
    // No Service tells the address, so it has to be said.
    expect(at(values, 'providers.kubernetesIngress.publishedService.enabled')).toBe(false);
    expect(at(values, 'providers.kubernetesIngress.ingressEndpoint')).toEqual({ ip: '203.0.113.7' });
    expect(cluster.component('traefik').health).toMatchObject([{ kind: 'DaemonSet', name: 'traefik' }]);
  });

  it('is seen healthy by the workload there is', async () => {
    const { health } = (await rendered({ preset: 'minimal' })).component('traefik');
    expect(health).toMatchObject([{ kind: 'Deployment', name: 'traefik', namespace: 'traefik' }]);
  });
});

describe('Traefik', () => {
  it('is on different nodes where it can be, and never holds up a drain', async () => {
    const values = await traefik({ replicas: 1 });
    expect(at(values, 'podDisruptionBudget')).toEqual({ enabled: true, maxUnavailable: 1 });
    const spread = values['topologySpreadConstraints'] as Values[];
    expect(spread.map((one) => [one['topologyKey'], one['whenUnsatisfiable']])).toEqual([
      ['kubernetes.io/hostname', 'ScheduleAnyway'],
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
    ]);
  });

  it('sends http to https, by option', async () => {
    const target = 'ports.web.http.redirections.entryPoint.to';
    expect(at(await traefik(), target)).toBe('websecure');
    expect(at(await traefik({ redirect: false }), target)).toBeUndefined();
    expect(at(await traefik(), target.replace('web', 'websecure'))).toBeUndefined();
  });

  it('speaks the TLS versions asked for, which no other namespace can weaken', async () => {
    expect(at(await traefik(), 'tlsOptions.default.minVersion')).toBe('VersionTLS12');
    const values = await traefik({ tlsMinVersion: '1.3' });
    expect(at(values, 'tlsOptions.default.minVersion')).toBe('VersionTLS13');
    expect(at(values, 'providers.kubernetesCRD.defaultTLSResourcesNamespace')).toBe('traefik');
    expect(at(values, 'providers.kubernetesCRD.allowCrossNamespace')).toBe(false);
    expect(at(values, 'core.strictTLSOptions')).toBe(true);
    expect(at(values, 'providers.kubernetesCRD.crossProviderNamespaces')).toEqual(['traefik']);
  });

  it('lets no Ingress of another namespace name a Middleware, and no ExternalName answer, whatever the class', async () => {
    const values = await traefik({ ingressNginx: true });
    expect(at(values, 'providers.kubernetesIngress.crossProviderNamespaces')).toEqual(['traefik']);
    expect(at(values, 'providers.kubernetesIngress.allowExternalNameServices')).toBe(false);
    expect(at(values, 'providers.kubernetesIngressNGINX.disableSvcExternalName')).toBe(true);
  });

  it('gives Ingresses of the class nginx the address that its own have', async () => {
    const nginx = 'providers.kubernetesIngressNGINX';
    expect(at(await traefik({ ingressNginx: true }), `${nginx}.publishService.enabled`)).toBe(true);
    for (const address of [{ ip: '203.0.113.9' }, { hostname: 'edge.acme.dev' }]) {
      const values = await traefik({ ingressNginx: true, exposure: 'hostPorts', address });
      expect(at(values, `${nginx}.publishService.enabled`)).toBe(false);
      expect(at(values, `${nginx}.publishStatusAddress`)).toBe(Object.values(address)[0]);
    }
    const none = await traefik({ ingressNginx: true, exposure: 'hostPorts' });
    expect(at(none, `${nginx}.publishStatusAddress`)).toBeUndefined();
  });

  it('shows the wildcard certificate when there is one, or the one that is named', async () => {
    const shown = 'tlsStore.default.defaultCertificate.secretName';
    const domains = { 'cert-manager': { dns: { provider: 'cloudflare' }, domains: ['acme.dev'] } };
    expect(at(await traefik(), shown)).toBeUndefined();
    expect(at(await traefik({}, hetzner, domains), shown)).toBe('wildcard-tls');
    expect(at(await traefik({ defaultCertificate: 'mine' }, hetzner, domains), shown)).toBe('mine');
  });

  it('asks for a ServiceMonitor only where that kind is', async () => {
    const monitor = 'metrics.prometheus.serviceMonitor.enabled';
    expect(at(await traefik(), monitor)).toBe(false);
    expect(at(await traefik({}, hetzner, { 'prometheus-crds': true }), monitor)).toBe(true);
  });

  it('lives on the pool it is sent to', async () => {
    const values = await traefik({ pool: 'web' });
    expect(values['nodeSelector']).toEqual({ 'slipway.dev/pool': 'web' });
    expect(values['tolerations']).toContainEqual({ key: 'slipway.dev/platform', operator: 'Exists' });
  });

  it('tells nobody outside that it is there', async () => {
    expect((await traefik())['global']).toEqual({ checkNewVersion: false, sendAnonymousUsage: false });
  });

  it('serves Ingresses of class nginx for those who come from there', async () => {
    const served = 'providers.kubernetesIngressNGINX.enabled';
    expect([at(await traefik(), served), at(await traefik({ ingressNginx: true }), served)]).toEqual([false, true]);
  });

  it('has the kinds of its own brought up to date before an update, which helm does not do', async () => {
    expect((await rendered({ preset: 'minimal' })).component('traefik').crds).toMatchObject({ name: 'traefik' });
  });
});
