import { parse as parseYaml } from 'yaml';

import { isMap, type Obj } from './objects.js';
import { decodeProtobuf, ProtobufError } from './protobuf/decode.js';
import { builtIns, type Resource } from './resources.js';
import { badRequest, StatusError } from './status.js';

const protobufType = 'application/vnd.kubernetes.protobuf';

/**
 * The text of a body and its type; what came as protobuf is given as JSON. Only built-in kinds have that form.
 * @throws StatusError 400, 415
 */
export function received(
  body: Buffer,
  type: string,
  resource?: Resource,
): { readonly text: string; readonly type: string } {
  const media = type.split(';')[0]!.trim();
  if (media !== protobufType || body.length === 0) return { text: body.toString('utf8'), type };
  if (resource && !builtIns.includes(resource)) throw unsupported('application/json, application/yaml');
  try {
    return { text: JSON.stringify(decodeProtobuf(body)), type: 'application/json' };
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource?.kind ?? 'a review'}): ${error.message}`,
    );
  }
}

/** Answers are in JSON: a client that takes nothing else is told so. @throws StatusError 406 */
export function refuseUnservable(accept: string): void {
  const types = accept.split(',').map((one) => one.split(';')[0]!.trim());
  if (accept === '' || types.some((one) => ['*/*', 'application/*', 'application/json', 'text/plain'].includes(one)))
    return;
  throw new StatusError(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
}

/**
 * What came with a request. The server reads YAML 1.1, in which `y` and `no` are booleans; times and numbers to the
 * base of 60 it takes as text.
 * @throws StatusError 400, 415
 */
export function parseObject(text: string, type: string, kind: string): unknown {
  if (text === '') return {};
  const media = type.split(';')[0]!.trim();
  if (!['', 'application/json', 'application/yaml', 'application/apply-patch+yaml'].includes(media))
    throw unsupported('application/json, application/yaml, application/vnd.kubernetes.protobuf');
  try {
    return harmless(media.includes('yaml') ? yamlOf(text) : (JSON.parse(text) as unknown));
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${syntaxError(error, text)} (${text})`,
    );
  }
}

const deepest = 1_000;

/**
 * The same without the name that JavaScript takes for a prototype, and no deeper than can be walked and stored again.
 * @throws Error
 */
function harmless(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) throw new Error('exceeded max depth');
  if (!isMap(value)) for (const item of value as unknown[]) harmless(item, depth + 1);
  else {
    if (Object.hasOwn(value, '__proto__')) delete value['__proto__'];
    for (const inner of Object.values(value)) harmless(inner, depth + 1);
  }
  return value;
}

/** A patch that is JSON. @throws StatusError 400 */
export function parsePatch(text: string, type: string): unknown {
  let patch: unknown;
  try {
    patch = harmless(JSON.parse(text));
  } catch (error) {
    throw badRequest(`error decoding patch: ${syntaxError(error, text)}`);
  }
  if (!type.includes('json-patch') && !isMap(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${sortOf(patch)} into Go value of type map[string]interface {}`,
    );
  return patch;
}

function yamlOf(text: string): unknown {
  // JSON is YAML, and read quicker.
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Flow style.
    }
  }
  return parseYaml(text, {
    version: '1.1',
    // Of a key that comes twice the last one counts.
    uniqueKeys: false,
    customTags: (tags) =>
      tags.filter(
        (tag) =>
          typeof tag === 'string' ||
          (tag.tag !== 'tag:yaml.org,2002:timestamp' && !('format' in tag && tag.format === 'TIME')),
      ),
  });
}

const unsupported = (types: string): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types}`,
  );

/** A parser's complaint in the words of Go's. */
function syntaxError(error: unknown, text: string): string {
  const said = error instanceof Error ? error.message : '';
  if (said === 'exceeded max depth') return said;
  const at = /position (\d+)/.exec(said)?.[1];
  if (at === undefined || Number(at) >= text.trimEnd().length) return 'unexpected end of JSON input';
  return `invalid character '${text[Number(at)]!}' looking for beginning of value`;
}

export function sortOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}

const mapsOfTexts: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['data'],
  Secret: ['stringData'],
};
const integers: Readonly<Record<string, string>> = {
  Deployment: 'DeploymentSpec.spec.replicas',
  ReplicaSet: 'ReplicaSetSpec.spec.replicas',
  StatefulSet: 'StatefulSetSpec.spec.replicas',
};

/** What cannot be read into the form that a built-in kind has; undefined when all can. */
export function misread({ kind }: Resource, object: Obj): string | undefined {
  const cannot = (value: unknown, field: string, type: string): string =>
    `json: cannot unmarshal ${sortOf(value)} into Go struct field ${field} of type ${type}`;
  const name: unknown = (object.metadata as { name?: unknown } | undefined)?.name ?? '';
  if (typeof name !== 'string') return cannot(name, 'ObjectMeta.metadata.name', 'string');
  for (const field of mapsOfTexts[kind] ?? [])
    for (const value of Object.values((object[field] ?? {}) as Record<string, unknown>))
      if (typeof value !== 'string' && value !== null) return cannot(value, `${kind}.${field}`, 'string');
  const replicas = object.spec?.['replicas'];
  if (integers[kind] !== undefined && replicas !== undefined && replicas !== null && !Number.isInteger(replicas))
    return cannot(replicas, integers[kind], 'int32');
  if (kind !== 'Secret') return undefined;
  for (const value of Object.values((object['data'] ?? {}) as Record<string, unknown>)) {
    if (value === null) continue;
    if (typeof value !== 'string') return cannot(value, 'Secret.data', '[]uint8');
    const wrong = value.replaceAll(/[\r\n]/g, '').search(/[^A-Za-z0-9+/=]/);
    if (wrong >= 0) return `illegal base64 data at input byte ${wrong}`;
  }
  return undefined;
}
