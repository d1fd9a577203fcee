import { access } from 'node:fs/promises';
import { resolve } from 'node:path';

import { loadClusterFile, specFromFlags, type ClusterFlags } from '../config/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { SlipwayError, UsageError } from '../errors/index.js';
import { knownCluster } from '../workflows/cluster/known-cluster.js';
import type { ClusterInput } from '../workflows/cluster/change-draft.js';
import type { CurrentFile } from '../workflows/cluster/status.js';
import type { ClusterRecord } from '../workspace/types.js';
import { checkComponents } from './check-components.js';
import type { Runtime } from '../runtime/context.js';

export interface InputFlags {
  readonly name: string | undefined;
  readonly file: string | undefined;
  readonly describe: Omit<ClusterFlags, 'name' | 'provider'> & { readonly provider?: string | undefined };
}

/** What to make: from a file, from the workspace's record, from flags, or from a record with flags laid over it. */
export async function clusterInput(
  runtime: Runtime,
  { name, file, describe }: InputFlags,
  mayBeNew: boolean,
): Promise<ClusterInput> {
  const given = Object.keys(describe).filter((key) => describe[key as keyof typeof describe] !== undefined);
  const path = file ?? (name === undefined && (await exists('cluster.yaml')) ? 'cluster.yaml' : undefined);
  if (path !== undefined) return fromFile(runtime, path, name, given);
  if (name === undefined) {
    throw new UsageError('Which cluster? Neither a name nor a file was given, and there is no cluster.yaml here.', {
      code: 'NAME_MISSING',
      hint: 'Give a name (slipway cluster create demo) or a file (-f cluster.yaml).',
    });
  }
  const record = await runtime.workspace.cluster(name).record();
  if (record) return fromRecord(record, describe, given);
  if (!mayBeNew) await knownCluster(runtime.workspace, name);
  const provider = describe.provider ?? (await chooseProvider(runtime));
  return { spec: specFromFlags({ ...describe, name, provider }), recordedFileExists: false };
}

/** A file that is to be that of this cluster. @throws UsageError code NAME_MISMATCH, and as `loadClusterFile` */
export async function fileOf(
  name: string,
  file: string,
): Promise<{ readonly spec: ClusterSpec; readonly file: string }> {
  const { spec, path } = await loadClusterFile(file, checkComponents);
  if (name !== spec.name) throw describesAnother(file, spec.name, name);
  return { spec, file: resolve(path) };
}

const describesAnother = (path: string, described: string, name: string): UsageError =>
  new UsageError(`${path === '-' ? 'Standard input' : path} describes the cluster ${described}, not ${name}.`, {
    code: 'NAME_MISMATCH',
    hint: `Give the file of ${name}, or name ${described}.`,
  });

/** The file of a cluster of the workspace as it is now, for looking only. */
export async function currentFile(runtime: Pick<Runtime, 'workspace'>, name: string): Promise<CurrentFile> {
  const file = (await runtime.workspace.cluster(name).record())?.file;
  if (file === undefined || !(await exists(file))) return {};
  try {
    const { spec } = await loadClusterFile(file, checkComponents);
    return spec.name === name ? { spec } : {};
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return { problem: [error.message, ...error.details].join('; ') };
  }
}

/**
 * Which cluster to delete, and the file that says where its machines are. A file may be that of another cluster, as long
 * as the name is said and the workspace does not know it: hosts may carry claims of what was there before.
 * @throws UsageError codes NAME_MISSING, NAME_MISMATCH, and as `loadClusterFile`
 */
export async function clusterToDelete(
  runtime: Pick<Runtime, 'workspace'>,
  { name, file }: Pick<InputFlags, 'name' | 'file'>,
): Promise<{ readonly name: string; readonly section?: ClusterSpec['provider'] }> {
  if (file === undefined) {
    if (name !== undefined) return { name };
    throw new UsageError('Which cluster? Neither a name nor a file was given.', {
      code: 'NAME_MISSING',
      hint: 'Give a name (slipway cluster delete demo) or a file (-f cluster.yaml).',
    });
  }
  // Components are not looked at: what is to go need not be fit to be made.
  const { spec } = await loadClusterFile(file);
  if (name !== undefined && name !== spec.name && (await runtime.workspace.cluster(name).record())) {
    throw new UsageError(`${file} describes the cluster ${spec.name}, not ${name}.`, {
      code: 'NAME_MISMATCH',
      hint: `This workspace knows ${name}, so no file is needed: slipway cluster delete ${name}`,
    });
  }
  return { name: name ?? spec.name, section: spec.provider };
}

async function fromFile(
  runtime: Runtime,
  path: string,
  name: string | undefined,
  given: readonly string[],
): Promise<ClusterInput> {
  if (given.length > 0) {
    throw new UsageError(`A cluster file and flags that describe a cluster cannot be mixed (${given.join(', ')}).`, {
      code: 'FILE_AND_FLAGS',
      hint: `Write it into ${path === '-' ? 'the file' : path} instead.`,
    });
  }
  const { spec, path: full } = await loadClusterFile(path, checkComponents);
  if (name !== undefined && name !== spec.name) throw describesAnother(path, spec.name, name);
  const recorded = (await runtime.workspace.cluster(spec.name).record())?.file;
  const recordedFileExists = recorded !== undefined && (await exists(recorded));
  // Standard input cannot be read again: the recorded spec counts from then on.
  return { spec, ...(path === '-' ? {} : { file: resolve(full) }), recordedFileExists };
}

/** A cluster made from a file follows that file while it is there; else what was asked for last counts. */
async function fromRecord(
  record: ClusterRecord,
  describe: InputFlags['describe'],
  given: readonly string[],
): Promise<ClusterInput> {
  if (record.file !== undefined && (await exists(record.file))) {
    if (given.length > 0) {
      throw new UsageError(
        `${record.name} is described by ${record.file}; flags cannot change it (${given.join(', ')}).`,
        {
          code: 'FILE_AND_FLAGS',
          hint: `Change the file, then: slipway cluster apply ${record.name}`,
        },
      );
    }
    const { spec, path } = await loadClusterFile(record.file, checkComponents);
    if (spec.name === record.name) return { spec, file: resolve(path), recordedFileExists: true };
  }
  return { spec: given.length === 0 ? record.spec : overlay(record.spec, describe), recordedFileExists: false };
}

/** The recorded spec with what the flags say, through the same validation as flags alone. */
function overlay(spec: ClusterSpec, describe: InputFlags['describe']): ClusterSpec {
  const said = specFromFlags({ ...describe, name: spec.name, provider: describe.provider ?? spec.provider.name });
  const pool = said.pools[0];
  const pools =
    describe.workers === undefined
      ? spec.pools
      : [
          ...spec.pools.filter(({ name }) => name !== 'workers'),
          ...(pool ? [{ ...spec.pools.find(({ name }) => name === 'workers'), ...pool, autoscale: undefined }] : []),
        ];
  return {
    ...spec,
    provider: {
      ...spec.provider,
      name: said.provider.name,
      ...(describe.location === undefined ? {} : { locations: said.provider.locations }),
      ...(describe.residency === undefined ? {} : { residency: said.provider.residency }),
    },
    kubernetes: {
      ...spec.kubernetes,
      ...(describe.kubernetesVersion === undefined ? {} : { version: said.kubernetes.version }),
      ...(describe.apiAllow === undefined ? {} : { api: said.kubernetes.api }),
    },
    controlPlane: {
      ...spec.controlPlane,
      ...(describe.controlPlanes === undefined ? {} : { count: said.controlPlane.count }),
      ...(describe.type === undefined ? {} : { type: said.controlPlane.type }),
    },
    pools,
    network: describe.networkRange === undefined ? spec.network : { ...spec.network, range: said.network.range },
    ssh: describe.sshAllow === undefined ? spec.ssh : said.ssh,
    ...(describe.image === undefined ? {} : { image: said.image }),
    ...(describe.components === undefined ? {} : { components: withPreset(spec.components, describe.components) }),
  };
}

/** Another preset for what the file says of components by name. */
function withPreset(
  components: ClusterSpec['components'],
  preset: NonNullable<InputFlags['describe']['components']>,
): ClusterSpec['components'] {
  return Object.assign({ folders: [] }, components, { preset });
}

/**
 * No provider is named: with a token in the environment the choice must be said; without one it is the sandbox.
 * @throws UsageError code PROVIDER_NEEDED
 */
export async function chooseProvider(runtime: Runtime): Promise<string> {
  const candidates = await runtime.candidates();
  if (candidates.length === 0) {
    runtime.reporter.emit({
      type: 'note',
      at: runtime.clock.now(),
      level: 'info',
      text: 'No provider is named and no provider’s token is set: using the sandbox, a cloud on this computer.',
    });
    return 'sandbox';
  }
  const names = [...candidates.map(({ name }) => name), 'sandbox'];
  return runtime.reporter.choose({
    question: 'Which provider should the machines come from?',
    choices: names,
    flags: names.map((name) => `--provider ${name}`).join(' or '),
  });
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
