import { Flags } from '@oclif/core';

import type { InputFlags } from './cluster-input.js';

/** Flags that describe a cluster where there is no file. */
export const describeFlags = {
  provider: Flags.string({
    description: 'Where the machines come from: hetzner, linode, sandbox.',
    helpGroup: 'CLUSTER',
  }),
  location: Flags.string({
    description: 'A location; may be given several times.',
    multiple: true,
    helpGroup: 'CLUSTER',
  }),
  residency: Flags.string({
    description: 'A country (DE) that data may live in; several times.',
    multiple: true,
    helpGroup: 'CLUSTER',
  }),
  'control-planes': Flags.integer({
    description: 'How many servers run the control plane: 1, 3 or 5.',
    helpGroup: 'CLUSTER',
  }),
  workers: Flags.integer({ description: 'How many machines the pool `workers` has.', min: 0, helpGroup: 'CLUSTER' }),
  type: Flags.string({
    description: 'Machine type; several times: fallbacks when one is sold out.',
    multiple: true,
    helpGroup: 'CLUSTER',
  }),
  'kubernetes-version': Flags.string({ description: 'An exact k3s release: v1.36.5+k3s1.', helpGroup: 'CLUSTER' }),
  image: Flags.string({ description: 'System image. Default: the current Ubuntu LTS.', helpGroup: 'CLUSTER' }),
  'network-range': Flags.string({ description: 'Private network: 10.0.0.0/16.', helpGroup: 'CLUSTER' }),
  'ssh-allow': Flags.string({
    description: 'Who may reach SSH: a range or `self`; several times.',
    multiple: true,
    helpGroup: 'CLUSTER',
  }),
  'api-allow': Flags.string({
    description: 'Who may reach the Kubernetes API; several times.',
    multiple: true,
    helpGroup: 'CLUSTER',
  }),
  components: Flags.option({
    description: 'What is layered on the cluster without being named. Default: only what the provider needs.',
    options: ['baseline', 'minimal', 'none'] as const,
    helpGroup: 'CLUSTER',
  })(),
  minimal: Flags.boolean({
    description: 'The least that serves a web application: --components minimal.',
    exclusive: ['components'],
    helpGroup: 'CLUSTER',
  }),
};

interface Given {
  readonly provider?: string | undefined;
  readonly location?: string[] | undefined;
  readonly residency?: string[] | undefined;
  readonly 'control-planes'?: number | undefined;
  readonly workers?: number | undefined;
  readonly type?: string[] | undefined;
  readonly 'kubernetes-version'?: string | undefined;
  readonly image?: string | undefined;
  readonly 'network-range'?: string | undefined;
  readonly 'ssh-allow'?: string[] | undefined;
  readonly 'api-allow'?: string[] | undefined;
  readonly components?: 'baseline' | 'minimal' | 'none' | undefined;
  readonly minimal?: boolean | undefined;
}

/** Only what was given. */
export function described(flags: Given): InputFlags['describe'] {
  return {
    provider: flags.provider,
    location: flags.location,
    residency: flags.residency,
    controlPlanes: flags['control-planes'],
    workers: flags.workers,
    type: flags.type,
    kubernetesVersion: flags['kubernetes-version'],
    image: flags.image,
    networkRange: flags['network-range'],
    sshAllow: flags['ssh-allow'],
    apiAllow: flags['api-allow'],
    components: flags.minimal ? 'minimal' : flags.components,
  };
}
