import { z } from 'zod';
import { invalidField, notFound, uniquenessError } from './errors.js';
import { checkLabels, readSelector, type Labels } from './labels.js';
import { paginate, sorted } from './paging.js';
import { get, labelsShape, put, readBody, type ApiAnswer, type ApiRequest, type Route } from './routes.js';
import type { World } from './world.js';

interface Item {
  readonly id: number;
  readonly name: string | null;
  readonly labels?: Labels;
  readonly created?: string;
}

/** A kind of resource: how its items are found, shown, and narrowed down in lists. */
export interface Collection<T extends Item> {
  /** As in answers: `ssh_key` and `ssh_keys`. */
  readonly one: string;
  readonly many: string;
  items(world: World): Iterable<T>;
  render(world: World, item: T): object;
  /** Empty where the kind’s list takes no `sort`. */
  readonly sortable: readonly ('id' | 'name' | 'created')[];
  /** Query parameters of this kind alone; given all values of a parameter that was asked for. */
  readonly filters?: Readonly<Record<string, (item: T, values: readonly string[], world: World) => boolean>>;
}

const readers = {
  id: (item: Item) => item.id,
  name: (item: Item) => item.name,
  created: (item: Item) => item.created ?? null,
};

/** `name`, `label_selector`, the kind's own filters, `sort` and paging. */
export function listAnswer<T extends Item>(collection: Collection<T>, world: World, { query }: ApiRequest): ApiAnswer {
  const name = query.get('name');
  const matches = readSelector(query.get('label_selector') ?? '');
  const filters = Object.entries(collection.filters ?? {}).filter(([parameter]) => query.has(parameter));
  const found = [...collection.items(world)].filter(
    (item) =>
      (name === null || item.name === name) &&
      matches(item.labels ?? {}) &&
      filters.every(([parameter, passes]) => passes(item, query.getAll(parameter), world)),
  );
  const fields = Object.fromEntries(collection.sortable.map((field) => [field, readers[field]]));
  // What a list cannot be asked is not looked at: old versions of hcloud ask all lists to be sorted.
  const ordered = collection.sortable.length > 0 ? sorted(found, query, fields) : found;
  const page = paginate(ordered, query);
  const rendered = page.items.map((item) => collection.render(world, item));
  return { status: 200, body: { [collection.many]: rendered, meta: page.meta }, page };
}

/** @throws ApiError not_found */
export function oneOf<T extends Item>(collection: Collection<T>, world: World, id: number): T {
  for (const item of collection.items(world)) if (item.id === id) return item;
  throw notFound(collection.one.replaceAll('_', ' '));
}

export const oneAnswer = <T extends Item>(
  collection: Collection<T>,
  world: World,
  item: T,
  status = 200,
): ApiAnswer => ({ status, body: { [collection.one]: collection.render(world, item) } });

/** The list, and each by its id. */
export const reading = <T extends Item>(collection: Collection<T>): Route[] => [
  get(`/${collection.many}`, (world, request) => listAnswer(collection, world, request)),
  get(`/${collection.many}/{id}`, (world, { id }) => oneAnswer(collection, world, oneOf(collection, world, id))),
];

interface Renamable extends Item {
  name: string;
  labels: Labels;
}

/** @throws ApiError uniqueness_error when another item has the name. */
export function assertNameFree(
  collection: Pick<Collection<Item>, 'one'> & { items(world: World): Iterable<Item> },
  world: World,
  name: string,
  except?: number,
): void {
  for (const item of collection.items(world)) {
    if (item.name === name && item.id !== except) {
      // Networks alone do not say what they are.
      const what = collection.one === 'network' ? 'name' : `${collection.one.replaceAll('_', ' ')} name`;
      throw uniquenessError('name', `${what} is already used`);
    }
  }
}

const updateShape = z.object({ name: z.string().min(1).max(128).optional(), labels: labelsShape.optional() });

/**
 * `PUT`: a new name, a whole new label map.
 * @param more reads and applies what this kind can change besides.
 * @param nameProblem why a name does not do, for kinds with rules of their own.
 */
export const updating = <T extends Renamable>(
  collection: Collection<T>,
  more?: (world: World, item: T, body: unknown) => void,
  nameProblem?: (name: string) => string | undefined,
): Route =>
  put(`/${collection.many}/{id}`, (world, { id, body }) => {
    const item = oneOf(collection, world, id);
    const changes = readBody(updateShape, body);
    if (changes.labels) checkLabels(changes.labels);
    if (changes.name !== undefined) {
      const problem = nameProblem?.(changes.name);
      if (problem) throw invalidField('name', problem);
      assertNameFree(collection, world, changes.name, id);
    }
    more?.(world, item, body);
    if (changes.name !== undefined) item.name = changes.name;
    if (changes.labels) item.labels = changes.labels;
    return oneAnswer(collection, world, item);
  });
