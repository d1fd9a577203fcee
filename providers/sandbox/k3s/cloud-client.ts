/** A call of the cloud's API, whose answer is JSON. */
export type CloudCall = (
  token: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
) => { readonly status: number; readonly body?: object };

/** What a cluster's controllers know of their cloud. */
export interface CloudApi {
  /** @throws CloudError */
  call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): T;
}

export interface CloudClient extends CloudApi {
  /** Where load balancers are made unless a service says otherwise; empty: nowhere. */
  readonly location: string;
  readonly usesPrivateIp: boolean;
  /** Id of the cluster's network. */
  network: number | undefined;
}

/** The cloud's refusal, in its own words. */
export class CloudError extends Error {}

/** @throws CloudError */
export function answered<T>({ status, body }: { readonly status: number; readonly body?: object }): T {
  if (status < 400) return (body ?? {}) as T;
  const { error } = (body ?? {}) as { error?: { code: string; message: string } };
  throw new CloudError(`${error?.message ?? 'failed'} (${error?.code ?? status})`);
}

/** What is at a path of the cloud's API; nothing where it is not found. @throws CloudError */
export function answeredOrNone<T>(api: CloudApi, path: string): readonly [T] | readonly [] {
  try {
    return [api.call<T>('GET', path)];
  } catch (error) {
    if (error instanceof CloudError && error.message.includes('(not_found)')) return [];
    throw error;
  }
}

export interface WireServer {
  readonly id: number;
  readonly name: string;
  readonly server_type: { readonly name: string };
  readonly location: { readonly name: string };
  readonly public_net: { readonly ipv4?: { readonly ip: string } | null };
  readonly private_net: readonly { readonly network: number; readonly ip: string }[];
}

export interface WireBalancer {
  readonly id: number;
  readonly name: string;
  readonly public_net: { readonly ipv4: { readonly ip: string } };
  readonly labels: Readonly<Record<string, string>>;
  readonly targets: readonly { readonly type: string; readonly server?: { readonly id: number } }[];
}

export interface WireVolume {
  readonly id: number;
  readonly size: number;
  readonly status: string;
  readonly server: number | null;
}
