import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { at, maps, rendered, type Values } from './network-cluster.js';

const examples = fileURLToPath(new URL('../../docs/examples/components', import.meta.url));
const folder = (name: string) => `${examples}/${name}`;

/** The first YAML block of an example's README: what people will copy. */
async function fromReadme(name: string): Promise<Values> {
  const text = await readFile(`${folder(name)}/README.md`, 'utf8');
  const block = /```yaml\n([^]*?)```/.exec(text)?.[1] ?? '';
  const { folders: _folders, ...components } = (parse(block) as { components: Values }).components;
  return components;
}

describe('the examples', () => {
  it('are read as one folder of components too', async () => {
    const { selection, problems } = await rendered({ preset: 'none' }, { folders: [examples] });
    expect(problems).toEqual([]);
    const off = selection.off.filter(({ definition }) => !definition.builtIn).map(({ definition }) => definition.name);
    expect(off).toEqual(['flux', 'web-app']);
  });

  it('work as their README says', async () => {
    for (const name of ['flux', 'web-app']) {
      const { problems, order } = await rendered(
        { preset: 'none', ...(await fromReadme(name)) },
        { folders: [folder(name)] },
      );
      expect(problems).toEqual([]);
      expect(order).toContain(name);
    }
  });
});

describe('Flux', () => {
  const flux = async (options: Values = {}) => {
    const { flux: said } = await fromReadme('flux');
    return rendered({ preset: 'none', flux: { ...(said as Values), ...options } }, { folders: [folder('flux')] });
  };

  it('applies the folder of the repository, and takes what leaves it away', async () => {
    const cluster = await flux();
    expect(at(cluster.object('flux', 'GitRepository', 'cluster'), 'spec')).toMatchObject({
      url: 'https://git.example/acme/cluster.git',
      ref: { branch: 'main' },
      secretRef: { name: 'flux-git' },
    });
    expect(at(cluster.object('flux', 'Kustomization', 'cluster'), 'spec')).toMatchObject({
      path: './production',
      prune: true,
      wait: true,
      // But Flux itself can be taken away without the workloads.
      deletionPolicy: 'Orphan',
    });
  });

  it('follows an image and writes its new version to the branch it applies', async () => {
    const cluster = await flux();
    expect(at(cluster.object('flux', 'ImageRepository', 'web'), 'spec.image')).toBe('registry.example/acme/web');
    expect(at(cluster.object('flux', 'ImagePolicy', 'web'), 'spec')).toEqual({
      imageRepositoryRef: { name: 'web' },
      policy: { semver: { range: '>=1.0.0' } },
    });
    const { spec } = cluster.object('flux', 'ImageUpdateAutomation', 'cluster') as { spec: Values };
    expect(at(spec, 'git.push.branch')).toBe(at(spec, 'git.checkout.ref.branch'));
    expect(spec['update']).toEqual({ strategy: 'Setters', path: './production' });
    // Go's own templates reach Flux as they are.
    expect(at(spec, 'git.commit.messageTemplate')).toContain('{{range .Changed.Changes}}');
  });

  it('writes nothing where no image is followed', async () => {
    const { objects } = (await flux({ images: [] })).component('flux');
    expect(objects.map(({ kind }) => kind)).toEqual(['GitRepository', 'Kustomization']);
  });

  it('shows who it is as it is told: by a token, by a key, or not at all', async () => {
    const asked = async (auth: string) => {
      const cluster = await flux({ git: { url: 'ssh://git@git.example/acme/cluster.git', auth } });
      return at(cluster.object('flux', 'GitRepository', 'cluster'), 'spec.secretRef');
    };
    expect([await asked('token'), await asked('key'), await asked('none')]).toEqual([
      { name: 'flux-git' },
      { name: 'flux-git' },
      undefined,
    ]);
  });

  it('keeps tenants from acting with its rights', async () => {
    expect((await flux()).values('flux')['multitenancy']).toMatchObject({ enabled: true });
  });
});

describe('the web application', () => {
  const app = async (options: Values = {}) => {
    const said = await fromReadme('web-app');
    return rendered(
      { preset: 'minimal', ...said, 'web-app': { ...(said['web-app'] as Values), ...options } },
      { folders: [folder('web-app')] },
    );
  };

  it('comes after what takes requests to it, and brings no chart', async () => {
    const { order, component } = await app();
    expect(order.indexOf('traefik')).toBeLessThan(order.indexOf('web-app'));
    expect(order.indexOf('cert-manager-issuers')).toBeLessThan(order.indexOf('web-app'));
    expect(component('web-app').chart).toBeUndefined();
  });

  it('is reached by its name, through the Service, at the port it listens on', async () => {
    const cluster = await app({ port: 3000 });
    const [rule] = at(cluster.object('web-app', 'Ingress', 'web-app'), 'spec.rules') as Values[];
    expect(rule?.['host']).toBe('www.acme.dev');
    const [backend] = maps(rule).filter((one) => 'service' in one);
    expect(backend?.['service']).toEqual({ name: 'web-app', port: { name: 'http' } });
    const [port] = at(cluster.object('web-app', 'Service', 'web-app'), 'spec.ports') as Values[];
    const [container] = at(
      cluster.object('web-app', 'Deployment', 'web-app'),
      'spec.template.spec.containers',
    ) as Values[];
    const named = container?.['ports'] as Values[];
    expect(named).toEqual([{ name: port?.['targetPort'], containerPort: 3000 }]);
  });

  it('selects its own pods everywhere by the same label', async () => {
    const cluster = await app();
    const labels = at(cluster.object('web-app', 'Deployment', 'web-app'), 'spec.template.metadata.labels');
    expect(at(cluster.object('web-app', 'Service', 'web-app'), 'spec.selector')).toEqual(labels);
    expect(at(cluster.object('web-app', 'PodDisruptionBudget', 'web-app'), 'spec.selector.matchLabels')).toEqual(
      labels,
    );
    expect(at(cluster.object('web-app', 'Deployment', 'web-app'), 'spec.selector.matchLabels')).toEqual(labels);
  });

  it('has a certificate of its own, or the shared one', async () => {
    const ingress = async (certificate: string) => (await app({ certificate })).object('web-app', 'Ingress', 'web-app');
    const own = await ingress('own');
    expect(at(own, 'metadata.annotations')).toEqual({ 'cert-manager.io/cluster-issuer': 'letsencrypt' });
    expect(at(own, 'spec.tls')).toEqual([{ hosts: ['www.acme.dev'], secretName: 'web-app-tls' }]);
    const shared = await ingress('shared');
    expect(at(shared, 'metadata.annotations')).toBeUndefined();
    expect(at(shared, 'spec.tls')).toEqual([{ hosts: ['www.acme.dev'] }]);
  });

  it('keeps strange text text', async () => {
    const strange = 'a: {{b}} #\n- *c "d" \\';
    const [container] = at(
      (await app({ environment: { GREETING: strange } })).object('web-app', 'Deployment', 'web-app'),
      'spec.template.spec.containers',
    ) as Values[];
    expect(container?.['env']).toEqual([{ name: 'GREETING', value: strange }]);
  });
});
