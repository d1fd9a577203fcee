import { isMap, LineCounter, isScalar, parseDocument, type Node, type YAMLMap } from 'yaml';

/** A JSON Schema, or `true`: anything. */
export type Schema = true | { readonly [keyword: string]: unknown };
type Closed = { readonly properties: Readonly<Record<string, Schema>>; readonly additionalProperties: false };

/** What is read of one chart. */
export interface ChartSource {
  /** Text of its `values.yaml`. */
  readonly values: string;
  /** Its `values.schema.json`, read. */
  readonly schema?: unknown;
  /** Charts inside it, by the key that their values are under; undefined where one is not at hand. */
  readonly inner?: Readonly<Record<string, ChartSource | undefined>>;
}

/**
 * Maps that take any key although they have defaults: their content goes to Kubernetes, or into a program's own
 * file, as it is.
 */
const passedOn =
  /(annotations|labels|selector|resources|limits|requests|affinity|securityContext|probe|env|args|strategy|config|limits_config|^spec|data|secret|hosts|\.ini|\.ya?ml|\.toml)$/i;

const keyOf = /^[A-Za-z_][\w.-]*$/;

/**
 * The schema that a user's values for a chart are held to: the keys of its `values.yaml`, those it names in comments
 * among them, joined with types and limits of its own schema where it has one. Texts and defaults stay out.
 */
export function valuesSchema(source: ChartSource): Schema {
  const known = keysOf(source);
  const own = source.schema === undefined ? true : stripped(source.schema, source.schema, []);
  const joined = joinedWith(own, known);
  const inner = Object.entries(source.inner ?? {}).map(([key, chart]): [string, Schema] => [
    key,
    chart === undefined ? true : withOuterKeys(valuesSchema(chart), known, key),
  ]);
  if (!isClosed(joined)) return joined;
  const properties = { ...joined.properties, ...Object.fromEntries(inner), global: true as const };
  return { ...joined, properties };
}

/** What the outer chart sets of an inner one, the inner one knows. */
function withOuterKeys(schema: Schema, outer: Schema, key: string): Schema {
  const below = isClosed(outer) ? outer.properties[key] : undefined;
  return below === undefined ? schema : union(schema, below);
}

function union(a: Schema, b: Schema): Schema {
  if (!isClosed(a) || !isClosed(b)) return isClosed(a) && b === true ? a : isClosed(b) && a === true ? a : a;
  const names = [...new Set([...Object.keys(a.properties), ...Object.keys(b.properties)])];
  const properties = names.map((name): [string, Schema] => {
    const [one, other] = [a.properties[name], b.properties[name]];
    return [name, one === undefined ? other! : other === undefined ? one : union(one, other)];
  });
  return { ...a, properties: Object.fromEntries(properties) };
}

const isClosed = (schema: Schema | undefined): schema is Closed =>
  schema !== undefined && schema !== true && schema['additionalProperties'] === false && 'properties' in schema;

/** Keys by `values.yaml`: a map with defaults is closed, everything else takes anything. */
function keysOf({ values }: ChartSource): Schema {
  const lines = new LineCounter();
  const document = parseDocument(values, { lineCounter: lines, merge: true, logLevel: 'error' });
  const root = document.contents as Node | null;
  if (!isMap(root)) return { type: 'object' };
  const comments = commentedKeys(values);
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const claimed = new Set<number>();
  const walk = (map: YAMLMap, from: number, to: number): Schema => {
    const items = map.items as { key: Node & { value?: unknown }; value: Node | null }[];
    const starts = items.map(({ key }) => lineAt(key.range![0]));
    const properties: Record<string, Schema> = {};
    items.forEach(({ key, value }, index) => {
      const name = String(isScalar(key) ? key.value : key);
      const end = (starts[index + 1] ?? to + 1) - 1;
      properties[name] =
        isMap(value) && value.items.length > 0 && !passedOn.test(name) ? walk(value, starts[index]!, end) : true;
    });
    // Keys that are only spoken of: in the innermost map around them, and in those whose keys stand in their column.
    const column = lines.linePos(items[0]!.key.range![0]).col;
    for (const [index, { line, name, columns }] of comments.entries()) {
      if (line < from || line > to || (claimed.has(index) && !columns.includes(column))) continue;
      claimed.add(index);
      properties[name] ??= true;
    }
    return { type: 'object', properties, additionalProperties: false };
  };
  return walk(root, 1, values.split('\n').length);
}

/** Keys that stand in comments, as `# key: value` or `## @param a.b`. */
function commentedKeys(text: string): { line: number; name: string; columns: number[] }[] {
  return text.split('\n').flatMap((content, index) => {
    const said = /^\s*#[#\s-]*(?:@param\s+\S*?)?['"]?([A-Za-z_][\w.-]*)['"]?\s*(?::(?:\s|$)|--)/.exec(content);
    const name = said?.[1];
    if (name === undefined || !keyOf.test(name)) return [];
    return [{ line: index + 1, name, columns: [content.indexOf('#') + 1, content.indexOf(name) + 1] }];
  });
}

/** Keywords that say nothing about what is allowed, or that hold for values with the chart's defaults under them. */
const left = new Set(['$schema', '$id', '$defs', 'definitions', 'title', 'description', 'default', 'examples']);
const mapsOfSchemas = new Set(['properties', 'patternProperties']);
const data = new Set(['enum', 'const', 'required', 'type']);

/** The chart's own schema without texts and defaults, references put in place. */
function stripped(schema: unknown, root: unknown, within: readonly string[], inItems = false): Schema {
  if (typeof schema !== 'object' || schema === null) return true;
  const { $ref, ...rest } = schema as Record<string, unknown>;
  if (typeof $ref === 'string') {
    const target = within.includes($ref) ? undefined : lookUp(root, $ref);
    return target === undefined ? true : stripped(target, root, [...within, $ref], inItems);
  }
  const kept = Object.entries(rest).flatMap(([keyword, value]): [string, unknown][] => {
    if (left.has(keyword) || keyword.startsWith('x-') || keyword === '$comment' || keyword === 'deprecated') return [];
    // What is required may be among the chart's defaults; in a list nothing lies under what is given.
    if (keyword === 'required') return inItems ? [[keyword, value]] : [];
    if (data.has(keyword) || typeof value !== 'object' || value === null) return [[keyword, value]];
    const inner = (entry: unknown): unknown => stripped(entry, root, within, inItems || keyword === 'items');
    if (Array.isArray(value)) return [[keyword, value.map(inner)]];
    return [
      [
        keyword,
        mapsOfSchemas.has(keyword)
          ? Object.fromEntries(
              Object.entries(value).map(([key, entry]) => [
                key,
                passedOn.test(key) ? typeOnly(inner(entry) as Schema) : inner(entry),
              ]),
            )
          : inner(value),
      ],
    ];
  });
  return kept.length === 0 ? true : Object.fromEntries(kept);
}

/** What Kubernetes or a program judges by itself need not be written out. */
function typeOnly(schema: Schema): Schema {
  if (schema === true) return schema;
  return schema['type'] === undefined ? true : { type: schema['type'] };
}

function lookUp(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], root);
}

/** Closes a map that the chart's schema describes but leaves open, by the keys of its values. */
function joinedWith(own: Schema, known: Schema): Schema {
  if (own === true) return known;
  const described = own['properties'] as Readonly<Record<string, Schema>> | undefined;
  const more = own['additionalProperties'];
  if (described === undefined || Object.keys(described).length === 0) return own;
  if (typeof more === 'object' || !isClosed(known)) return own;
  const keys = known.properties;
  const properties = Object.fromEntries(
    Object.entries(described).map(([name, schema]) => [
      name,
      keys[name] === undefined || schema === true ? schema : joinedWith(schema, keys[name]),
    ]),
  );
  if (more === false) return { ...own, properties };
  return { ...own, properties: { ...keys, ...properties }, additionalProperties: false };
}

/** Parts shorter than this are no shorter as a reference. */
const shortest = 60;

/** One line for each top-level key; what occurs more than once stands once. */
export function schemaText(schema: Schema, comment: string): string {
  const counts = new Map<string, number>();
  const count = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const text = JSON.stringify(value);
    if (text.length >= shortest) counts.set(text, (counts.get(text) ?? 0) + 1);
    if ((counts.get(text) ?? 0) < 2) for (const entry of Object.values(value)) count(entry);
  };
  count(schema);
  const shared = new Map<string, string>();
  const definitions: Record<string, unknown> = {};
  const shorten = (value: unknown, isSchema: boolean): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const text = JSON.stringify(value);
    const again = isSchema && !Array.isArray(value) && (counts.get(text) ?? 0) > 1;
    const known = shared.get(text);
    if (again && known !== undefined) return { $ref: `#/$defs/${known}` };
    const short = Array.isArray(value)
      ? value.map((entry) => shorten(entry, true))
      : Object.fromEntries(
          Object.entries(value).map(([key, entry]) => [
            key,
            isSchema && data.has(key) ? entry : shorten(entry, !isSchema || !mapsOfSchemas.has(key)),
          ]),
        );
    if (!again) return short;
    const name = String(shared.size + 1);
    shared.set(text, name);
    definitions[name] = short;
    return { $ref: `#/$defs/${name}` };
  };
  const { properties = {}, ...rest } = schema === true ? {} : (shorten(schema, true) as Record<string, unknown>);
  const lines = (map: object): string =>
    Object.entries(map)
      .map(([key, value]) => `  ${JSON.stringify(key)}:${JSON.stringify(value)}`)
      .join(',\n');
  return [
    '{',
    `"$comment":${JSON.stringify(comment)},`,
    ...Object.entries(rest).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)},`),
    `"properties":{\n${lines(properties as object)}\n},`,
    `"$defs":{\n${lines(definitions)}\n}`,
    '}\n',
  ].join('\n');
}
