import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from 'node:https';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { parse } from 'yaml';
import { z } from 'zod';

import type { Clock } from '../domain/clock.js';
import { markIn } from '../domain/kubeconfig-mark.js';
import type { Secret } from '../domain/secret.js';
import { messageOf, UsageError } from '../errors/index.js';
import type { Findings } from '../domain/findings.js';
import { readSmallSync } from '../files/read-small.js';
import { KnownCertificates } from './known-certificates.js';

/** One address of the API with what is needed to talk to it. Addresses are all that may be shown. */
export interface KubeServer {
  /** `https://192.0.2.7:6443` */
  readonly address: string;
  readonly agent: HttpAgent;
  /** For watches, which hold their connection: requests must not have to wait for one. */
  readonly streams: HttpAgent;
  /**
   * A way that is tried before `agent` where a certificate of the server is known: its connections are verified by nobody
   * but `certificates`, which has to admit each of them before anything is sent.
   */
  readonly known?: { readonly agent: HttpAgent; readonly certificates: KnownCertificates } | undefined;
  /** Told of each connection of `agent`. */
  readonly certificates?: KnownCertificates | undefined;
  /** Headers that say who we are; asked for at each request, as a token may be short-lived. */
  authorize(): Promise<Readonly<Record<string, string>>>;
  close(): void;
}

/** What was found good before, and the clock by which it still is. */
export interface Memory {
  readonly findings: Findings;
  readonly clock: Clock;
}

const text = z.string().min(1);
const schema = z.object({
  'current-context': z.string().optional(),
  clusters: z.array(
    z.object({
      name: text,
      cluster: z.looseObject({
        server: text,
        'certificate-authority-data': text.optional(),
        'certificate-authority': text.optional(),
        'insecure-skip-tls-verify': z.boolean().optional(),
        'tls-server-name': text.optional(),
        'proxy-url': text.optional(),
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: text,
      user: z.looseObject({
        'client-certificate-data': text.optional(),
        'client-certificate': text.optional(),
        'client-key-data': text.optional(),
        'client-key': text.optional(),
        token: text.optional(),
        tokenFile: text.optional(),
        exec: z.unknown().optional(),
        'auth-provider': z.unknown().optional(),
      }),
    }),
  ),
  contexts: z.array(z.object({ name: text, context: z.looseObject({ cluster: text, user: text }) })),
});
type Config = z.output<typeof schema>;
type Cluster = Config['clusters'][number]['cluster'];
type User = Config['users'][number]['user'];

/** Requests under way at one server at a time; more wait. Keeps 200 machines from opening 200 connections. */
const maxSockets = 16;
const kept: AgentOptions = { keepAlive: true, maxSockets, scheduling: 'lifo' };

/**
 * The servers of a kubeconfig: those of the current context, with the spare addresses that our own kubeconfigs carry, then
 * those of the other contexts.
 * @param memory without it every certificate is verified by OpenSSL
 * @throws UsageError code KUBECONFIG_INVALID; no part of the file is repeated in the message.
 */
export async function kubeServers(kubeconfig: Secret, memory?: Memory): Promise<readonly KubeServer[]> {
  const config = read(kubeconfig.reveal());
  const current = config['current-context'];
  const contexts = [...config.contexts].sort((a, b) => Number(b.name === current) - Number(a.name === current));
  const servers: KubeServer[] = [];
  for (const { name, context } of contexts) {
    const cluster = config.clusters.find((entry) => entry.name === context.cluster)?.cluster;
    const user = config.users.find((entry) => entry.name === context.user)?.user;
    if (!cluster || !user) throw invalid(`context ${name} names a cluster or user that is not there`);
    for (const address of addressesOf(cluster)) {
      if (servers.some((server) => server.address === address)) continue;
      servers.push(
        user.exec || user['auth-provider'] || cluster['proxy-url']
          ? await elaborateServer(kubeconfig, name, { ...cluster, server: address })
          : plainServer({ ...cluster, server: address }, user, memory),
      );
    }
  }
  if (servers.length === 0) throw invalid('it has no context');
  return servers;
}

function addressesOf({ server, extensions }: Cluster): readonly string[] {
  const spare: unknown = markIn(extensions)?.servers;
  return [server, ...(Array.isArray(spare) ? spare.filter((one): one is string => typeof one === 'string') : [])];
}

function read(yaml: string): Config {
  let value: unknown;
  try {
    value = parse(yaml);
  } catch {
    throw invalid('it is not YAML');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}

/** Certificates and tokens: what our own clusters, and most managed ones, have. */
function plainServer(cluster: Cluster, user: User, memory: Memory | undefined): KubeServer {
  const ca = material(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const own = defined({
    cert: material(user['client-certificate-data'], user['client-certificate']),
    key: material(user['client-key-data'], user['client-key']),
  });
  const { protocol, hostname } = new URL(cluster.server);
  const named = defined({ servername: cluster['tls-server-name'] });
  const isSkipped = cluster['insecure-skip-tls-verify'] === true;
  const agents = once((): Pick<KubeServer, 'agent' | 'streams'> => {
    if (protocol === 'http:') return { agent: new HttpAgent(kept), streams: new HttpAgent({ keepAlive: true }) };
    // All connections share it: OpenSSL takes longer to make it than for a connection.
    const tls = {
      ...named,
      ...(isSkipped ? { rejectUnauthorized: false } : {}),
      secureContext: secureContext(defined({ ca, ...own })),
    };
    return { agent: new HttpsAgent({ ...kept, ...tls }), streams: new HttpsAgent({ keepAlive: true, ...tls }) };
  });
  const isRemembered = memory !== undefined && ca !== undefined && !isSkipped && protocol === 'https:';
  const host = cluster['tls-server-name'] ?? hostname;
  const certificates = isRemembered ? new KnownCertificates({ ca, host }, memory.findings, memory.clock) : undefined;
  const known = certificates?.any ? { agent: unverified({ ...named, ...own }), certificates } : undefined;
  if (!known) agents();
  return {
    address: cluster.server,
    get agent() {
      return agents().agent;
    },
    get streams() {
      return agents().streams;
    },
    known,
    certificates,
    async authorize() {
      const token = user.token ?? (user.tokenFile ? readCredential(user.tokenFile).toString().trim() : undefined);
      return token ? { authorization: `Bearer ${token}` } : {};
    },
    close() {
      known?.agent.destroy();
      for (const agent of Object.values(agents.made() ?? {})) agent.destroy();
    },
  };
}

/**
 * For connections that are admitted by their certificate. It trusts nobody: with a CA OpenSSL would first read those of
 * all the world, which takes longer than all else that a short command asks of the API.
 */
function unverified({
  servername,
  ...own
}: Readonly<{ servername?: string; cert?: Buffer; key?: Buffer }>): HttpsAgent {
  const secure = secureContext({ ca: [], ...own });
  // A session that is taken up again shows no certificate.
  const shown = { maxCachedSessions: 0, rejectUnauthorized: false };
  return new HttpsAgent({ ...kept, ...defined({ servername }), ...shown, secureContext: secure });
}

function secureContext(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch {
    throw invalid('its certificates or its key cannot be read');
  }
}

/** Made when it is first asked for; `made` is undefined until then. */
function once<T>(make: () => T): { (): T; made(): T | undefined } {
  let value: T | undefined;
  return Object.assign(() => (value ??= make()), { made: () => value });
}

/**
 * Credential plugins, identity providers and proxies: the official client knows them all. It is loaded only here,
 * because loading it takes half a second and 70 MiB.
 */
async function elaborateServer(kubeconfig: Secret, context: string, cluster: Cluster): Promise<KubeServer> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromString(kubeconfig.reveal());
  config.setCurrentContext(context);
  const apply = async (): Promise<RequestOptions> => {
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new UsageError(`The kubeconfig's way to log in to ${cluster.server} failed: ${messageOf(error)}.`, {
        code: 'KUBE_LOGIN_FAILED',
        hint: 'Check the credential plugin that the kubeconfig names.',
        cause: error,
      });
    }
    return options;
  };
  // The library makes an agent for each call; one is kept, so that connections are.
  const first = await apply();
  const { agent } = first;
  if (!(agent instanceof HttpAgent)) throw invalid(`context ${context} cannot be used`);
  return {
    address: cluster.server,
    agent,
    streams: agent,
    async authorize() {
      const { headers, auth } = await apply();
      const authorization =
        (headers as Readonly<Record<string, unknown>> | undefined)?.['Authorization'] ??
        (auth ? `Basic ${Buffer.from(auth).toString('base64')}` : undefined);
      return typeof authorization === 'string' ? { authorization } : {};
    },
    close: () => agent.destroy(),
  };
}

function material(data: string | undefined, file: string | undefined): Buffer | undefined {
  if (data !== undefined) return Buffer.from(data, 'base64');
  return file === undefined ? undefined : readCredential(file);
}

function readCredential(file: string): Buffer {
  try {
    return readSmallSync(file);
  } catch (error) {
    throw invalid(`${file} could not be read (${messageOf(error)})`);
  }
}

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function invalid(problem: string): UsageError {
  return new UsageError(`The kubeconfig cannot be used: ${problem}.`, {
    code: 'KUBECONFIG_INVALID',
    hint: 'Fetch it again: `slipway cluster adopt` with the cluster’s name.',
  });
}
