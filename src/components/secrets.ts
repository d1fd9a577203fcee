import { Secret } from '../domain/secret.js';
import { UsageError } from '../errors/index.js';
import { contextOf, sharedContext } from './context.js';
import { namespaceFor, variableFor, visibleTo } from './instance.js';
import { isThere, member } from './template/helpers.js';
import type {
  RenderInput,
  ResolvedSecret,
  SecretForm,
  SecretNeed,
  SecretReaders,
  SecretSource,
  SelectedComponent,
  Selection,
} from './types.js';
import { variablesOf } from './variables.js';
import { whenHolds } from './when.js';

interface Asked {
  readonly selected: SelectedComponent;
  readonly secret: SecretForm;
}

/** Secrets that the selected components ask for with their options. */
function askedFor(selection: Selection): Asked[] {
  return selection.on.flatMap((selected) => {
    const visible = visibleTo(selected.owner, selection.on);
    const optionsOf = (name: string) => visible.find(({ definition }) => definition.name === name)?.options;
    return selected.definition.secrets
      .filter(({ when }) => whenHolds(when, selected.options, optionsOf))
      .map((secret) => ({ selected, secret: { ...secret, namespace: namespaceFor(selected, secret.namespace) } }));
  });
}

/** Every key that must have a value before anything is changed. Names only. */
export function secretNeeds(selection: Selection): readonly SecretNeed[] {
  return askedFor(selection).flatMap(({ selected, secret }) => {
    const { id, definition } = selected;
    return Object.entries(variablesOf(definition.name, secret)).map(([key, variable]) => ({
      component: id,
      namespace: secret.namespace,
      name: secret.name,
      key,
      variable,
      source: sourceOf(selection, selected, variable),
      granted: definition.builtIn || selected.secrets[variable] !== undefined,
      generate: secret.generate[key],
    }));
  });
}

/**
 * What the file says of the component, or of the one it goes with, which is what people write about. What was granted to
 * that one goes no further than our own components: a folder says by itself what it goes with.
 */
function sourceOf(selection: Selection, selected: SelectedComponent, variable: string): SecretSource {
  const { definition, owner, secrets } = selected;
  const other = definition.builtIn
    ? visibleTo(owner, selection.on).find((one) => one.definition.name === definition.with?.component)
    : undefined;
  return secrets[variable] ?? other?.secrets[variable] ?? { env: variableFor(selected, variable) };
}

/**
 * The Secrets to make, one for each component and name; those of one name are parts of one Secret.
 * @throws UsageError codes SECRETS_NOT_GRANTED, before any value is read, and SECRETS_MISSING: a line in `details` for
 * each, names of variables and files only.
 */
export async function resolveSecrets(
  selection: Selection,
  input: RenderInput,
  readers: SecretReaders,
): Promise<readonly ResolvedSecret[]> {
  const { secrets, missing } = await previewSecrets(selection, input, readers);
  if (missing.length > 0) throw secretsMissing(missing);
  return secrets;
}

/**
 * The same for a plan, which is shown and never applied: a key whose value is missing is empty, and its origin says so.
 * @throws UsageError code SECRETS_NOT_GRANTED, before any value is read
 */
export async function previewSecrets(
  selection: Selection,
  input: RenderInput,
  readers: SecretReaders,
): Promise<{ readonly secrets: readonly ResolvedSecret[]; readonly missing: readonly SecretNeed[] }> {
  const needs = secretNeeds(selection);
  refuseUngranted(needs, builtInIds(selection), readers);
  const read = await Promise.all(needs.map(async (need) => ({ need, value: await readSource(need, readers) })));
  const missing = read.flatMap(({ need, value }) => (value === undefined && need.generate === undefined ? [need] : []));

  const drawn = new Map<string, Secret>();
  const draw = (need: SecretNeed): Secret => {
    if (need.generate === undefined) return new Secret('');
    const id = `${need.namespace}/${need.name}/${need.key}`;
    const value = drawn.get(id) ?? readers.draw(need.generate);
    drawn.set(id, value);
    return value;
  };
  const secrets = askedFor(selection).map(({ selected, secret }) => {
    const { id } = selected;
    const mine = read.filter(
      ({ need }) => need.component === id && need.namespace === secret.namespace && need.name === secret.name,
    );
    const shared = sharedContext(visibleTo(selected.owner, selection.on), input);
    const context = contextOf(selected, shared, input.spec);
    return {
      component: id,
      namespace: secret.namespace,
      name: secret.name,
      data: {
        ...plainData(id, secret, context),
        ...Object.fromEntries(mine.map(({ need, value }) => [need.key, value ?? draw(need)])),
      },
      drawn: mine
        .filter(({ need, value }) => value === undefined && need.generate !== undefined)
        .map(({ need }) => need.key),
      origins: Object.fromEntries(mine.map(({ need, value }) => [need.key, originOf(need, value)])),
    };
  });
  return { secrets, missing };
}

/** A source that the file names is the only one asked; else the provider's own token goes before the environment. */
async function readSource(need: SecretNeed, readers: SecretReaders): Promise<Secret | undefined> {
  const { source, variable } = need;
  // It can be drawn instead, so nobody has to grant it; a folder's name for it must not become a way to read another's.
  if (!need.granted) return undefined;
  if ('file' in source) return readers.file(source.file);
  if (source.env !== variable) return readers.environment(source.env);
  return readers.provider(variable) ?? readers.environment(variable);
}

const builtInIds = (selection: Selection): ReadonlySet<string> =>
  new Set(selection.on.flatMap(({ id, definition }) => (definition.builtIn ? [id] : [])));

/**
 * A folder of the user's own may have been written by anyone: it gets what the cluster file grants it by name, and the
 * provider's token, with which machines can be deleted, not even then.
 * @throws UsageError code SECRETS_NOT_GRANTED
 */
function refuseUngranted(
  needs: readonly SecretNeed[],
  builtIn: ReadonlySet<string>,
  readers: Pick<SecretReaders, 'provider'>,
): void {
  const details = needs.flatMap(({ component, namespace, name, key, variable, source, granted, generate }) => {
    const where = `Secret ${namespace}/${name}, key ${key}`;
    if (!granted)
      return generate === undefined
        ? [
            `${component} asks for ${variable} (${where}): components: {${component}: {secrets: {${variable}: {env: …}}}}`,
          ]
        : [];
    const isToken = !builtIn.has(component) && 'env' in source && readers.provider(source.env) !== undefined;
    return isToken
      ? [`${component} asks for ${source.env} (${where}), the provider's token, which only built-in components get`]
      : [];
  });
  if (details.length === 0) return;
  throw new UsageError(
    details.length === 1
      ? 'A component of your own asks for a secret that it was not granted; nothing was changed.'
      : `Components of your own ask for ${details.length} secrets that they were not granted; nothing was changed.`,
    {
      code: 'SECRETS_NOT_GRANTED',
      details: [...new Set(details)],
      hint: 'If you trust the folder with it, grant each by name in the cluster file, as shown. For the provider, make a token of its own and grant that under another variable: {env: OTHER}.',
    },
  );
}

/** For people, as in `from CLOUDFLARE_API_TOKEN`. */
function originOf({ source, generate }: SecretNeed, value: Secret | undefined): string {
  if (value === undefined && generate !== undefined) return 'drawn';
  const origin = 'file' in source ? `from the file ${source.file}` : `from ${source.env}`;
  return value === undefined ? `${origin}, which is not set` : origin;
}

/** @throws UsageError code BAD_COMPONENT when the cluster has no such value */
function plainData(
  component: string,
  { name, plain }: SecretForm,
  context: Readonly<Record<string, unknown>>,
): Record<string, Secret> {
  return Object.fromEntries(
    Object.entries(plain).map(([key, path]) => {
      const value = path.split('.').reduce<unknown>(member, context);
      if (!isThere(value) || (typeof value !== 'string' && typeof value !== 'number'))
        throw new UsageError(`${component}: the Secret ${name} takes ${key} from ${path}, which has no value here.`, {
          code: 'BAD_COMPONENT',
          hint: `Leave ${component} out, or use it with a provider that has one.`,
        });
      return [key, new Secret(String(value))];
    }),
  );
}

function secretsMissing(needs: readonly SecretNeed[]): UsageError {
  const details = missingLines(needs);
  return new UsageError(
    details.length === 1
      ? 'A secret is missing; nothing was changed.'
      : `${details.length} secrets are missing; nothing was changed.`,
    {
      code: 'SECRETS_MISSING',
      details,
      hint: 'Set the variables in the environment, or name another source in the cluster file: secrets: {NAME: {file: ./path}}.',
    },
  );
}

/** A line for each variable or file that is missing, with what it is for. */
export function missingLines(needs: readonly SecretNeed[]): readonly string[] {
  const lines = new Map<string, string[]>();
  for (const { source, variable, component, namespace, name, key } of needs) {
    const where = 'file' in source ? `${variable}: the file ${source.file}` : source.env;
    lines.set(where, [...(lines.get(where) ?? []), `${component} (Secret ${namespace}/${name}, key ${key})`]);
  }
  return [...lines].map(([where, uses]) => `${where} is not set; it is for ${uses.join(', ')}`);
}
