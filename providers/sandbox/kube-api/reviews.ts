import { isMap, type Obj } from './objects.js';
import { methodNotAllowed } from './status.js';

/** Who calls, as the listener found out. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

/** Questions that anybody may ask about himself. They are answered and not stored. */
const reviews: Readonly<Record<string, { readonly kind: string; readonly group: string }>> = {
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {
    kind: 'SelfSubjectAccessReview',
    group: 'authorization.k8s.io',
  },
  '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews': {
    kind: 'SelfSubjectRulesReview',
    group: 'authorization.k8s.io',
  },
  '/apis/authentication.k8s.io/v1/selfsubjectreviews': { kind: 'SelfSubjectReview', group: 'authentication.k8s.io' },
};

const everything = ['*'];

/** The kind of question that is asked at a path; undefined: none. */
export const reviewAt = (path: string): string | undefined => reviews[path]?.kind;

/** As discovery lists them. */
export const reviewResources = (groupVersion: string): readonly object[] =>
  Object.entries(reviews)
    .filter(([path]) => path.startsWith(`/apis/${groupVersion}/`))
    .map(([path, { kind }]) => ({
      name: path.split('/').at(-1),
      singularName: kind.toLowerCase(),
      namespaced: false,
      kind,
      verbs: ['create'],
    }));

/**
 * Administrators may do everything; everybody else may do nothing, whatever roles he is bound to: roles are stored and
 * not enforced, and requests are refused in the same way.
 * @throws StatusError 405
 */
export function review(path: string, method: string, identity: Identity, body: unknown): Obj {
  const { kind, group } = reviews[path]!;
  if (method !== 'POST') throw methodNotAllowed();
  const spec = isMap(body) && isMap(body['spec']) ? body['spec'] : {};
  const isAdministrator = identity.groups.includes('system:masters');
  return {
    kind,
    apiVersion: `${group}/v1`,
    metadata: {} as Obj['metadata'],
    ...(kind === 'SelfSubjectReview' ? {} : { spec }),
    status: statusOf(kind, identity, isAdministrator),
  };
}

function statusOf(kind: string, { user, groups }: Identity, isAdministrator: boolean): Record<string, unknown> {
  if (kind === 'SelfSubjectReview') return { userInfo: { username: user, groups } };
  if (kind === 'SelfSubjectAccessReview') return { allowed: isAdministrator };
  return {
    resourceRules: isAdministrator ? [{ verbs: everything, apiGroups: everything, resources: everything }] : [],
    nonResourceRules: isAdministrator ? [{ verbs: everything, nonResourceURLs: everything }] : [],
    incomplete: false,
  };
}
