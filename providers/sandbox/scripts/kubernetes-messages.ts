import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import protobuf from 'protobufjs';

import { builtIns, groupVersion } from '../kube-api/resources.js';
import { folderWith } from '../package-files.js';

/**
 * Writes what the sandbox knows of the protobuf form of Kubernetes' own kinds, from the Go modules that define them:
 * the fields of each message from `generated.proto`, and from the struct tags beside it what JSON does otherwise (names,
 * structs that stand in their parent's place, what is left out when it is empty). Needs Go and its module proxy.
 */
const release = 'v0.36.5';
const modules = ['api', 'apimachinery', 'apiextensions-apiserver', 'kube-aggregator'];
const out = join(folderWith(import.meta.url, 'package-lock.json'), 'providers/sandbox/kube-api/protobuf/messages.ts');

/** Kinds that come as bodies of requests, beside those that are stored. */
const bodies = [
  ['v1', 'Binding'],
  ['meta.k8s.io/v1', 'DeleteOptions'],
  ['policy/v1', 'Eviction'],
  ['autoscaling/v1', 'Scale'],
  ['authentication.k8s.io/v1', 'TokenRequest'],
  ['authentication.k8s.io/v1', 'SelfSubjectReview'],
  ['authorization.k8s.io/v1', 'SelfSubjectAccessReview'],
  ['authorization.k8s.io/v1', 'SelfSubjectRulesReview'],
] as const;

/** A field's struct tag. */
interface Tag {
  /** The name in JSON; empty: its fields stand in its place. */
  readonly name: string;
  readonly omitEmpty: boolean;
  readonly isPointer: boolean;
}

/** By struct and number of the field. */
function tagsOf(source: string): Map<string, Tag> {
  const tags = new Map<string, Tag>();
  let struct = '';
  for (const line of source.split('\n')) {
    struct = /^type (\w+) struct/.exec(line)?.[1] ?? (line.startsWith('}') ? '' : struct);
    const [, declared = '', json, proto] = /^\s+(\S.*?)\s+`.*?json:"([^"]*)".*?protobuf:"([^"]*)"/.exec(line) ?? [];
    if (struct === '' || json === undefined || proto === undefined) continue;
    const [name = '', ...options] = json.split(',');
    tags.set(`${struct}.${proto.split(',')[1]}`, {
      name,
      omitEmpty: options.includes('omitempty') || options.includes('omitzero'),
      isPointer: declared.split(/\s+/).at(-1)!.startsWith('*'),
    });
  }
  return tags;
}

const folders = modules.flatMap((module) => {
  const work = mkdtempSync(join(tmpdir(), 'slipway-messages-'));
  try {
    const json = execFileSync('go', ['mod', 'download', '-json', `k8s.io/${module}@${release}`], { cwd: work });
    const { Dir } = JSON.parse(json.toString('utf8')) as { readonly Dir: string };
    return readdirSync(Dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('/generated.proto'))
      .map((name) => name.replace('/generated.proto', ''))
      .map((name) => ({
        path: join(Dir, name),
        space: `k8s.io.${module}.${name}`.replaceAll('/', '.').replaceAll('-', '_'),
      }));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

const root = new protobuf.Root();
for (const { path } of folders)
  protobuf.parse(readFileSync(join(path, 'generated.proto'), 'utf8'), root, { keepCase: true });
root.resolveAll();

const tags = new Map<string, Map<string, Tag>>();
for (const { path, space } of folders) {
  const sources = readdirSync(path).filter(
    (file) => file.endsWith('.go') && !/^zz_|_test\.go$|^generated\./.test(file),
  );
  tags.set(space, tagsOf(sources.map((file) => readFileSync(join(path, file), 'utf8')).join('\n')));
}

const spaceOf = (type: protobuf.Type): string => type.fullName.slice(1, -type.name.length - 1);
/** `api.core.v1.Pod` */
const shortName = (type: protobuf.ReflectionObject): string =>
  type.fullName
    .slice('.k8s.io.'.length)
    .replace(/^(apimachinery|apiextensions_apiserver|kube_aggregator)\.pkg\.(apis\.)?/, '$1.');

/** `2?spec:api.core.v1.PodSpec`; what the signs mean is said in the file that is written. */
function fieldText(type: protobuf.Type, field: protobuf.Field): string {
  const tag = tags.get(spaceOf(type))?.get(`${type.name}.${field.id}`);
  const isMap = field instanceof protobuf.MapField;
  const signs = [
    isMap ? '%' : field.repeated ? '*' : '',
    tag?.omitEmpty && !tag.isPointer ? '?' : '',
    tag?.name === '' ? '~' : '',
  ];
  const name = tag === undefined || tag.name === '' ? field.name : tag.name;
  return `${field.id}${signs.join('')}${name}:${field.resolvedType ? shortName(field.resolvedType) : field.type}`;
}

const lines = new Map<string, string>();
function describe(type: protobuf.Type): void {
  const name = shortName(type);
  if (lines.has(name)) return;
  lines.set(name, [name, ...type.fieldsArray.map((field) => fieldText(type, field))].join(' '));
  for (const { resolvedType } of type.fieldsArray) if (resolvedType instanceof protobuf.Type) describe(resolvedType);
}

/** Where the kinds of a group are. */
function messageOf(apiVersion: string, kind: string): protobuf.Type {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const name = kind === 'DeleteOptions' ? '' : group.split('.')[0]!;
  const places = [
    `k8s.io.api.${name}.${version}`,
    `k8s.io.apiextensions_apiserver.pkg.apis.${name}.${version}`,
    `k8s.io.kube_aggregator.pkg.apis.${name}.${version}`,
    'k8s.io.apimachinery.pkg.apis.meta.v1',
  ];
  // RBAC and Events are in folders that are called otherwise than their groups.
  if (group === 'rbac.authorization.k8s.io') places.unshift(`k8s.io.api.rbac.${version}`);
  for (const place of places) {
    const found = root.lookup(`${place}.${kind}`, protobuf.Type);
    if (found instanceof protobuf.Type && found.fullName === `.${place}.${kind}`) return found;
  }
  throw new Error(`no message for ${apiVersion} ${kind}`);
}

describe(root.lookupType('k8s.io.apimachinery.pkg.runtime.Unknown'));
const kinds = [...builtIns.map((one) => [groupVersion(one), one.kind] as const), ...bodies].map(
  ([apiVersion, kind]) => {
    const type = messageOf(apiVersion, kind);
    describe(type);
    return `${apiVersion} ${kind} ${shortName(type)}`;
  },
);

writeFileSync(
  out,
  `// Written by providers/sandbox/scripts/kubernetes-messages.ts from generated.proto and the struct tags of the Go modules
// ${modules.map((module) => `k8s.io/${module}`).join(', ')} ${release}.
// Copyright The Kubernetes Authors. Licensed under the Apache License, Version 2.0.

/** API version, kind and message of what a request can carry. */
export const kinds = \`
${kinds.sort().join('\n')}
\`;

/**
 * A message a line: its name and its fields as NUMBER SIGNS NAME : TYPE. \`*\` is a list, \`%\` a map from text,
 * \`?\` is left out of JSON when it is empty, the fields of \`~\` stand in its place.
 */
export const messages = \`
${[...lines.values()].sort().join('\n')}
\`;
`,
);
