import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { KubeObject } from '../kube/types.js';
import { ownTemplates } from '../remote/index.js';

/** On pods that let a key log in to their nodes, so that what a killed run left is found. */
export const authorizeLabel = 'slipway.dev/authorize';
export const authorizeNamespace = 'kube-system';

/** What runs the helper pods of k3s's own local storage, where that cannot be asked for its image. */
export const fallbackImage = 'rancher/mirrored-library-busybox:1.37.0';

export interface AuthorizePodOptions {
  readonly node: string;
  /** OpenSSH form, with a comment. */
  readonly publicKey: string;
  /** Anything with a shell of POSIX and awk. */
  readonly image: string;
}

/**
 * A pod of a moment that lets a key log in to its node as root and tells the host's key. Its name is computed, so that a run
 * that was killed finds its own again; whoever may make it in kube-system may do anything on the node already.
 */
export function authorizePod({ node, publicKey, image }: AuthorizePodOptions): KubeObject {
  const host = (name: string, path: string, type: string) => ({ name, hostPath: { path, type } });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(node, publicKey),
      namespace: authorizeNamespace,
      labels: { [authorizeLabel]: 'true', 'app.kubernetes.io/managed-by': 'slipway' },
    },
    spec: {
      // Not by way of the scheduler: cordons and taints do not matter here.
      nodeName: node,
      tolerations: [{ operator: 'Exists' }],
      priorityClassName: 'system-node-critical',
      restartPolicy: 'Never',
      activeDeadlineSeconds: 300,
      // Needs no network of pods, and none of the API.
      hostNetwork: true,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      containers: [
        {
          name: 'authorize',
          image,
          command: ['/bin/sh', '-c', authorizeScript()],
          env: [
            { name: 'PUBLIC_KEY', value: publicKey },
            { name: 'HOST', value: '/host' },
          ],
          // SELinux would keep any other from the host's files.
          securityContext: { privileged: true, runAsUser: 0 },
          volumeMounts: [
            { name: 'root-ssh', mountPath: '/host/root/.ssh' },
            { name: 'etc-ssh', mountPath: '/host/etc/ssh', readOnly: true },
          ],
        },
      ],
      volumes: [host('root-ssh', '/root/.ssh', 'DirectoryOrCreate'), host('etc-ssh', '/etc/ssh', 'Directory')],
    },
  };
}

/** What it runs. */
export const authorizeScript = (): string => readFileSync(join(ownTemplates, 'pod', 'authorize-key.sh'), 'utf8');

const podName = (node: string, publicKey: string): string =>
  `slipway-authorize-${createHash('sha256').update(`${node} ${publicKey}`).digest('hex').slice(0, 16)}`;

/** The host key that the pod told of, in OpenSSH form; undefined: it told none. */
export const toldHostKey = (log: string): string | undefined =>
  /^host_key=(ssh-ed25519 [A-Za-z0-9+/]+=*)$/m.exec(log)?.[1];

/** The image that k3s's local storage runs its helper pods from: it can be had wherever the cluster's own images can. */
export function helperImage(localPathConfig: KubeObject | undefined): string | undefined {
  const data = localPathConfig?.['data'] as Readonly<Record<string, string>> | undefined;
  return /^\s*image:\s*"?([\w./:@-]+)"?\s*$/m.exec(data?.['helperPod.yaml'] ?? '')?.[1];
}
