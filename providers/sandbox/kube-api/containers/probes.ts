import { outcomeOf } from './commands.js';

export interface Probe {
  readonly exec?: { readonly command?: readonly string[] };
  readonly httpGet?: {
    readonly port: number | string;
    readonly path?: string;
    readonly scheme?: string;
    readonly host?: string;
  };
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string };
  readonly grpc?: { readonly port: number };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

export interface ProbedContainer {
  readonly ports?: readonly { readonly name?: string; readonly containerPort?: number }[];
}

/**
 * Why a probe fails, as the kubelet tells it; undefined: it succeeds, or nobody can know. A port is taken to be served,
 * whatever the path, when some container of the pod declares it, or when none declares any.
 */
export function probeFailure(
  probe: Probe,
  own: ProbedContainer,
  all: readonly ProbedContainer[],
  address: string,
): string | undefined {
  const { exec, httpGet, tcpSocket, grpc, timeoutSeconds = 1 } = probe;
  if (exec) {
    const outcome = outcomeOf(exec.command ?? []);
    if (!outcome) return undefined;
    if (outcome.afterMs === undefined || outcome.afterMs > timeoutSeconds * 1000)
      return `command timed out: "${(exec.command ?? []).join(' ')}" timed out after ${timeoutSeconds}s`;
    return outcome.exitCode === 0 ? undefined : outcome.output.join('\n');
  }
  const target = httpGet ?? tcpSocket ?? grpc;
  if (!target || ('host' in target && target.host)) return undefined;
  const number = typeof target.port === 'number' ? target.port : portNamed(target.port, own);
  if (number === undefined) return `couldn't find port named "${target.port}" in the container's ports`;
  const declared = all.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
  if (declared.length === 0 || declared.includes(number)) return undefined;
  const refused = `dial tcp ${address}:${number}: connect: connection refused`;
  if (!httpGet) return refused;
  return `Get "${(httpGet.scheme ?? 'HTTP').toLowerCase()}://${address}:${number}${httpGet.path ?? '/'}": ${refused}`;
}

const portNamed = (name: string, { ports = [] }: ProbedContainer): number | undefined =>
  /^\d+$/.test(name) ? Number(name) : ports.find((port) => port.name === name)?.containerPort;

/** How long a probe fails before it counts. */
export const patienceMs = ({ initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 }: Probe): number =>
  (initialDelaySeconds + periodSeconds * failureThreshold) * 1000;
