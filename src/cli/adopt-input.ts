import { homedir } from 'node:os';
import { resolve } from 'node:path';

import { loadClusterFile } from '../config/index.js';
import { Secret } from '../domain/secret.js';
import { messageOf, SlipwayError, UsageError } from '../errors/index.js';
import { readSmall } from '../files/read-small.js';
import { identityFault } from '../remote/index.js';
import type { AdoptInput, OfferedKubeconfig } from '../workflows/cluster/adopt/input.js';
import { publicKeyOf, userKubeconfigPaths } from '../workspace/index.js';
import { givenKubeconfig, markedKubeconfig } from '../workspace/pick-kubeconfig.js';
import type { Runtime } from '../runtime/context.js';
import { checkComponents } from './check-components.js';
import { chooseProvider } from './cluster-input.js';

export interface AdoptFlags {
  readonly name: string | undefined;
  readonly file: string | undefined;
  readonly provider: string | undefined;
  readonly id: string | undefined;
  readonly sshKey: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly acceptedHostKeys: readonly string[];
  readonly dryRun: boolean;
}

/**
 * What to adopt, and all that may help.
 * @throws UsageError codes NAME_MISSING, NAME_MISMATCH, IDENTITY_UNUSABLE, KUBECONFIG_INVALID, and as `loadClusterFile`
 */
export async function adoptInput(runtime: Runtime, flags: AdoptFlags): Promise<AdoptInput> {
  const { file, acceptedHostKeys, id, dryRun } = flags;
  const loaded = file === undefined ? undefined : await loadClusterFile(file, checkComponents);
  const name = flags.name ?? loaded?.spec.name;
  if (name === undefined) {
    throw new UsageError('Which cluster? Neither a name nor a file was given.', {
      code: 'NAME_MISSING',
      hint: 'Give a name (slipway cluster adopt demo) or a file (-f cluster.yaml).',
    });
  }
  if (loaded && loaded.spec.name !== name) {
    throw new UsageError(`${file!} describes the cluster ${loaded.spec.name}, not ${name}.`, {
      code: 'NAME_MISMATCH',
      hint: `Leave the name out, or give ${loaded.spec.name}.`,
    });
  }
  return {
    name,
    section: loaded?.spec.provider ?? (await sectionByName(runtime, name, flags.provider)),
    spec: loaded?.spec,
    file: loaded && file !== '-' ? resolve(loaded.path) : undefined,
    id,
    sshKey: flags.sshKey === undefined ? undefined : await privateKey(flags.sshKey),
    kubeconfigs: flags.kubeconfig === undefined ? await ownKubeconfigs(name) : [await given(flags.kubeconfig, name)],
    acceptedHostKeys,
    dryRun,
  };
}

/** Undefined where the workspace's record says it. */
async function sectionByName(
  runtime: Runtime,
  name: string,
  provider: string | undefined,
): Promise<AdoptInput['section']> {
  const folder = runtime.workspace.cluster(name);
  const isKnown = await folder.record().then(
    (record) => record !== undefined,
    (error: unknown) => {
      if (error instanceof SlipwayError && error.code === 'WORKSPACE_CORRUPT') return false;
      throw error;
    },
  );
  // A provider by its name alone does not say which hosts: the record does.
  if (isKnown)
    return provider === undefined ? undefined : { ...(await folder.record())!.spec.provider, name: provider };
  return { name: provider ?? (await chooseProvider(runtime)) };
}

async function privateKey(path: string): Promise<NonNullable<AdoptInput['sshKey']>> {
  const text = await read(path, 'SSH_IDENTITY');
  const fault = identityFault(text);
  const publicKey = publicKeyOf(text);
  if (fault === undefined && publicKey !== undefined) return { file: path, privateKey: new Secret(text), publicKey };
  const why = { encrypted: 'it is encrypted', public: 'it is the public half', unreadable: 'it is no private key' };
  throw new UsageError(
    `The SSH key ${path} cannot be used: ${fault === undefined ? 'it is not in OpenSSH’s own form' : why[fault]}.`,
    {
      code: 'IDENTITY_UNUSABLE',
      hint: `Give a private key without a passphrase in OpenSSH’s form; ssh-keygen -p -f ${path} changes one.`,
    },
  );
}

async function given(path: string, name: string): Promise<OfferedKubeconfig> {
  return { from: path, text: new Secret(givenKubeconfig(path, await read(path, 'KUBECONFIG_INVALID'), name)) };
}

/** Entries of the cluster in the person's own kubeconfig, where they were merged in. */
async function ownKubeconfigs(name: string): Promise<readonly OfferedKubeconfig[]> {
  const found: OfferedKubeconfig[] = [];
  for (const path of userKubeconfigPaths(process.env, homedir())) {
    const text = await readSmall(path).catch(() => undefined);
    const marked = text === undefined ? undefined : markedKubeconfig(text, name);
    if (marked !== undefined) found.push({ from: path, text: new Secret(marked) });
  }
  return found;
}

async function read(path: string, code: 'SSH_IDENTITY' | 'KUBECONFIG_INVALID'): Promise<string> {
  try {
    return await readSmall(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${messageOf(error)}.`, {
      code,
      hint: 'Check its path and who may read it.',
      cause: error,
    });
  }
}
