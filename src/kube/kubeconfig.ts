import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { parse } from 'yaml';
import { z } from 'zod';

import { markIn } from '../domain/kubeconfig-mark.js';
import type { Secret } from '../domain/secret.js';
import { messageOf, UsageError } from '../errors/index.js';
import { readSmallSync } from '../files/read-small.js';

/** One address of the API with what is needed to talk to it. Addresses are all that may be shown. */
export interface KubeServer {
  /** `https://192.0.2.7:6443` */
  readonly address: string;
  readonly agent: HttpAgent;
  /** For watches, which hold their connection: requests must not have to wait for one. */
  readonly streams: HttpAgent;
  /** Headers that say who we are; asked for at each request, as a token may be short-lived. */
  authorize(): Promise<Readonly<Record<string, string>>>;
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

/**
 * The servers of a kubeconfig: those of the current context, with the spare addresses that our own kubeconfigs carry, then
 * those of the other contexts.
 * @throws UsageError code KUBECONFIG_INVALID; no part of the file is repeated in the message.
 */
export async function kubeServers(kubeconfig: Secret): Promise<readonly KubeServer[]> {
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
          : plainServer({ ...cluster, server: address }, user),
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
function plainServer(cluster: Cluster, user: User): KubeServer {
  const tls: AgentOptions | undefined = isPlainHttp(cluster.server)
    ? undefined
    : defined({
        secureContext: secureContext(cluster, user),
        servername: cluster['tls-server-name'],
        rejectUnauthorized: cluster['insecure-skip-tls-verify'] ? false : undefined,
      });
  const agent = (options: AgentOptions): HttpAgent =>
    tls ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options);
  return {
    address: cluster.server,
    agent: agent({ keepAlive: true, maxSockets, scheduling: 'lifo' }),
    streams: agent({ keepAlive: true }),
    async authorize() {
      const token = user.token ?? (user.tokenFile ? readCredential(user.tokenFile).toString().trim() : undefined);
      return token ? { authorization: `Bearer ${token}` } : {};
    },
  };
}

/** All connections share it: OpenSSL takes longer to make it than for a connection. */
function secureContext(cluster: Cluster, user: User): SecureContext {
  const options = defined({
    ca: material(cluster['certificate-authority-data'], cluster['certificate-authority']),
    cert: material(user['client-certificate-data'], user['client-certificate']),
    key: material(user['client-key-data'], user['client-key']),
  });
  try {
    return createSecureContext(options);
  } catch {
    throw invalid('its certificates or its key cannot be read');
  }
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
  if (!(first.agent instanceof HttpAgent)) throw invalid(`context ${context} cannot be used`);
  return {
    address: cluster.server,
    agent: first.agent,
    streams: first.agent,
    async authorize() {
      const { headers, auth } = await apply();
      const authorization =
        (headers as Readonly<Record<string, unknown>> | undefined)?.['Authorization'] ??
        (auth ? `Basic ${Buffer.from(auth).toString('base64')}` : undefined);
      return typeof authorization === 'string' ? { authorization } : {};
    },
  };
}

function isPlainHttp(address: string): boolean {
  return new URL(address).protocol === 'http:';
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
