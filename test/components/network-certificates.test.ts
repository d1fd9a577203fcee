import { describe, expect, it } from 'vitest';

import { readCatalogue } from '../../src/components/index.js';
import { at, hetzner, linode, maps, rendered, type Rendered, type Values } from './network-cluster.js';

const providers = ['cloudflare', 'dnsimple', 'hetzner', 'linode'] as const;
const domains = ['acme.dev', 'acme.io'];

const cluster = (certManager: Values, others: Values = {}, provider = hetzner): Promise<Rendered> =>
  rendered({ preset: 'minimal', 'cert-manager': certManager, ...others }, { provider });

const solversOf = (from: Rendered, owner: string, name: string): Values[] =>
  at(from.object(owner, 'ClusterIssuer', name), 'spec.acme.solvers') as Values[];
const staging = (from: Rendered) => solversOf(from, 'cert-manager-issuers-staging', 'letsencrypt-staging');
const production = (from: Rendered) => solversOf(from, 'cert-manager-issuers', 'letsencrypt');

describe('certificates', () => {
  it('are tried at the staging authority before the real one is asked', async () => {
    const { order, component } = await cluster({ dns: { provider: 'cloudflare' }, domains });
    const place = (name: string) => order.indexOf(name);
    expect(place('cert-manager')).toBeLessThan(place('cert-manager-issuers-staging'));
    expect(place('cert-manager-issuers-staging')).toBeLessThan(place('cert-manager-issuers'));
    expect(place('cert-manager-issuers')).toBeLessThan(place('wildcard-certificate'));
    // Order alone would not do: the trial has to have worked.
    expect(component('cert-manager-issuers').waitsFor).toContain('cert-manager-issuers-staging');
    expect(component('cert-manager-issuers-staging').health).toMatchObject([
      { kind: 'ClusterIssuer', name: 'letsencrypt-staging' },
      { kind: 'Certificate', name: 'wildcard-trial', namespace: 'cert-manager' },
    ]);
  });

  it('are tried for the very names, in the very way', async () => {
    const of = await cluster({ email: 'ops@acme.dev', dns: { provider: 'dnsimple', accountId: '12' }, domains });
    expect(staging(of)).toEqual(production(of));
    const names = (owner: string, name: string) => at(of.object(owner, 'Certificate', name), 'spec.dnsNames');
    expect(names('cert-manager-issuers-staging', 'wildcard-trial')).toEqual(names('wildcard-certificate', 'wildcard'));
  });

  it('come from two authorities with two accounts of lasting names', async () => {
    const of = await cluster({ email: 'ops@acme.dev' });
    const trial = of.object('cert-manager-issuers-staging', 'ClusterIssuer', 'letsencrypt-staging');
    const real = of.object('cert-manager-issuers', 'ClusterIssuer', 'letsencrypt');
    expect(at(trial, 'spec.acme.server')).toBe('https://acme-staging-v02.api.letsencrypt.org/directory');
    expect(at(real, 'spec.acme.server')).toBe('https://acme-v02.api.letsencrypt.org/directory');
    expect(at(real, 'spec.acme.email')).toBe('ops@acme.dev');
    expect([trial, real].map((one) => at(one, 'spec.acme.privateKeySecretRef.name'))).toEqual([
      'letsencrypt-staging-account',
      'letsencrypt-account',
    ]);
  });

  it('can be asked of another authority', async () => {
    const of = await cluster({ server: 'https://ca.acme.dev/dir', stagingServer: 'https://ca.acme.dev/try' });
    expect(at(of.object('cert-manager-issuers', 'ClusterIssuer', 'letsencrypt'), 'spec.acme')).toMatchObject({
      server: 'https://ca.acme.dev/dir',
    });
  });
});

describe('the wildcard certificate', () => {
  it('is there only with domains', async () => {
    for (const certManager of [{}, { dns: { provider: 'cloudflare' } }]) {
      const { order, component } = await cluster(certManager);
      expect(order).not.toContain('wildcard-certificate');
      const trials = component('cert-manager-issuers-staging').objects.filter(({ kind }) => kind === 'Certificate');
      expect(trials).toEqual([]);
      expect(component('cert-manager-issuers-staging').health).toHaveLength(1);
    }
  });

  it('is one for every domain and all names right below, in the namespace that shows it', async () => {
    const of = await cluster({ dns: { provider: 'hetzner' }, domains });
    const certificate = of.object('wildcard-certificate', 'Certificate', 'wildcard');
    expect(at(certificate, 'metadata.namespace')).toBe('traefik');
    expect(at(certificate, 'spec')).toMatchObject({
      secretName: 'wildcard-tls',
      issuerRef: { kind: 'ClusterIssuer', name: 'letsencrypt' },
      dnsNames: ['acme.dev', '*.acme.dev', 'acme.io', '*.acme.io'],
    });
  });

  it('leaves its Secret behind for a rebuild, marked for the backup', async () => {
    const of = await cluster({ dns: { provider: 'hetzner' }, domains });
    expect(of.values('cert-manager')).toMatchObject({
      enableCertificateOwnerRef: false,
      crds: { enabled: true, keep: true },
    });
    const certificate = of.object('wildcard-certificate', 'Certificate', 'wildcard');
    expect(at(certificate, 'spec.secretTemplate.labels')).toEqual({ 'slipway.dev/keep': 'certificate' });
  });

  it('cannot be asked for without a DNS provider, which alone can prove it', async () => {
    const { problems } = await cluster({ domains });
    expect(problems.map(({ path }) => path.join('.'))).toContain('components.cert-manager.dns');
  });

  it('says what it needs when there is nobody to show it', async () => {
    const { problems } = await cluster({ dns: { provider: 'cloudflare' }, domains }, { traefik: false });
    expect(problems.map(({ message }) => message).join()).toContain('wildcard-certificate needs');
    const without = await cluster(
      { dns: { provider: 'cloudflare' }, domains },
      { traefik: false, 'wildcard-certificate': false },
    );
    expect(without.problems).toEqual([]);
  });
});

describe('names are proved', () => {
  it('by a request where there is no DNS provider', async () => {
    expect(production(await cluster({}))).toEqual([
      { http01: { ingress: { ingressClassName: 'traefik', serviceType: 'ClusterIP' } } },
    ]);
  });

  it('by DNS alone where there is one and no list of domains', async () => {
    const solvers = production(await cluster({ dns: { provider: 'cloudflare' } }));
    expect(solvers).toHaveLength(1);
    expect(solvers[0]).not.toHaveProperty('selector');
    expect(solvers[0]).toHaveProperty('dns01.cloudflare');
  });

  it('by DNS inside the domains and by a request outside them', async () => {
    const [inside, outside] = production(await cluster({ dns: { provider: 'cloudflare' }, domains }));
    expect(inside).toMatchObject({ selector: { dnsZones: domains } });
    expect(outside).toEqual({ http01: { ingress: { ingressClassName: 'traefik', serviceType: 'ClusterIP' } } });
  });

  it('by way of another zone where names point there', async () => {
    const strategy = async (dns: Values) => at(production(await cluster({ dns }))[0], 'dns01.cnameStrategy');
    expect(await strategy({ provider: 'cloudflare' })).toBe('None');
    expect(await strategy({ provider: 'cloudflare', followCname: true })).toBe('Follow');
  });

  it('with the right part for each DNS provider, and no other part', async () => {
    for (const dns of providers) {
      const provider = dns === 'linode' ? linode : hetzner;
      const { order } = await cluster({ dns: { provider: dns } }, {}, provider);
      const parts = order.filter((name) => name.startsWith('cert-manager-webhook-'));
      expect(parts).toEqual(dns === 'cloudflare' ? [] : [`cert-manager-webhook-${dns}`]);
      for (const part of parts) expect(order.indexOf(part)).toBeLessThan(order.indexOf('cert-manager-issuers-staging'));
    }
  });

  it('by the group that the part answers to', async () => {
    const dnsimple = await cluster({ dns: { provider: 'dnsimple' } });
    const { groupName } = at(production(dnsimple)[0], 'dns01.webhook') as Values;
    expect(groupName).toBe(dnsimple.values('cert-manager-webhook-dnsimple')['groupName']);
    for (const [dns, provider] of [
      ['hetzner', hetzner],
      ['linode', linode],
    ] as const) {
      const of = await cluster({ dns: { provider: dns } }, {}, provider);
      const webhook = at(production(of)[0], 'dns01.webhook') as Values;
      const service = of.component(`cert-manager-webhook-${dns}`).objects.find(({ kind }) => kind === 'APIService');
      expect(at(service, 'spec.group')).toBe(webhook['groupName']);
      expect(service?.metadata.name).toBe(`v1alpha1.${String(webhook['groupName'])}`);
    }
  });

  it('with a token of its own, never that of the machines', async () => {
    for (const dns of providers) {
      const of = await cluster({ dns: { provider: dns } });
      const [own] = of.selection.on.filter(({ id }) => id === 'cert-manager');
      const variables = own?.definition.secrets.flatMap(({ keys }) => Object.values(keys));
      expect(variables).toHaveLength(providers.length);
      expect(variables).not.toContain('HCLOUD_TOKEN');
      expect(variables).not.toContain('LINODE_TOKEN');
    }
  });
});

describe('the webhook for zones at Hetzner', () => {
  it('is given no right to read any Secret: its token is a file that the issuers name', async () => {
    const of = await cluster({ dns: { provider: 'hetzner' } });
    const { objects, chart } = of.component('cert-manager-webhook-hetzner');
    expect(chart).toBeUndefined();
    const rules = objects.filter(({ kind }) => kind.endsWith('Role')).flatMap((role) => role['rules'] as Values[]);
    expect(rules).toEqual([{ apiGroups: ['hetzner.acme.slipway.dev'], resources: ['hetzner'], verbs: ['create'] }]);
    const bound = objects.filter(({ kind }) => kind.endsWith('RoleBinding')).map((one) => at(one, 'roleRef.name'));
    expect(bound.toSorted()).toEqual([
      'dns-webhook-hetzner:solver',
      'extension-apiserver-authentication-reader',
      'system:auth-delegator',
    ]);
    const pod = at(
      objects.find(({ kind }) => kind === 'Deployment'),
      'spec.template.spec',
    );
    const volume = (at(pod, 'volumes') as Values[]).find((one) => at(one, 'secret.secretName') === 'dns-credentials');
    const mount = (at(pod, 'containers.0.volumeMounts') as Values[]).find(({ name }) => name === volume?.['name']);
    const file = `${String(mount?.['mountPath'])}/${String(at(volume, 'secret.items.0.path'))}`;
    for (const issuer of [of.object('cert-manager-issuers', 'ClusterIssuer', 'letsencrypt')])
      expect(at(issuer, 'spec.acme.solvers.0.dns01.webhook.config')).toEqual({ tokenFilePath: file });
    expect(JSON.stringify(of.component('cert-manager-issuers-staging').objects)).toContain(file);
  });
});

describe('the part for Linode', () => {
  it('may read the one Secret with the token, and shows a certificate that the API server knows', async () => {
    const { objects } = (await cluster({ dns: { provider: 'linode' } }, {}, linode)).component(
      'cert-manager-webhook-linode',
    );
    const rules = objects.filter(({ kind }) => kind === 'Role').flatMap((role) => role['rules'] as Values[]);
    expect(rules).toEqual([
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['dns-credentials'], verbs: ['get', 'watch'] },
    ]);
    const service = objects.find(({ kind }) => kind === 'APIService');
    const shown = at(service, 'metadata.annotations.cert-manager\\.io/inject-ca-from');
    const certificates = objects.filter(({ kind }) => kind === 'Certificate');
    expect(certificates.map(({ metadata }) => `${String(metadata['namespace'])}/${metadata.name}`)).toContain(shown);
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    const mounted = at(deployment, 'spec.template.spec.volumes.0.secret.secretName');
    expect(certificates.map((one) => at(one, 'spec.secretName'))).toContain(mounted);
  });
});

describe('cert-manager', () => {
  it('looks at the world’s DNS, not at the cluster’s own', async () => {
    expect((await cluster({})).values('cert-manager')).toMatchObject({
      dns01RecursiveNameservers: '1.1.1.1:53,9.9.9.9:53',
      dns01RecursiveNameserversOnly: true,
      global: { leaderElection: { namespace: 'cert-manager' } },
    });
    const resolvers = ['[2001:db8::53]:53'];
    expect((await cluster({ resolvers })).values('cert-manager')['dns01RecursiveNameservers']).toBe(resolvers[0]);
  });

  it('moves to a pool with all its parts', async () => {
    const values = (await cluster({ pool: 'web' })).values('cert-manager');
    for (const part of [values, values['webhook'], values['cainjector']])
      expect(at(part, 'nodeSelector')).toEqual({ 'slipway.dev/pool': 'web' });
  });

  it('takes the webhook of its DNS provider along to its pool, unless that one has a pool of its own', async () => {
    const file = {
      pools: [
        { name: 'web', count: 3 },
        { name: 'platform', count: 2 },
      ],
    };
    for (const [dns, provider] of [
      ['dnsimple', hetzner],
      ['hetzner', hetzner],
      ['linode', linode],
    ] as const) {
      const name = `cert-manager-webhook-${dns}`;
      const poolOf = async (others: Values): Promise<unknown[]> => {
        const certManager = { pool: 'web', dns: { provider: dns } };
        const of = await rendered({ 'cert-manager': certManager, ...others }, { provider, file });
        const { chart, objects } = of.component(name);
        return [...maps(objects), ...(chart ? maps(of.values(name)) : [])].flatMap((one) => {
          const pool = at(one, 'nodeSelector.slipway\\.dev/pool');
          return pool === undefined ? [] : [pool];
        });
      };
      expect(await poolOf({}), dns).toEqual(['web']);
      expect(await poolOf({ [name]: { pool: 'platform' } }), dns).toEqual(['platform']);
    }
  });
});

describe('an account at Let’s Encrypt', () => {
  const problemsWith = async (options: object): Promise<string[]> => {
    const { components } = await readCatalogue();
    return components
      .get('cert-manager')!
      .check(options as Record<string, unknown>)
      .problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  const dns = { provider: 'hetzner' };

  it.each([
    ...['ops@example.com', 'ops@EXAMPLE.org', 'ops@example.net'],
    ...['ops@acme.local', 'root@localhost', 'ops@mail.acme.internal', 'ops@acme.example', 'ops@acme.test'],
    ...['ops@acme.invalid', 'ops@acme.localhost', 'ops@acme', 'ops@192.0.2.7', 'ops@acme.dev.', 'ops@[192.0.2.7]'],
  ])('is not asked for with %s', async (email) => {
    expect(await problemsWith({ email })).toEqual([
      `email: "${email}" is not allowed: an e-mail address of yours; Let’s Encrypt opens no account for an example or a private name`,
    ]);
  });

  it.each([
    ...['shop.example.com', 'acme.lan', 'shop.acme.internal', 'acme.example', 'shop.test'],
    ...['shop.invalid', 'shop.localhost', 'acme.de-1'],
  ])('is not asked for a certificate of %s', async (domain) => {
    expect(await problemsWith({ email: 'ops@acme.dev', dns, domains: ['acme.dev', domain] })).toEqual([
      `domains.1: "${domain}" is not allowed: a domain of yours; Let’s Encrypt certifies no example and no private name`,
    ]);
  });

  it.each(['acme.dev', 'shop.acme.co.uk', 'acme.xn--p1ai', 'test.acme.dev', 'localhost.acme.dev'])(
    'is asked for with and of %s, which may be somebody’s',
    async (domain) => {
      expect(await problemsWith({ email: `ops@${domain}`, dns, domains: [domain] })).toEqual([]);
    },
  );

  it('binds no other authority: its own takes an e-mail at example.com', async () => {
    expect(await problemsWith({ email: 'ops@example.com', server: 'https://ca.acme.dev/dir' })).toEqual([]);
  });

  it('takes what is an e-mail address only, and says so', async () => {
    expect(await problemsWith({ email: 'ops' })).toEqual(['email: "ops" is not allowed: an e-mail address']);
  });
});
