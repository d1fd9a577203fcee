import { type ApiServer, ask, type HttpAnswer } from './conversations-http.js';

/** What somebody with the kubeconfig of the tenant `a` may try, to reach what is not theirs. All of it is to be refused. */
export interface Attack {
  readonly what: string;
  readonly method: 'POST' | 'PATCH' | 'GET' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

const own = '/namespaces/a';
const ingress = (spec: object, annotations: object = {}): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'x', annotations },
  spec: { ingressClassName: 'traefik', ...spec },
});
const http = { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'x', port: { number: 80 } } } }] };
const mine = { rules: [{ host: 'a.example.com', http }] };
const service = (spec: object, annotations: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'x', annotations },
  spec: { ports: [{ port: 80 }], ...spec },
});
/** One that Pod Security takes. */
export const podOf = (spec: object = {}, container: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'x' },
  spec: {
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'x',
        image: 'x',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        ...container,
      },
    ],
    ...spec,
  },
});
const claim = (spec: object): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'x' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'local-path',
    resources: { requests: { storage: '1Gi' } },
    ...spec,
  },
});

const ingresses = `/apis/networking.k8s.io/v1${own}/ingresses`;
const services = `/api/v1${own}/services`;
const pods = `/api/v1${own}/pods`;
const claims = `/api/v1${own}/persistentvolumeclaims`;
const post = (what: string, path: string, body: object): Attack => ({ what, method: 'POST', path, body });
const patch = (what: string, path: string, body: object): Attack => ({ what, method: 'PATCH', path, body });
const affinity = (nodeAffinity: object) => podOf({ affinity: { nodeAffinity } });
const meta = (name: string) => ({ metadata: { name } });

export const attacks: readonly Attack[] = [
  post('another’s host', ingresses, ingress({ rules: [{ host: 'b.example.com', http }] })),
  post('a host below another’s', ingresses, ingress({ rules: [{ host: 'x.b.example.com', http }] })),
  post('a host that only ends like one’s own', ingresses, ingress({ rules: [{ host: 'evil-a.example.com', http }] })),
  post(
    'another’s host beside one’s own',
    ingresses,
    ingress({ rules: [...mine.rules, { host: 'b.example.com', http }] }),
  ),
  post('another’s host in tls', ingresses, ingress({ ...mine, tls: [{ hosts: ['b.example.com'], secretName: 'x' }] })),
  post('tls without hosts', ingresses, ingress({ ...mine, tls: [{ secretName: 'x' }] })),
  post('a wildcard in tls', ingresses, ingress({ ...mine, tls: [{ hosts: ['*.a.example.com'] }] })),
  post('a rule without a host', ingresses, ingress({ rules: [{ http }] })),
  post(
    'a default backend',
    ingresses,
    ingress({ ...mine, defaultBackend: { service: { name: 'x', port: { number: 80 } } } }),
  ),
  post('a wildcard', ingresses, ingress({ rules: [{ host: '*.a.example.com', http }] })),
  post('a wildcard for all', ingresses, ingress({ rules: [{ host: '*.example.com', http }] })),
  post('another’s host in capitals', ingresses, ingress({ rules: [{ host: 'B.example.com', http }] })),
  post('another ingress class', ingresses, ingress({ ...mine, ingressClassName: 'internal' })),
  post('the class by its old annotation', ingresses, ingress(mine, { 'kubernetes.io/ingress.class': 'internal' })),
  post(
    'a DNS name by annotation of an Ingress',
    ingresses,
    ingress(mine, { 'external-dns.alpha.kubernetes.io/hostname': 'b.example.com' }),
  ),
  post(
    'a DNS target by annotation',
    ingresses,
    ingress(mine, { 'external-dns.alpha.kubernetes.io/target': '192.0.2.1' }),
  ),
  post(
    'a certificate’s name by annotation',
    ingresses,
    ingress(mine, { 'cert-manager.io/common-name': 'b.example.com' }),
  ),
  post(
    'another’s middleware',
    ingresses,
    ingress(mine, { 'traefik.ingress.kubernetes.io/router.middlewares': 'b-auth@kubernetescrd' }),
  ),
  post(
    'a backend that is no Service',
    ingresses,
    ingress({
      rules: [
        {
          host: 'a.example.com',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { resource: { apiGroup: 'traefik.io', kind: 'TraefikService', name: 'x' } },
              },
            ],
          },
        },
      ],
    }),
  ),
  post('a load balancer', services, service({ type: 'LoadBalancer', selector: { app: 'x' } })),
  post('a node port', services, service({ type: 'NodePort', selector: { app: 'x' } })),
  post('an external name', services, service({ type: 'ExternalName', externalName: 'db.b.svc.cluster.local' })),
  post('external addresses', services, service({ selector: { app: 'x' }, externalIPs: ['10.0.0.1'] })),
  post('a Service without a selector', services, service({})),
  post(
    'a DNS name by annotation of a Service',
    services,
    service({ selector: { app: 'x' } }, { 'external-dns.alpha.kubernetes.io/hostname': 'b.example.com' }),
  ),
  post('endpoints by hand', `/api/v1${own}/endpoints`, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    ...meta('x'),
    subsets: [{ addresses: [{ ip: '10.42.0.9' }], ports: [{ port: 80 }] }],
  }),
  post('an EndpointSlice by hand', `/apis/discovery.k8s.io/v1${own}/endpointslices`, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'x', labels: { 'kubernetes.io/service-name': 'x' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.42.0.9'] }],
    ports: [{ port: 80 }],
  }),
  post('another’s released volume', claims, claim({ volumeName: 'pv-of-b' })),
  post('a volume chosen by labels', claims, claim({ selector: { matchLabels: { tenant: 'b' } } })),
  post('another storage class', claims, claim({ storageClassName: 'platform' })),
  post('no storage class', claims, claim({ storageClassName: '' })),
  post('a node by name', pods, podOf({ nodeName: 'server-1' })),
  post(
    'a taint tolerated',
    pods,
    podOf({ tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] }),
  ),
  post('all taints tolerated', pods, podOf({ tolerations: [{ operator: 'Exists' }] })),
  post('the platform’s nodes', pods, podOf({ nodeSelector: { 'slipway.dev/pool': 'platform' } })),
  post(
    'control planes by selector',
    pods,
    podOf({ nodeSelector: { 'node-role.kubernetes.io/control-plane': 'true' } }),
  ),
  post(
    'control planes by affinity',
    pods,
    affinity({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] },
        ],
      },
    }),
  ),
  post(
    'a node by its fields',
    pods,
    affinity({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['server-1'] }] }],
      },
    }),
  ),
  post('a system priority', pods, podOf({ priorityClassName: 'system-node-critical' })),
  post('a runtime class', pods, podOf({ runtimeClassName: 'other' })),
  post('a scheduler of one’s own', pods, podOf({ schedulerName: 'mine' })),
  post('an inline CSI volume', pods, podOf({ volumes: [{ name: 'x', csi: { driver: 'csi.example.com' } }] })),
  post('the node’s files', pods, podOf({ volumes: [{ name: 'x', hostPath: { path: '/' } }] })),
  post('a port of the node', pods, podOf({}, { ports: [{ containerPort: 80, hostPort: 80 }] })),
  post('the node’s network', pods, podOf({ hostNetwork: true })),
  post('privileges', pods, podOf({}, { securityContext: { privileged: true } })),
  post('an unsafe sysctl', pods, podOf({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } })),
  post('a token without an end', `/api/v1${own}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'x', annotations: { 'kubernetes.io/service-account.name': 'default' } },
    type: 'kubernetes.io/service-account-token',
  }),
  post('a token of one’s own account', `/api/v1${own}/serviceaccounts/default/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  }),
  post('a token of the platform’s account', '/api/v1/namespaces/a-platform/serviceaccounts/tenant/token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  }),
  patch('another domain on one’s own namespace', '/api/v1/namespaces/a', {
    metadata: { annotations: { 'slipway.dev/domains': 'b.example.com' } },
  }),
  patch('one’s namespace without Pod Security', '/api/v1/namespaces/a', {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
  }),
  patch('the status of one’s namespace', '/api/v1/namespaces/a/status', {
    metadata: { labels: { 'slipway.dev/tenant': 'b' } },
  }),
  patch('another owner of one’s namespace', '/api/v1/namespaces/a', {
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Namespace', name: 'b', uid: '1' }] },
  }),
  post('a namespace', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } }),
  patch('a larger quota', `/api/v1${own}/resourcequotas/slipway`, { spec: { hard: { pods: '9999' } } }),
  patch('other limits', `/api/v1${own}/limitranges/slipway`, { spec: { limits: [] } }),
  post('a network policy', `/apis/networking.k8s.io/v1${own}/networkpolicies`, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    ...meta('x'),
    spec: { podSelector: {}, egress: [{}], policyTypes: ['Egress'] },
  }),
  post('a role', `/apis/rbac.authorization.k8s.io/v1${own}/roles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    ...meta('x'),
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  }),
  post('a binding to cluster-admin', `/apis/rbac.authorization.k8s.io/v1${own}/rolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    ...meta('x'),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'a' }],
  }),
  post('a certificate signing request', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    ...meta('x'),
    spec: { request: 'eA==', signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
  }),
  post('a DaemonSet', `/apis/apps/v1${own}/daemonsets`, {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    ...meta('x'),
    spec: {},
  }),
  post('a Lease', `/apis/coordination.k8s.io/v1${own}/leases`, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    ...meta('x'),
  }),
  post('an Event', `/api/v1${own}/events`, {
    apiVersion: 'v1',
    kind: 'Event',
    ...meta('x'),
    involvedObject: { kind: 'Pod', name: 'x', namespace: 'a' },
  }),
  { what: 'another’s Secrets', method: 'GET', path: '/api/v1/namespaces/b/secrets' },
  { what: 'the system’s Secrets', method: 'GET', path: '/api/v1/namespaces/kube-system/secrets' },
  { what: 'a node through its proxy', method: 'GET', path: '/api/v1/nodes/server-1/proxy/' },
  { what: 'all namespaces', method: 'GET', path: '/api/v1/namespaces' },
  { what: 'all volumes', method: 'GET', path: '/api/v1/persistentvolumes' },
  { what: 'one’s own namespace, to be gone', method: 'DELETE', path: '/api/v1/namespaces/a' },
  {
    what: 'what admission goes by',
    method: 'DELETE',
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/slipway-tenant-pods',
  },
];

/** The same, asked for as it may be: each is to be taken, or the refusals would prove nothing. */
export const allowed: readonly Attack[] = [
  post('one’s own host', ingresses, ingress(mine)),
  post('a host below one’s own', ingresses, ingress({ rules: [{ host: 'x.a.example.com', http }] })),
  post(
    'a certificate for one’s own host',
    ingresses,
    ingress(
      { ...mine, tls: [{ hosts: ['a.example.com'], secretName: 'x' }] },
      { 'cert-manager.io/cluster-issuer': 'letsencrypt' },
    ),
  ),
  post('a Service', services, service({ selector: { app: 'x' } })),
  post('a claim', claims, claim({})),
  post('a pod', pods, podOf()),
  post('a Secret', `/api/v1${own}/secrets`, { apiVersion: 'v1', kind: 'Secret', ...meta('x') }),
  { what: 'one’s own pods', method: 'GET', path: pods },
];

const headers = (method: string) => ({
  accept: 'application/json',
  'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
});

/** What the API says to one of them; nothing is made in any case. */
export const tried = ({ url, ca, token }: ApiServer, { method, path, body }: Attack): Promise<HttpAnswer> =>
  ask(
    { url, ...(ca === undefined ? {} : { ca }), ...(token === undefined ? {} : { token }) },
    {
      method,
      path: method === 'GET' ? path : `${path}?dryRun=All`,
      headers: headers(method),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
  );

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
interface Served {
  readonly name: string;
  readonly namespaced: boolean;
}

/**
 * Every verb on every resource that the API serves, subresources too, in these namespaces and outside all: what it would let
 * the tenant do, as the API's own authorizer says it; and how much was asked.
 */
export async function sweep(
  server: ApiServer,
  namespaces: readonly string[],
): Promise<{ readonly asked: number; readonly let: readonly string[] }> {
  const read = async (path: string): Promise<never> =>
    JSON.parse((await ask(server, { method: 'GET', path, headers: headers('GET') })).body) as never;
  const { groups } = (await read('/apis')) as { groups: { preferredVersion: { groupVersion: string } }[] };
  const roots = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const served = await Promise.all(
    roots.map(async (root) => {
      const { resources } = (await read(root)) as { resources: readonly Served[] };
      const group = root === '/api/v1' ? '' : root.split('/')[2]!;
      return resources.map((resource) => ({ ...resource, group }));
    }),
  );
  const asks = served.flat().flatMap(({ name, namespaced, group }) =>
    (namespaced ? ['', ...namespaces] : ['']).flatMap((namespace) =>
      verbs.map((verb) => ({
        namespace,
        verb,
        group,
        resource: name.split('/')[0]!,
        subresource: name.split('/')[1] ?? '',
      })),
    ),
  );
  const found: string[] = [];
  for (let from = 0; from < asks.length; from += 16)
    await Promise.all(
      asks.slice(from, from + 16).map(async (resourceAttributes) => {
        const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
        const body = {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes },
        };
        const answer = await ask(server, {
          method: 'POST',
          path,
          headers: headers('POST'),
          body: JSON.stringify(body),
        });
        const { status } = JSON.parse(answer.body) as { status?: { allowed?: boolean } };
        if (status?.allowed !== false) found.push(Object.values(resourceAttributes).join(' '));
      }),
    );
  return { asked: asks.length, let: found };
}

/** What everybody who is known may ask about themselves. */
export const aboutOneself = /^ create (authorization|authentication)\.k8s\.io selfsubject(access|rules)?reviews $/;
