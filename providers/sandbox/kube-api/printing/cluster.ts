import { isMap, type Obj } from '../objects.js';
import {
  ageColumn,
  boolean,
  type Column,
  column,
  count,
  dig,
  integer,
  isSet,
  maps,
  nameColumn,
  text,
  wide,
} from './column.js';

const sizeOf = (value: unknown): number => (isMap(value) ? Object.keys(value).length : 0);

/** Kinds that say of themselves no more than since when they are there. */
export const plainColumns: readonly Column[] = [
  nameColumn,
  {
    name: 'Created At',
    type: 'date',
    description: ageColumn.description!,
    read: (one) => one.metadata.creationTimestamp,
  },
];

const nodeStatus = (node: Obj): string => {
  const ready = maps(node, 'status.conditions').find((one) => one['type'] === 'Ready')?.['status'];
  const status = ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady';
  return `${status}${isSet(node, 'spec.unschedulable') ? ',SchedulingDisabled' : ''}`;
};

const rolePrefix = 'node-role.kubernetes.io/';
const roles = (node: Obj): string => {
  const found = Object.entries(node.metadata.labels ?? {}).flatMap(([label, value]) => {
    if (label.startsWith(rolePrefix)) return [label.slice(rolePrefix.length)];
    return label === 'kubernetes.io/role' ? [value] : [];
  });
  return [...new Set(found.filter((role) => role !== ''))].sort().join(',') || '<none>';
};

const addressColumn = (name: string, type: string): Column =>
  wide(
    column(name, (node) => {
      const own = maps(node, 'status.addresses').find((one) => one['type'] === type);
      return own ? text(own, 'address') : '<none>';
    }),
  );
const infoColumn = (name: string, field: string): Column =>
  wide(column(name, (node) => text(node, `status.nodeInfo.${field}`, '<unknown>')));

/** Names of resources have dots in them. */
const amount = (amounts: unknown, name: string): string => text([isMap(amounts) ? amounts[name] : '0'], '0', '0');

/** Requests and limits of a quota, each with what is used of it. */
const quota = (isLimit: boolean) => (one: Obj) => {
  const hard = dig(one, 'status.hard');
  const used = dig(one, 'status.used');
  return Object.keys(isMap(hard) ? hard : {})
    .filter((name) => name.startsWith('limits.') === isLimit)
    .sort()
    .map((name) => `${name}: ${amount(used, name)}/${amount(hard, name)}`)
    .join(', ');
};

const subjects = (kind: string) => (one: Obj) =>
  maps(one, 'subjects')
    .filter((subject) => subject['kind'] === kind)
    .map((subject) => (kind === 'ServiceAccount' ? `${text(subject, 'namespace')}/` : '') + text(subject, 'name'))
    .join(', ');

const bindingColumns: readonly Column[] = [
  nameColumn,
  column('Role', (one) => `${text(one, 'roleRef.kind')}/${text(one, 'roleRef.name')}`),
  ageColumn,
  wide(column('Users', subjects('User'))),
  wide(column('Groups', subjects('Group'))),
  wide(column('ServiceAccounts', subjects('ServiceAccount'))),
];

const webhookColumns: readonly Column[] = [
  nameColumn,
  integer('Webhooks', (one) => maps(one, 'webhooks').length),
  ageColumn,
];

function paramRef(binding: Obj): string {
  const name = text(binding, 'spec.paramRef.name');
  return name === '' ? '<unset>' : `${text(binding, 'spec.paramRef.namespace', '*')}/${name}`;
}

function apiService(one: Obj): string {
  const service = dig(one, 'spec.service');
  return isMap(service) ? `${text(service, 'namespace')}/${text(service, 'name')}` : 'Local';
}

function apiAvailable(one: Obj): string {
  const available = maps(one, 'status.conditions').find((condition) => condition['type'] === 'Available');
  if (!available) return 'Unknown';
  const status = text(available, 'status');
  return status === 'True' ? status : `${status} (${text(available, 'reason')})`;
}

export const clusterColumns: Readonly<Record<string, readonly Column[]>> = {
  '/nodes': [
    nameColumn,
    column('Status', nodeStatus),
    column('Roles', roles),
    ageColumn,
    column('Version', (node) => text(node, 'status.nodeInfo.kubeletVersion')),
    addressColumn('Internal-IP', 'InternalIP'),
    addressColumn('External-IP', 'ExternalIP'),
    infoColumn('OS-Image', 'osImage'),
    infoColumn('Kernel-Version', 'kernelVersion'),
    infoColumn('Container-Runtime', 'containerRuntimeVersion'),
  ],
  '/namespaces': [nameColumn, column('Status', (one) => text(one, 'status.phase')), ageColumn],
  '/configmaps': [nameColumn, column('Data', (one) => sizeOf(one['data']) + sizeOf(one['binaryData'])), ageColumn],
  '/secrets': [
    nameColumn,
    column('Type', (one) => text(one, 'type')),
    column('Data', (one) => sizeOf(one['data'])),
    ageColumn,
  ],
  '/serviceaccounts': [nameColumn, ageColumn],
  '/resourcequotas': [nameColumn, column('Request', quota(false)), column('Limit', quota(true)), ageColumn],
  '/limitranges': plainColumns,
  'coordination.k8s.io/leases': [nameColumn, column('Holder', (one) => text(one, 'spec.holderIdentity')), ageColumn],
  'rbac.authorization.k8s.io/roles': plainColumns,
  'rbac.authorization.k8s.io/clusterroles': plainColumns,
  'rbac.authorization.k8s.io/rolebindings': bindingColumns,
  'rbac.authorization.k8s.io/clusterrolebindings': bindingColumns,
  'scheduling.k8s.io/priorityclasses': [
    nameColumn,
    integer('Value', (one) => count(one, 'value')),
    boolean('Global-Default', (one) => isSet(one, 'globalDefault')),
    ageColumn,
    column('PreemptionPolicy', (one) => text(one, 'preemptionPolicy')),
  ],
  'apiextensions.k8s.io/customresourcedefinitions': plainColumns,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': webhookColumns,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': webhookColumns,
  'admissionregistration.k8s.io/validatingadmissionpolicies': [
    nameColumn,
    integer('Validations', (one) => maps(one, 'spec.validations').length),
    column('ParamKind', (one) =>
      dig(one, 'spec.paramKind') === undefined
        ? '<unset>'
        : `${text(one, 'spec.paramKind.apiVersion')}/${text(one, 'spec.paramKind.kind')}`,
    ),
    ageColumn,
  ],
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': [
    nameColumn,
    column('PolicyName', (one) => text(one, 'spec.policyName')),
    column('ParamRef', paramRef),
    ageColumn,
  ],
  'apiregistration.k8s.io/apiservices': [
    nameColumn,
    column('Service', apiService),
    column('Available', apiAvailable),
    ageColumn,
  ],
};
