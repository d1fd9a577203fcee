import { systemClock, systemRandom, type Secret } from '../domain/index.js';
import { Secret as SecretValue } from '../domain/secret.js';
import { UsageError } from '../errors/index.js';
import { findingsIn } from '../files/findings.js';
import { readSmall } from '../files/read-small.js';
import type { ClusterApi } from '../phases/context.js';
import type { MachineProvider } from '../provider/port.js';
import type { ProviderContext, ProviderPackage, ProviderSection } from '../provider/package.js';
import type { Remote } from '../remote/types.js';
import type { Reporter } from '../reporting/index.js';
import type { WorkflowContext } from '../workflows/context.js';
import type { WorkspaceAdmin } from '../workspace/admin/open.js';
import { openWorkspace } from '../workspace/index.js';
import { distributions } from './distributions.js';
import { builtInProviders, type Providers } from './providers.js';
import { boundaryFrom } from './test-boundary.js';

export type { MoveResult, OwnIdentity, RotateResult, WorkspaceInspection } from '../workspace/admin/open.js';

export interface RuntimeOptions {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  /** What `--workspace` names. */
  readonly workspace?: string | undefined;
  /** The file in which this build keeps what it found right; without it all is looked into anew. */
  readonly findings?: string | undefined;
  /** Default: those that are built in. */
  readonly providers?: Providers;
}

/** The composition root: everything concrete is chosen here and handed down. */
export interface Runtime extends WorkflowContext {
  /** Packages whose token is in the environment, the sandbox never among them. */
  candidates(): Promise<readonly ProviderPackage[]>;
  /** Work on the workspace as a whole. */
  admin(): Promise<WorkspaceAdmin>;
  dispose(): Promise<void>;
}

export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { reporter, signal, env, workspace: path, providers: packages = builtInProviders } = options;
  const clock = systemClock;
  const random = systemRandom;
  const boundary = boundaryFrom(env['SLIPWAY_TEST_BOUNDARY'], clock);
  const keys = await import('../remote/keys.js');
  const warn = (text: string): void => reporter.emit({ type: 'note', at: clock.now(), level: 'warning', text });
  const say = (text: string): void => reporter.emit({ type: 'note', at: clock.now(), level: 'info', text });
  const { generateKeyPair } = keys;
  const findings = options.findings === undefined ? undefined : findingsIn(options.findings);
  const workspaceOptions = { path, env, clock, random, boundary, generateKeyPair, warn, findings };
  const workspace = openWorkspace(workspaceOptions);
  const providers = new Map<string, Promise<MachineProvider>>();
  const apis = new Map<string, Promise<ClusterApi>>();

  const remote = lazyRemote(async () => (await import('../remote/index.js')).createRemote({ clock, random, boundary }));

  const providerContext = (section: ProviderSection, stateOf = section.name): ProviderContext => ({
    section,
    remote,
    secret: (variable) => secretFrom(env, variable),
    variable: (variable) => env[variable] || undefined,
    stateFolder: workspace.stateFolder(stateOf),
    clock,
    random,
    boundary,
    signal,
    log: say,
  });

  const provider = (section: ProviderSection): Promise<MachineProvider> => {
    const key = JSON.stringify(section);
    const opened = providers.get(key) ?? openPackage(packages, section, providerContext);
    providers.set(key, opened);
    return opened;
  };

  const openApi = (kubeconfig: Secret, apiSignal: AbortSignal): Promise<ClusterApi> => {
    const key = kubeconfig.reveal();
    const opened =
      apis.get(key) ??
      import('../kube/index.js').then(async ({ openKube }) => {
        const kube = await openKube({ kubeconfig, boundary, clock, findings });
        return lazyWatch(kube, apiSignal);
      });
    apis.set(key, opened);
    return opened;
  };

  return {
    workspace,
    provider,
    distribution: (name) => distributions[name](),
    remote,
    openApi,
    userDataTemplate: async () => (await import('../remote/cloud-init.js')).userDataTemplate(),
    cloudInit: async (machine) => (await import('../remote/cloud-init.js')).cloudInit(machine),
    newKeyPair: () => keys.generateKeyPair('plan'),
    secretSources: { environment: (variable) => secretFrom(env, variable), file: secretInFile },
    channelServer: env['SLIPWAY_K3S_CHANNELS'] || undefined,
    reporter,
    clock,
    random,
    boundary,
    signal,
    admin: async () => (await import('../workspace/admin/open.js')).openAdmin(workspaceOptions),
    candidates: () => withToken(packages, env),
    dispose: async () => {
      for (const opened of apis.values()) {
        const api = await opened.catch(() => undefined);
        api?.watch.close();
        api?.kube.close();
      }
      await remote.close();
      await reporter.close();
    },
  };
}

async function withToken(packages: Providers, env: RuntimeOptions['env']): Promise<readonly ProviderPackage[]> {
  const loaded = await Promise.all(Object.values(packages).map((load) => load()));
  return loaded.filter((found) => found.tokenVariable !== undefined && env[found.tokenVariable]);
}

/** What speaks SSH is loaded by the first that connects; many commands never do. */
function lazyRemote(open: () => Promise<Remote>): Remote {
  let opened: Promise<Remote> | undefined;
  return {
    connect: async (...args) => (await (opened ??= open())).connect(...args),
    disconnect: async (id) => (await opened)?.disconnect(id),
    close: async () => (await opened)?.close(),
  };
}

/** The watch is opened by the first that waits; many commands only read. */
function lazyWatch(kube: ClusterApi['kube'], signal: AbortSignal): ClusterApi {
  let opened: ClusterApi['watch'] | undefined;
  const open = (): ClusterApi['watch'] => (opened ??= kube.watchNodes(signal));
  return {
    kube,
    watch: {
      until: (...args) => open().until(...args),
      close: () => opened?.close(),
    },
  };
}

async function openPackage(
  packages: Providers,
  section: ProviderSection,
  contextOf: (section: ProviderSection, stateOf?: string) => ProviderContext,
): Promise<MachineProvider> {
  const found = await packageOf(packages, section);
  return found.open(contextOf(section, found.stateOf));
}

/** @throws UsageError codes UNKNOWN_PROVIDER, HOSTS_MISSING, HOSTS_NOT_TAKEN */
async function packageOf(packages: Providers, { name, hosts }: ProviderSection): Promise<ProviderPackage> {
  const found = await packages[name]?.();
  if (!found) {
    throw new UsageError(`There is no provider called ${name}.`, {
      code: 'UNKNOWN_PROVIDER',
      hint: `Known: ${Object.keys(packages).join(', ')}.`,
    });
  }
  if (!found.ownsMachines && !hosts) {
    throw new UsageError(`The provider ${name} needs to be told of the machines there are.`, {
      code: 'HOSTS_MISSING',
      hint: 'List them in a cluster file as provider.hosts; `slipway host scan` writes the entries.',
    });
  }
  if (found.ownsMachines && hosts) {
    throw new UsageError(`${found.title} makes its machines itself, but provider.hosts lists some.`, {
      code: 'HOSTS_NOT_TAKEN',
      hint: 'Take provider.hosts out of the file, or use the provider ssh.',
    });
  }
  return found;
}

/** @throws UsageError code SECRET_FILE for a file that is there and cannot be read */
async function secretInFile(path: string): Promise<Secret | undefined> {
  try {
    const value = (await readSmall(path)).trim();
    return value ? new SecretValue(value) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`The file ${path}, which a Secret comes from, cannot be read.`, {
      code: 'SECRET_FILE',
      hint: 'Check its path and who may read it.',
      cause: error,
    });
  }
}

function secretFrom(env: NodeJS.ProcessEnv, variable: string): Secret | undefined {
  const value = env[variable]?.trim();
  return value ? new SecretValue(value) : undefined;
}
