import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import type { Cli } from './cli.js';

const signal = new AbortController().signal;

interface Server {
  readonly id: number;
  readonly name: string;
}
export interface Watching {
  readonly said: () => string;
  /** With its exit code. */
  readonly ended: Promise<number | undefined>;
  readonly stop: () => Promise<void>;
}

/** The cluster `demo` of a command line, whose pool `web` follows its pods. */
export function kubeOf(cli: Cli) {
  const withKube = async <T>(work: (kube: Kube) => Promise<T>): Promise<T> => {
    const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
    const kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
    try {
      return await work(kube);
    } finally {
      kube.close();
    }
  };
  return {
    workers: async (): Promise<readonly Server[]> =>
      (await cli.cloud<Server>('servers')).filter(({ name }) => name.startsWith('demo-web-')),
    nodes: () => withKube(async (kube) => (await kube.nodes({ signal })).length),
    /** Pods of the Deployment that run. */
    running: () =>
      withKube(async (kube) => {
        const pods = await kube.list('v1', 'Pod', { namespace: 'default' }, { signal });
        return pods.filter((pod) => (pod['status'] as { phase?: string } | undefined)?.phase === 'Running').length;
      }),
    /** A Deployment of pods of which each machine holds one. */
    deploy: (replicas: number) =>
      withKube((kube) =>
        kube.apply(
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: { name: 'big', namespace: 'default' },
            spec: {
              replicas,
              selector: { matchLabels: { app: 'big' } },
              template: {
                metadata: { labels: { app: 'big' } },
                spec: { containers: [{ name: 'main', image: 'nginx', resources: { requests: { cpu: '2500m' } } }] },
              },
            },
          },
          { signal, force: true },
        ),
      ),
    watch: async (env: Readonly<Record<string, string>> = {}): Promise<Watching> => {
      const args = ['cluster', 'heal', 'demo', '--watch', '--yes', '--progress', 'plain'];
      const running = cli.start([...args, '--grow-after', '1s', '--shrink-after', '4s'], env);
      let said = '';
      running.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const ended = running.then(
        ({ exitCode }) => exitCode,
        () => undefined,
      );
      return {
        said: () => said,
        ended,
        stop: async () => {
          running.kill('SIGTERM');
          await ended;
        },
      };
    },
  };
}
