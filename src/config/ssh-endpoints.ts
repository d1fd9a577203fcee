import { isMap, isSeq, parseDocument, stringify } from 'yaml';
import { z } from 'zod';

import { hostSchema } from '../domain/spec/hosts.js';
import { readYaml } from '../domain/source/yaml.js';
import { messageOf, UsageError } from '../errors/index.js';
import { readSmall } from '../files/read-small.js';

const endpointSchema = z.object({ ...hostSchema.shape, hostKey: hostSchema.shape.hostKey.optional() });
const fileSchema = z.object({
  provider: z.object({
    identity: z.string().min(1).optional(),
    hosts: z.array(endpointSchema).min(1),
  }),
});

/** A host of a cluster file, whose keys may not be known yet. */
export type SshEndpoint = z.output<typeof endpointSchema>;

export interface SshEndpoints {
  readonly hosts: readonly SshEndpoint[];
  /** As written: relative to the file. */
  readonly identity: string | undefined;
  readonly text: string;
}

/**
 * The hosts of a cluster file that need not be complete: the keys that it lacks are what is being looked for.
 * @throws UsageError codes NO_CLUSTER_FILE, BAD_CLUSTER_FILE
 */
export async function readSshEndpoints(path: string): Promise<SshEndpoints> {
  const text = await readSmall(path).catch((cause: unknown) => {
    throw new UsageError(`Cannot read the cluster file ${path}: ${messageOf(cause)}`, {
      code: 'NO_CLUSTER_FILE',
      hint: 'Name a readable file with --file, or give addresses.',
      cause,
    });
  });
  const source = readYaml(text);
  const read = fileSchema.safeParse(source.data);
  if (source.problems.length === 0 && read.success)
    return { ...read.data.provider, identity: read.data.provider.identity, text };
  const details = [
    ...source.problems.map(({ line, column, message }) => `${path}:${line}:${column}  ${message}`),
    ...(read.error?.issues ?? []).map((issue) => {
      const at = issue.path.filter((part) => typeof part !== 'symbol');
      const { line, column } = source.locate(at, false);
      return `${path}:${line}:${column}  ${at.join('.')}: ${issue.message}`;
    }),
  ];
  throw new UsageError(`The hosts of ${path} cannot be read.`, {
    code: 'BAD_CLUSTER_FILE',
    details,
    hint: 'A host needs a name and an address at least: provider: {name: ssh, hosts: [{name: rack1, address: 10.0.0.11}]}',
  });
}

/** The file's text with these keys at these hosts (by their place in the list); everything else stays. */
export function withHostKeys(text: string, keys: ReadonlyMap<number, string>): string {
  const document = parseDocument(text);
  const hosts = document.getIn(['provider', 'hosts']);
  if (!isSeq(hosts)) throw new Error('the file has no list of hosts');
  for (const [index, key] of keys) {
    const host = hosts.items[index];
    if (isMap(host)) host.set('hostKey', key);
  }
  return document.toString({ flowCollectionPadding: text.includes('{ '), lineWidth: 0 });
}

/** The part of a cluster file that lists these hosts, to paste. */
export function hostsSnippet(
  hosts: readonly {
    readonly name: string;
    readonly address: string;
    readonly port: number;
    readonly user?: string | undefined;
    readonly hostKey: string;
  }[],
): string {
  const entries = hosts.map(({ name, address, port, user, hostKey }) => ({
    name,
    address,
    ...(port === 22 ? {} : { port }),
    ...(user === undefined || user === 'root' ? {} : { user }),
    hostKey,
  }));
  return stringify({ provider: { name: 'ssh', hosts: entries } }, { lineWidth: 0 });
}
