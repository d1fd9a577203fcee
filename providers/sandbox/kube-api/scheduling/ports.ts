import type { Obj } from '../objects.js';

interface HostPort {
  readonly port: number;
  readonly protocol: string;
  readonly address: string;
}

interface Spec {
  readonly hostNetwork?: boolean;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly (Container & { readonly restartPolicy?: string })[];
}

interface Container {
  readonly ports?: readonly {
    readonly containerPort?: number;
    readonly hostPort?: number;
    readonly hostIP?: string;
    readonly protocol?: string;
  }[];
}

const anyAddress = '0.0.0.0';

/** Ports of the node that a pod takes; on the node's network those are all that it declares. */
function hostPorts(pod: Obj): readonly HostPort[] {
  const { hostNetwork, containers = [], initContainers = [] } = (pod.spec ?? {}) as Spec;
  return [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')]
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ containerPort, hostPort, hostIP, protocol = 'TCP' }) => {
      const port = hostPort ?? (hostNetwork ? containerPort : undefined);
      return port ? [{ port, protocol, address: hostIP || anyAddress }] : [];
    });
}

const collide = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port &&
  a.protocol === b.protocol &&
  (a.address === b.address || a.address === anyAddress || b.address === anyAddress);

/** Whether a port that the pod wants of its node is taken there. */
export const portsTaken = (pod: Obj, others: readonly Obj[]): boolean => {
  const desired = hostPorts(pod);
  return desired.length > 0 && others.flatMap(hostPorts).some((taken) => desired.some((port) => collide(port, taken)));
};
