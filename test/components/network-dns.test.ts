import { describe, expect, it } from 'vitest';

import { at, rendered, type Values } from './network-cluster.js';

const providers = ['cloudflare', 'dnsimple', 'hetzner', 'linode'] as const;
const domains = ['acme.dev', 'acme.test'];

const dns = async (options: Values = {}, provider: Values = { provider: 'cloudflare' }): Promise<Values> =>
  (await rendered({ preset: 'none', 'external-dns': { dns: provider, domains, ...options } })).values('external-dns');

describe('external-dns', () => {
  it('is in the baseline only once it is told where the zones are', async () => {
    const { order, selection } = await rendered({});
    expect(order).not.toContain('external-dns');
    const [off] = selection.off.filter(({ definition }) => definition.name === 'external-dns');
    expect(off?.because).toContain('dns.provider');
    const named = await rendered({ 'external-dns': { dns: { provider: 'cloudflare' }, domains } });
    expect(named.order).toContain('external-dns');
  });

  it('must be told which domains it may write to', async () => {
    const { problems } = await rendered({ 'external-dns': { dns: { provider: 'cloudflare' } } });
    expect(problems.map(({ path }) => path.join('.'))).toEqual(['components.external-dns.domains']);
  });

  it('knows its own records by the cluster’s id, or by that of the cluster whose place it takes', async () => {
    for (const provider of providers) {
      const values = await dns({}, { provider });
      expect(values).toMatchObject({ txtOwnerId: 'k3x9', registry: 'txt', domainFilters: domains });
    }
    expect((await dns({ ownerId: 'a1b2' }))['txtOwnerId']).toBe('a1b2');
  });

  it('marks records in names inside the zone, that of the domain itself too', async () => {
    // Written as <prefix>acme.dev: without the dot the mark would be a name in the zone "example".
    const prefix = String((await dns())['txtPrefix']);
    expect(prefix).toContain('%{record_type}');
    expect(prefix.endsWith('.')).toBe(true);
    expect(at(await dns(), 'extraArgs.txt-wildcard-replacement')).toBe('any');
  });

  it('lets resolvers keep a record for a minute where nobody says otherwise', async () => {
    for (const provider of providers) expect(at(await dns({}, { provider }), 'extraArgs.min-ttl')).toBe('60s');
    expect(at(await dns({ ttl: 300 }), 'extraArgs.min-ttl')).toBe('300s');
  });

  it('says what newer versions would decide otherwise', async () => {
    expect(await dns()).toMatchObject({ policy: 'sync', annotationPrefix: 'external-dns.alpha.kubernetes.io/' });
    expect((await dns({ policy: 'upsert-only' }))['policy']).toBe('upsert-only');
  });

  it('reads DNSEndpoints, and IngressRoutes where Traefik defines that kind', async () => {
    expect((await dns())['sources']).toEqual(['service', 'ingress', 'crd']);
    const settings = { dns: { provider: 'cloudflare' }, domains };
    const withTraefik = await rendered({ preset: 'none', traefik: true, 'external-dns': settings });
    expect(withTraefik.values('external-dns')['sources']).toEqual(['service', 'ingress', 'traefik-proxy', 'crd']);
    // It ends at its start where a kind is missing.
    expect(withTraefik.order.indexOf('traefik')).toBeLessThan(withTraefik.order.indexOf('external-dns'));
    expect(withTraefik.component('external-dns').crds?.crds).toBe(true);
  });

  it('finds the token where each provider’s code looks for it', async () => {
    const token = { valueFrom: { secretKeyRef: { name: 'dns-credentials', key: 'token' } } };
    const variables = async (provider: Values) => (await dns({}, provider))['env'];
    expect(await variables({ provider: 'cloudflare' })).toEqual([{ name: 'CF_API_TOKEN', ...token }]);
    expect(await variables({ provider: 'linode' })).toEqual([{ name: 'LINODE_TOKEN', ...token }]);
    expect(await variables({ provider: 'dnsimple' })).toEqual([{ name: 'DNSIMPLE_OAUTH', ...token }]);
    expect(await variables({ provider: 'dnsimple', accountId: '12' })).toEqual([
      { name: 'DNSIMPLE_OAUTH', ...token },
      { name: 'DNSIMPLE_ACCOUNT_ID', value: '12' },
      { name: 'DNSIMPLE_ZONES', value: 'acme.dev,acme.test' },
    ]);
    const hetzner = (await dns({}, { provider: 'hetzner' }))['provider'] as Values;
    expect(hetzner['name']).toBe('webhook');
    expect(at(hetzner, 'webhook.env')).toEqual([{ name: 'HETZNER_API_KEY', ...token }]);
    expect(at(hetzner, 'webhook.readinessProbe.httpGet')).toEqual({ path: '/ready', port: 'http-webhook' });
  });

  it('keeps to the zones of a narrow token at Cloudflare', async () => {
    const zoneIds = ['023e105f4ecef8ad9ca31a8372d0c353'];
    const values = await dns({}, { provider: 'cloudflare', zoneIds, proxied: true });
    expect(values['extraArgs']).toMatchObject({ 'zone-id-filter': zoneIds, 'cloudflare-proxied': true });
    expect(at(await dns({}, { provider: 'linode', zoneIds }), 'extraArgs.zone-id-filter')).toBeUndefined();
  });

  it('is one, never two that write the same zone', async () => {
    expect((await dns())['deploymentStrategy']).toEqual({ type: 'Recreate' });
  });
});
