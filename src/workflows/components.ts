import { count, type ClusterRef } from '../domain/index.js';
import { Secret } from '../domain/secret.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import type {
  RenderedComponent,
  RenderInput,
  ResolvedSecret,
  SecretNeed,
  SecretReaders,
  Selection,
} from '../components/types.js';
import { type ComponentFacts, noFacts, observeComponents } from '../phases/components/facts.js';
import { foreignObjects, type ForeignObject } from '../phases/components/foreign.js';
import type { ComponentPlanInput } from '../phases/components/plan.js';
import { secretKey } from '../phases/components/secrets.js';
import type { ClusterApi } from '../phases/context.js';
import { RefusedError } from '../errors/index.js';
import type { MachineProvider } from '../provider/port.js';
import { note, type WorkflowContext } from './context.js';
import { checkArchitectures } from './component-architectures.js';
import { providerFacts } from './component-input.js';
import { checkPlaces } from './component-places.js';

/** What components a cluster shall have, and what it has of them. */
export interface ComponentOutlook {
  readonly selection: Selection;
  readonly input: RenderInput;
  readonly rendered: readonly RenderedComponent[];
  /** Empty when it was only looked. */
  readonly secrets: readonly ResolvedSecret[];
  readonly facts: ComponentFacts;
}

/**
 * Selects and renders what the file asks for and, where an API is there, looks at what the cluster has.
 * @param purpose `change` also reads every Secret's value, so that a missing one is found before anything is changed
 * @throws UsageError codes BAD_COMPONENTS, BAD_COMPONENT, BAD_TEMPLATE, SECRETS_MISSING; RefusedError codes
 * OUTSIDE_RESIDENCY, WRONG_ARCHITECTURE, FOREIGN_OBJECTS
 */
export async function componentOutlook(
  context: WorkflowContext,
  provider: MachineProvider,
  cluster: ClusterRef,
  spec: ClusterSpec,
  api: ClusterApi | undefined,
  purpose: 'change' | 'look',
): Promise<ComponentOutlook> {
  // The template language and the schema checker are only loaded by those that need them.
  const { readCatalogue, renderComponents, resolveSecrets, secretNeeds, selectionOf } =
    await import('../components/index.js');
  const catalogue = await readCatalogue(spec.components?.folders);
  const input: RenderInput = { cluster, spec, provider: providerFacts(provider, cluster, spec) };
  const selection = selectionOf(catalogue, {
    components: spec.components,
    pools: spec.pools,
    provider: input.provider,
  });
  if (purpose === 'change') {
    for (const warning of selection.warnings) note(context, warning, 'warning');
    await checkPlaces(context, selection, spec);
    await checkArchitectures(context, provider, selection, spec, api?.watch.current().values());
  }
  const rendered = renderComponents(selection, input);
  const facts = api ? await observeComponents(api.kube, rendered, { signal: context.signal }) : noFacts;
  const secrets =
    purpose === 'look'
      ? []
      : await resolveSecrets(selection, input, readersFor(context, provider, facts, secretNeeds(selection)));
  if (purpose === 'change' && api)
    refuseForeign(await foreignObjects(api.kube, rendered, secrets, facts, { signal: context.signal }));
  return { selection, input, rendered, secrets, facts };
}

/** @throws RefusedError code FOREIGN_OBJECTS, a line in `details` for each object. */
function refuseForeign(found: readonly ForeignObject[]): void {
  if (found.length === 0) return;
  const components = [...new Set(found.map(({ component }) => component))];
  throw new RefusedError(
    `${count(found.length, 'object')} in the cluster ${found.length === 1 ? 'has a name that a component needs, but is' : 'have names that components need, but are'} not Slipway’s; nothing was changed.`,
    {
      code: 'FOREIGN_OBJECTS',
      details: found.map(({ component, text }) => `${component}: ${text}`),
      hint: `Remove or rename ${found.length === 1 ? 'it' : 'them'}, or switch off what needs the name (${components.map((name) => `components.${name}: false`).join(', ')}), then run the same command again.`,
    },
  );
}

/** What planning components takes, but for the API, which may be the output of a step. */
export async function componentPlanInput(
  context: WorkflowContext,
  cluster: ClusterRef,
  { rendered, secrets, facts }: Pick<ComponentOutlook, 'rendered' | 'secrets' | 'facts'>,
): Promise<Omit<ComponentPlanInput, 'api'>> {
  const { chartArchives } = await import('../phases/components/chart-archive.js');
  return {
    cluster: cluster.name,
    wanted: { rendered, secrets },
    facts,
    clock: context.clock,
    archives: chartArchives(),
    warn: (text) => note(context, text, 'warning'),
  };
}

/** Both at once: what a plan of the whole cluster needs to know of components. */
export async function componentsToPlan(
  ...[context, provider, cluster, spec, api, purpose]: Parameters<typeof componentOutlook>
): Promise<Omit<ComponentPlanInput, 'api'>> {
  return componentPlanInput(context, cluster, await componentOutlook(context, provider, cluster, spec, api, purpose));
}

/**
 * Where values of Secrets come from. What nobody gives any more is kept as the cluster has it: adding a machine does
 * not need the tokens of everything that runs there.
 */
function readersFor(
  context: WorkflowContext,
  provider: MachineProvider,
  facts: ComponentFacts,
  needs: readonly SecretNeed[],
): SecretReaders {
  const { secretSources } = context;
  const kept = (is: (need: SecretNeed) => boolean): Secret | undefined => {
    for (const need of needs.filter(is)) {
      const data = facts.secrets.get(secretKey(need))?.['data'] as Readonly<Record<string, string>> | undefined;
      const value = data?.[need.key];
      if (value !== undefined) return new Secret(Buffer.from(value, 'base64').toString('utf8'));
    }
    return undefined;
  };
  return {
    provider: (variable) => provider.kubernetesIntegration.secret(variable),
    environment: (variable) =>
      secretSources.environment(variable) ??
      kept(({ source, generate }) => generate === undefined && 'env' in source && source.env === variable),
    file: async (path) =>
      (await secretSources.file(path)) ??
      kept(({ source, generate }) => generate === undefined && 'file' in source && source.file === path),
    draw: (length) => new Secret(drawn(context, length)),
  };
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
