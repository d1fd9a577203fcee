import type { UsageError } from '../errors/index.js';
import type { KubeObject } from '../kube/types.js';
import { contextOf, sharedContext } from './context.js';
import { asGoWrites } from '../domain/go-duration.js';
import { namespaceFor, visibleTo } from './instance.js';
import { outsideNamespaces, ownNamespaces } from './kinds.js';
import { mergeValues } from './merge-values.js';
import { networkPolicies } from './network-policies.js';
import { podSecurityLabels } from './pod-security.js';
import { badTemplate, TemplateFault } from './template/fault.js';
import { isMap } from './template/helpers.js';
import type {
  RenderInput,
  RenderedComponent,
  RenderedDocument,
  SelectedComponent,
  Selection,
  Template,
  TemplateContext,
} from './types.js';
import { nodeCounts, requestsOf } from './requests.js';
import { whenHolds } from './when.js';
import { yamlText } from './yaml-text.js';

export const managedBy = { 'app.kubernetes.io/managed-by': 'slipway' } as const;
export const componentLabelKey = 'slipway.dev/component';

/**
 * All that the selected components put into the cluster, in their order. Equal input gives equal output, to the byte.
 * @throws UsageError code BAD_TEMPLATE: file, line and reason.
 */
export function renderComponents(selection: Selection, input: RenderInput): readonly RenderedComponent[] {
  const nodes = nodeCounts(input.spec);
  return selection.on.map((selected) => {
    const { id, definition, namespace, options, owner } = selected;
    const visible = visibleTo(owner, selection.on);
    const optionsOf = (name: string) => visible.find((one) => one.definition.name === name)?.options;
    const context = contextOf(selected, sharedContext(visible, input), input.spec);
    const objects = (templates: readonly Template[]) => templates.flatMap((one) => objectsOf(selected, one, context));
    const values = definition.chart === undefined ? {} : valuesOf(selected, context);
    const before = objects(definition.before);
    const parts = {
      before: [
        ...(hasNamespace(before, namespace) ? [] : namespaceOf(namespace, selection.on)),
        ...networkPolicies(selected, values, visible).map((policy) => marked(id, policy)),
        ...before,
      ],
      chart: helmChart(selected, values),
      objects: objects(definition.manifests),
    };
    return {
      ...parts,
      id,
      definition: definition.name,
      owner,
      title: definition.title,
      namespace,
      version: selected.version,
      waitsFor: selected.waitsFor,
      crds: definition.chart?.crds
        ? { ...definition.chart, version: selected.version ?? definition.chart.version }
        : undefined,
      health: definition.health
        .filter((target) => whenHolds(target.when, options, optionsOf))
        .map((target) => ({ ...target, namespace: namespaceFor(selected, target.namespace) })),
      requests: requestsOf(selected, parts, values, optionsOf, nodes),
    };
  });
}

const hasNamespace = (objects: readonly KubeObject[], name: string): boolean =>
  objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === name);

/** The same object for every instance in a namespace. */
function namespaceOf(name: string, on: Selection['on']): KubeObject[] {
  if (ownNamespaces.has(name)) return [];
  const labels = { ...managedBy, ...podSecurityLabels(name, on) };
  return [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }];
}

/** An object that no template wrote, marked like those. */
const marked = (id: string, { metadata, ...object }: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...metadata, labels: { ...managedBy, [componentLabelKey]: id } },
});

/** Tries of a chart's installation before it counts as failed; the controller's own 1000 would hide that. */
const tries = 2;

function helmChart(
  { id, definition: { chart }, release, namespace, version }: SelectedComponent,
  values: Readonly<Record<string, unknown>>,
): KubeObject | undefined {
  if (chart === undefined) return undefined;
  return {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name: release, namespace: 'kube-system', labels: { ...managedBy, [componentLabelKey]: id } },
    spec: {
      ...(chart.oci === undefined ? { chart: chart.name, repo: chart.repository } : { chart: chart.oci }),
      version,
      targetNamespace: namespace,
      ...(Object.keys(values).length === 0 ? {} : { valuesContent: `${yamlText(values)}\n` }),
      ...(chart.bootstrap ? { bootstrap: true } : {}),
      ...(chart.takeOwnership ? { takeOwnership: true } : {}),
      backOffLimit: tries,
      failurePolicy: 'abort',
      timeout: asGoWrites(chart.timeout),
    },
  };
}

/** Ours, with the user's laid over them. */
function valuesOf(
  { definition, values }: SelectedComponent,
  context: TemplateContext,
): Readonly<Record<string, unknown>> {
  const template = definition.values;
  const [first, second] = template?.documents(context) ?? [];
  if (template && second) throw fault(template, second.line, 'values are one document');
  if (template && first && !isMap(first.data)) throw fault(template, first.line, 'values are a map of keys');
  return mergeValues(isMap(first?.data) ? first.data : {}, values);
}

const fault = (template: Template, line: number, message: string): UsageError =>
  badTemplate(template.shown, new TemplateFault(message, line));

function objectsOf(selected: SelectedComponent, template: Template, context: TemplateContext): KubeObject[] {
  return template.documents(context).map((document) => kubeObject(selected, template, document));
}

function kubeObject(
  { id, namespace: own }: SelectedComponent,
  template: Template,
  { data, line }: RenderedDocument,
): KubeObject {
  const wrong = (message: string): UsageError => fault(template, line, message);
  if (!isMap(data)) throw wrong('an object of Kubernetes is a map of keys');
  const { apiVersion, kind, metadata, ...rest } = data;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    throw wrong('an object of Kubernetes has apiVersion and kind');
  if (!isMap(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '')
    throw wrong(`${kind} has no metadata.name`);
  if (kind === 'Secret' && apiVersion === 'v1')
    throw wrong('Secrets are not written in templates: name them in component.yaml under secrets');
  const { name, namespace, labels, ...others } = metadata;
  if (namespace !== undefined && typeof namespace !== 'string')
    throw wrong(`${kind} ${name}: its namespace is no text`);
  if (labels !== undefined && labels !== null && !isMap(labels))
    throw wrong(`${kind} ${name}: labels are a map of keys`);
  const inside = namespace ?? (outsideNamespaces(kind) ? '' : own);
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(inside === '' ? {} : { namespace: inside }),
      labels: {
        ...(labels as Readonly<Record<string, string>> | undefined),
        ...managedBy,
        [componentLabelKey]: id,
      },
      ...others,
    },
    ...rest,
  };
}
