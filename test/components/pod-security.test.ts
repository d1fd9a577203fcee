import { describe, expect, it } from 'vitest';

import { at, bare, hetzner, linode, maps, rendered, type Values } from './network-cluster.js';
import { knowsChart, mergedValues } from './upstream.js';

/**
 * Why the level `restricted` of the Pod Security Standards refuses a pod, from the fields that it looks at: for each
 * container what it says itself, or else its pod.
 */
function refusals(pod: Values): string[] {
  const own = (pod['securityContext'] ?? {}) as Values;
  const containers = [pod['containers'], pod['initContainers']].flatMap((list) => (list ?? []) as Values[]);
  const shared = ['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => pod[key] === true);
  const volumes = maps(pod['volumes']).filter((volume) => 'hostPath' in volume);
  const wrong = containers.flatMap((container): string[] => {
    const context = (container['securityContext'] ?? {}) as Values;
    const effective = { ...own, ...context };
    const added = (at(context, 'capabilities.add') ?? []) as string[];
    const checks: readonly (readonly [string, boolean])[] = [
      ['privileged', context['privileged'] !== true],
      ['allowPrivilegeEscalation', context['allowPrivilegeEscalation'] === false],
      ['capabilities.drop', ((at(context, 'capabilities.drop') ?? []) as string[]).includes('ALL')],
      ['capabilities.add', added.every((one) => one === 'NET_BIND_SERVICE')],
      ['runAsNonRoot', effective['runAsNonRoot'] === true],
      ['runAsUser', effective['runAsUser'] !== 0],
      ['seccompProfile', ['RuntimeDefault', 'Localhost'].includes(String(at(effective, 'seccompProfile.type')))],
      ['hostPort', maps(container['ports']).every((port) => (port['hostPort'] ?? 0) === 0)],
    ];
    return checks.filter(([, fits]) => !fits).map(([field]) => field);
  });
  return [...shared, ...volumes.map(() => 'hostPath'), ...wrong, ...(containers.length === 0 ? ['no container'] : [])];
}

/** Where each chart's values have what its pods say: of the pod, then of each of its containers. */
const inValues: Readonly<Record<string, readonly (readonly [pod: string, ...containers: string[]])[]>> = {
  traefik: [['podSecurityContext', 'securityContext']],
  'cert-manager': ['', 'webhook.', 'cainjector.'].map((of) => [
    `${of}securityContext`,
    `${of}containerSecurityContext`,
  ]),
  'external-dns': [['podSecurityContext', 'securityContext', 'provider.webhook.securityContext']],
  'cloudnative-pg': [['podSecurityContext', 'containerSecurityContext']],
  'barman-cloud': [['podSecurityContext', 'containerSecurityContext']],
  nats: [
    [
      'podTemplate.merge.spec.securityContext',
      'container.merge.securityContext',
      'reloader.merge.securityContext',
      'promExporter.merge.securityContext',
    ],
  ],
};

describe('pods of a namespace whose Pod Security level is restricted', () => {
  it.each([
    ['hetzner', hetzner],
    ['linode', linode],
    ['hosts of one’s own', bare],
  ] as const)('fit it, those of our own objects and those of charts, on %s', async (_name, provider) => {
    const dns = { dns: { provider: provider === linode ? 'linode' : 'hetzner' }, domains: ['acme.dev'] };
    const of = await rendered({ 'cert-manager': dns, 'external-dns': dns, nats: true }, { provider });
    expect(of.problems).toEqual([]);
    const restricted = new Set(
      of.components.flatMap(({ before }) =>
        before
          .filter(({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce'] === 'restricted')
          .map(({ metadata }) => metadata.name),
      ),
    );
    expect([...restricted]).toEqual(
      expect.arrayContaining(['traefik', 'cert-manager', 'external-dns', 'cnpg-system', 'nats']),
    );
    let looked = 0;
    for (const { definition: component } of of.selection.on) {
      if (!restricted.has(component.namespace)) continue;
      const pods = of
        .component(component.name)
        .objects.map((object) => at(object, 'spec.template.spec') as Values | undefined)
        .filter((pod) => pod !== undefined);
      const { chart } = component;
      if (chart) {
        const places = inValues[component.name];
        expect(places, `where the chart of ${component.name} says what its pods need`).toBeDefined();
        if (knowsChart(chart.name)) {
          const values = mergedValues(chart.name, of.values(component.name));
          for (const [pod, ...containers] of places!)
            pods.push({
              securityContext: at(values, pod),
              containers: containers
                .filter((path) => !path.startsWith('provider.') || at(values, 'provider.name') === 'webhook')
                .map((path) => ({ securityContext: at(values, path) })),
            });
        }
      }
      for (const pod of pods) expect(refusals(pod), component.name).toEqual([]);
      looked += pods.length;
    }
    expect(looked).toBeGreaterThan(knowsChart('traefik') ? 7 : 0);
  });

  it.each<[string, Values]>([
    ['runAsNonRoot', { securityContext: { runAsNonRoot: undefined } }],
    ['seccompProfile', { securityContext: { seccompProfile: undefined } }],
    ['hostNetwork', { hostNetwork: true }],
    ['hostPath', { volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }] }],
    ['capabilities.drop', { containers: [{ securityContext: { allowPrivilegeEscalation: false } }] }],
  ])('would be refused with another %s', (field, change) => {
    const securityContext = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
    const pod = {
      securityContext,
      containers: [{ securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
    };
    expect(refusals(pod)).toEqual([]);
    const changed = { ...securityContext, ...((change['securityContext'] ?? {}) as Values) };
    expect(refusals({ ...pod, ...change, securityContext: changed })).toEqual([field]);
  });
});
