import { plural, type ClusterRef } from '../../domain/index.js';
import { Secret } from '../../domain/secret.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type {
  RenderedComponent,
  RenderInput,
  ResolvedSecret,
  SecretNeed,
  SecretReaders,
  Selection,
} from '../../components/types.js';
import { type ComponentFacts, noFacts, observeComponents } from '../../components/apply/facts.js';
import { foreignObjects, type ForeignObject } from '../../components/apply/foreign.js';
import type { ComponentPlanInput } from '../../phases/components.js';
import type { DesiredTenant } from '../../phases/tenants.js';
import { secretKey } from '../../components/apply/secrets.js';
import { ownedByCluster } from '../../components/instance.js';
import type { ClusterApi } from '../../phases/context.js';
import { RefusedError } from '../../errors/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { MachineProvider } from '../../provider/port.js';
import { note, type WorkflowContext } from '../context.js';
import { checkArchitectures } from './architectures.js';
import { providerFacts } from './input.js';
import { checkEndpoints } from './endpoints.js';
import { byOwner, instancesOfTenants, refuseTenants, type RenderedTenant, tenantsIn } from '../tenant/state.js';
import { keptSecrets, missingSecrets, type Unchecked } from '../unchecked.js';

/** What components a cluster shall have, and what it has of them. */
export interface ComponentState {
  readonly selection: Selection;
  readonly input: RenderInput;
  readonly rendered: readonly RenderedComponent[];
  /** Of the tenants that the file names, in its order. */
  readonly tenants: readonly RenderedTenant[];
  /** Empty when it was only looked. */
  readonly secrets: readonly ResolvedSecret[];
  readonly facts: ComponentFacts;
  /** What a plan could not look at; empty for other purposes. */
  readonly unchecked: readonly Unchecked[];
}

/**
 * `change` also reads every Secret's value, so that a missing one is found before anything is changed; `plan` does the
 * same, but goes on without what is missing and says so; `plan-read-only` also doubts the provider's token, which may
 * not be the one that is applied with.
 */
export type ComponentPurpose = 'change' | 'plan' | 'plan-read-only' | 'look';

/**
 * Selects and renders what the file asks for and, where an API is there, looks at what the cluster has.
 * @throws UsageError codes BAD_COMPONENTS, BAD_COMPONENT, BAD_TEMPLATE, SECRETS_MISSING; RefusedError codes
 * OUTSIDE_RESIDENCY, WRONG_ARCHITECTURE, FOREIGN_OBJECTS, TENANT_NAME_TAKEN, TENANT_QUOTA_USED
 */
export async function componentState(
  context: WorkflowContext,
  provider: MachineProvider,
  cluster: ClusterRef,
  spec: ClusterSpec,
  api: ClusterApi | undefined,
  purpose: ComponentPurpose,
): Promise<ComponentState> {
  const judge = async (selection: Selection): Promise<void> => {
    if (purpose === 'look') return;
    for (const warning of selection.warnings) note(context, warning, 'warning');
    await checkEndpoints(context, selection, spec);
    const nodes = async (): Promise<readonly NodeFacts[]> => (await api?.kube.nodes({ signal: context.signal })) ?? [];
    await checkArchitectures(context, provider, selection, spec, nodes);
  };
  const seen = await lookAtComponents(context, provider, cluster, spec, api, judge);
  if (purpose === 'look') return { ...seen, secrets: [], unchecked: [] };
  const { selection, input, rendered, tenants, facts, namespaces } = seen;
  const { secretNeeds } = await import('../../components/index.js');
  const sources = secretsOf(context, provider, facts, secretNeeds(selection), purpose === 'plan-read-only');
  const { secrets, unchecked } = await readSecrets(selection, input, sources, purpose);
  if (api) {
    const options = { signal: context.signal };
    refuseForeign(await foreignObjects(api.kube, rendered, secrets, facts, options));
    await refuseTenants(api.kube, tenants, facts, namespaces, options);
  }
  for (const name of tenantsIn(facts))
    if (!spec.tenants?.some((tenant) => tenant.name === name))
      note(
        context,
        `${cluster.name} has a tenant ${name}, which its file does not name. It stays; to remove it: slipway tenant delete ${cluster.name} ${name}`,
        'warning',
      );
  return { ...seen, secrets, unchecked };
}

/** As far as no Secret is asked for. */
export type LookedAt = Omit<ComponentState, 'secrets' | 'unchecked'> & {
  /** Namespaces of every component there is, on or off. */
  readonly namespaces: ReadonlySet<string>;
};

/**
 * The first part of `componentState`.
 * @param judge may refuse what was selected before anything is looked at
 */
export async function lookAtComponents(
  { signal }: Pick<WorkflowContext, 'signal'>,
  provider: MachineProvider,
  cluster: ClusterRef,
  spec: ClusterSpec,
  api: ClusterApi | undefined,
  judge: (selection: Selection) => Promise<void> = async () => {},
): Promise<LookedAt> {
  // The template language and the schema checker are only loaded by those that need them.
  const { hasValues, readCatalogue, renderComponents, selectionOf } = await import('../../components/index.js');
  const catalogue = await readCatalogue(spec.components?.folders, undefined, { hasValues: hasValues(spec.components) });
  const input: RenderInput = { cluster, spec, provider: providerFacts(provider, cluster, spec) };
  const { components, pools, tenants = [] } = spec;
  const asked = { components, pools, provider: input.provider };
  const look = async (selection: Selection) => {
    const on = [...selection.on, ...(await instancesOfTenants(tenants, spec, input.provider))];
    const all = renderComponents({ ...selection, on }, input);
    const facts = api ? await observeComponents(api.kube, all, { signal }) : noFacts;
    return { selection, facts, ...byOwner(all) };
  };
  const selection = selectionOf(catalogue, { ...asked, hasTenants: tenants.length > 0 });
  await judge(selection);
  const seen = await look(selection);
  // Tenants that the file does not name are there until somebody removes them, and so is what keeps them apart.
  const hasOthers = tenants.length === 0 && tenantsIn(seen.facts).length > 0;
  return {
    ...(hasOthers ? await look(selectionOf(catalogue, { ...asked, hasTenants: true })) : seen),
    input,
    namespaces: new Set([...catalogue.components.values()].map(({ namespace }) => namespace)),
  };
}

/** @throws UsageError codes SECRETS_NOT_GRANTED and, to change, SECRETS_MISSING */
async function readSecrets(
  selection: Selection,
  input: RenderInput,
  { readers, kept }: ReturnType<typeof secretsOf>,
  purpose: Exclude<ComponentPurpose, 'look'>,
): Promise<Pick<ComponentState, 'secrets' | 'unchecked'>> {
  const { missingLines, previewSecrets, resolveSecrets } = await import('../../components/index.js');
  if (purpose === 'change') return { secrets: await resolveSecrets(selection, input, readers), unchecked: [] };
  const { secrets, missing } = await previewSecrets(selection, input, readers);
  return { secrets, unchecked: [...missingSecrets(missingLines(missing)), ...keptSecrets([...kept])] };
}

/** @throws RefusedError code FOREIGN_OBJECTS, a line in `details` for each object. */
function refuseForeign(found: readonly ForeignObject[]): void {
  if (found.length === 0) return;
  const components = [...new Set(found.map(({ component }) => component))];
  throw new RefusedError(
    `${plural(found.length, 'object')} in the cluster ${found.length === 1 ? 'has a name that a component needs, but is' : 'have names that components need, but are'} not Slipway’s; nothing was changed.`,
    {
      code: 'FOREIGN_OBJECTS',
      details: found.map(({ component, text }) => `${component}: ${text}`),
      hint: `Remove or rename ${found.length === 1 ? 'it' : 'them'}, or switch off what needs the name (${components.map((name) => `components.${name}: false`).join(', ')}), then run the same command again.`,
    },
  );
}

/** What planning components and tenants takes, but for the API, which may be the output of a step. */
export type ComponentsToPlan = Omit<ComponentPlanInput, 'api' | 'as'> & { readonly tenants: readonly DesiredTenant[] };

export async function componentPlanInput(
  context: WorkflowContext,
  cluster: ClusterRef,
  { rendered, tenants, secrets, facts }: Pick<ComponentState, 'rendered' | 'tenants' | 'secrets' | 'facts'>,
): Promise<ComponentsToPlan> {
  const { chartArchives } = await import('../../components/apply/chart-archive.js');
  return {
    cluster: cluster.name,
    desired: { owner: ownedByCluster, rendered, secrets },
    tenants: tenants.map((one) => ({ ...one, secrets: [] })),
    facts,
    clock: context.clock,
    archives: chartArchives(),
    warn: (text) => note(context, text, 'warning'),
  };
}

/** Both at once: what a plan of the whole cluster needs to know of components. */
export async function componentsToPlan(
  ...[context, provider, cluster, spec, api, purpose]: Parameters<typeof componentState>
): Promise<ComponentsToPlan & Pick<ComponentState, 'unchecked'>> {
  const state = await componentState(context, provider, cluster, spec, api, purpose);
  return { ...(await componentPlanInput(context, cluster, state)), unchecked: state.unchecked };
}

/**
 * Where values of Secrets come from. What nobody gives any more is kept as the cluster has it: adding a machine does
 * not need the tokens of everything that runs there. `kept` fills with where those should have come from.
 * @param doubtToken whether the cluster's token is kept, since ours may be another on purpose
 */
function secretsOf(
  context: WorkflowContext,
  provider: MachineProvider,
  facts: ComponentFacts,
  needs: readonly SecretNeed[],
  doubtToken: boolean,
): { readonly readers: SecretReaders; readonly kept: ReadonlySet<string> } {
  const { secretSources } = context;
  const kept = new Set<string>();
  const keep = (source: string, is: (need: SecretNeed) => boolean): Secret | undefined => {
    for (const need of needs.filter(is)) {
      const data = facts.secrets.get(secretKey(need))?.['data'] as Readonly<Record<string, string>> | undefined;
      const value = data?.[need.key];
      if (value === undefined) continue;
      kept.add(source);
      return new Secret(Buffer.from(value, 'base64').toString('utf8'));
    }
    return undefined;
  };
  const ofVariable =
    (variable: string) =>
    ({ source, generate }: SecretNeed): boolean =>
      generate === undefined && 'env' in source && source.env === variable;
  const readers: SecretReaders = {
    provider: (variable) => {
      const token = provider.kubernetesIntegration.secret(variable);
      return token && ((doubtToken ? keep(variable, ofVariable(variable)) : undefined) ?? token);
    },
    environment: (variable) => secretSources.environment(variable) ?? keep(variable, ofVariable(variable)),
    file: async (path) =>
      (await secretSources.file(path)) ??
      keep(path, ({ source, generate }) => generate === undefined && 'file' in source && source.file === path),
    draw: (length) => new Secret(drawn(context, length)),
  };
  return { readers, kept };
}

/** Letters and digits: fit for every program that takes a password. */
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

function drawn({ random }: Pick<WorkflowContext, 'random'>, length: number): string {
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length)
    for (const byte of random.bytes(length * 2))
      // Bytes beyond the last whole round would make the first letters likelier.
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length]!;
  return text;
}
