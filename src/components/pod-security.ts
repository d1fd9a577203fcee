import type { SelectedComponent } from './types.js';

/** Levels of Pod Security, the strictest first. */
export const levels = ['restricted', 'baseline', 'privileged'] as const;
export type Level = (typeof levels)[number];

export const podSecurityPrefix = 'pod-security.kubernetes.io/';

/** What pods of a component need, and why it is not `restricted`. */
interface Need {
  readonly level: Exclude<Level, 'restricted'>;
  readonly why: string;
  readonly when?: (options: Readonly<Record<string, unknown>>) => boolean;
}

/** Components whose pods do not fit `restricted`; all others of ours do. */
export const podSecurityNeeds: Readonly<Record<string, Need>> = {
  alloy: { level: 'privileged', why: 'It reads log files of the nodes, as root.' },
  monitoring: { level: 'privileged', why: 'What measures the nodes lives in their network and sees their processes.' },
  traefik: {
    level: 'privileged',
    why: 'With hostPorts it listens on ports of the nodes.',
    when: (options) => options['exposure'] === 'hostPorts',
  },
  'cert-manager-webhook-dnsimple': {
    level: 'baseline',
    why: 'Its chart has no values for a security context.',
  },
};

type On = readonly Pick<SelectedComponent, 'definition' | 'namespace' | 'options' | 'values'>[];

/** The level that every pod of a namespace fits, and why it is no stricter one. */
export function podSecurityOf(
  namespace: string,
  on: On,
): { readonly level: Level; readonly reasons: readonly string[] } {
  const needs = on
    .filter((one) => one.namespace === namespace)
    .flatMap(({ definition: { name, builtIn }, options, values }): Need[] => {
      if (!builtIn) return [{ level: 'privileged', why: `${name} is not Slipway’s: its pods may need anything.` }];
      const need = podSecurityNeeds[name];
      return [
        ...(need && (need.when?.(options) ?? true) ? [need] : []),
        // They may ask for the host's network or another user.
        ...(Object.keys(values).length > 0
          ? [
              {
                level: 'privileged' as const,
                why: `values of ${name} in the cluster file may change what its pods need.`,
              },
            ]
          : []),
      ];
    });
  const level = levels.findLast((one) => needs.some((need) => need.level === one)) ?? 'restricted';
  return { level, reasons: needs.map(({ why }) => why) };
}

/** Labels of the namespace; none where only components of the user's own live in it. */
export function podSecurityLabels(namespace: string, on: On): Readonly<Record<string, string>> {
  const isOurs = on.some((one) => one.namespace === namespace && one.definition.builtIn);
  if (!isOurs) return {};
  const { level } = podSecurityOf(namespace, on);
  return { [`${podSecurityPrefix}enforce`]: level };
}
