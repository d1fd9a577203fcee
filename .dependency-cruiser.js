/**
 * Which rooms of the house a room may import from. Arrows point downwards only; what is not named is refused. Static,
 * dynamic and type-only imports count alike: an arrow is an arrow.
 */
const below = {
  'package-files': [],
  files: ['domain'],
  errors: [],
  http: ['domain', 'errors'],
  domain: ['errors'],
  reporting: ['domain', 'errors'],
  notify: ['http', 'domain', 'errors'],
  config: ['distributions', 'files', 'domain', 'errors'],
  provider: ['remote', 'http', 'domain', 'errors'],
  remote: ['files', 'domain', 'errors', 'package-files'],
  kube: ['http', 'files', 'domain', 'errors'],
  nats: ['domain', 'errors'],
  components: ['kube', 'http', 'domain', 'errors', 'package-files'],
  workspace: ['remote', 'http', 'domain', 'errors'],
  engine: ['workspace', 'reporting', 'domain', 'errors'],
  phases: ['engine', 'workspace', 'kube', 'components', 'remote', 'provider', 'reporting', 'http', 'domain', 'errors'],
  distributions: [
    'phases',
    'engine',
    'workspace',
    'kube',
    'remote',
    'provider',
    'http',
    'files',
    'domain',
    'errors',
    'package-files',
  ],
  workflows: [
    'notify',
    'distributions',
    'phases',
    'engine',
    'workspace',
    'kube',
    'nats',
    'components',
    'remote',
    'provider',
    'reporting',
    'domain',
    'errors',
  ],
  ui: ['reporting', 'domain', 'errors'],
  cli: [
    'runtime',
    'ui',
    'config',
    'workflows',
    'workspace',
    'components',
    'phases',
    'remote',
    'reporting',
    'files',
    'domain',
    'errors',
  ],
  commands: ['cli', 'runtime', 'config', 'ui', 'workflows', 'domain', 'errors'],
};
/** Where everything is put together: it may import all but what a person sees. */
const root = 'runtime';
const byProviders = ['provider', 'http', 'domain', 'remote', 'errors', 'package-files'];

const inRooms = (names) => `^src/(${names.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'circle',
      comment: 'Files that need one another are one file, or have a third one in common.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(below).map(([room, allowed]) => ({
      name: `upward-from-${room}`,
      comment: `src/${room} may import ${allowed.join(', ') || 'no other room'}: arrows point downwards only.`,
      severity: 'error',
      from: { path: inRooms([room]) },
      to: { path: '^(src|providers|scripts|test)/', pathNot: inRooms([room, ...allowed]) },
    })),
    {
      name: `upward-from-${root}`,
      severity: 'error',
      from: { path: inRooms([root]) },
      to: { path: '^(src/(commands|cli|ui)|scripts|test)/' },
    },
    {
      name: 'components-apply',
      comment: 'What components render to is known without a cluster; only `apply` looks at one.',
      severity: 'error',
      from: { path: '^src/components/(?!apply/)' },
      to: { path: '^src/components/apply/' },
    },
    {
      name: 'into-a-distribution',
      comment:
        'Which distributions there are is known to src/runtime/distributions.ts, and to the form of a cluster file; all others know the port.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/distributions/', '^src/runtime/distributions\\.ts$', '^src/config/cluster-schema\\.ts$'],
      },
      to: { path: '^src/distributions/[^/]+/' },
    },
    {
      name: 'more-of-a-distribution-than-its-fields',
      comment:
        'A cluster file takes from a distribution the form of the fields that are in its words, and nothing else.',
      severity: 'error',
      from: { path: '^src/config/' },
      to: { path: '^src/distributions/', pathNot: '^src/distributions/[^/]+/file-fields\\.ts$' },
    },
    {
      name: 'distribution-to-distribution',
      comment: 'A distribution can be taken out without touching another; what two need stands in a room below.',
      severity: 'error',
      from: { path: '^src/distributions/([^/]+)/' },
      to: { path: '^src/distributions/[^/]+/', pathNot: '^src/distributions/$1/' },
    },
    {
      name: 'port-to-distribution',
      comment: 'The port is what a distribution is made to, and knows none.',
      severity: 'error',
      from: { path: '^src/distributions/[^/]+\\.ts$' },
      to: { path: '^src/distributions/[^/]+/' },
    },
    {
      name: 'unknown-room',
      comment: 'A new room has its place in the table above.',
      severity: 'error',
      from: { path: '^src/', pathNot: inRooms([root, ...Object.keys(below)]) },
      to: {},
    },
    {
      name: 'upward-from-a-provider',
      comment: `A provider may import ${byProviders.join(', ')}.`,
      severity: 'error',
      from: { path: '^providers/' },
      to: { path: '^(src|scripts|test)/', pathNot: inRooms(byProviders) },
    },
    {
      name: 'provider-to-provider',
      comment: 'A provider can be taken out without touching another; what two need stands in src.',
      severity: 'error',
      from: { path: '^providers/([^/]+)/' },
      to: { path: '^providers/', pathNot: '^providers/$1/' },
    },
    {
      name: 'sandbox-to-product',
      comment:
        'The sandbox is a package of its own: it knows what the product publishes in src/provider/index.ts, and nothing else of it.',
      severity: 'error',
      from: { path: '^providers/sandbox/' },
      to: { path: '^(src|scripts|test)/', pathNot: '^src/provider/index\\.ts$' },
    },
    {
      name: 'product-to-sandbox',
      comment: 'Of the sandbox the product knows what its index publishes.',
      severity: 'error',
      from: { path: '^(src|providers)/', pathNot: '^providers/sandbox/' },
      to: { path: '^providers/sandbox/', pathNot: '^providers/sandbox/index\\.ts$' },
    },
    {
      name: 'dead-file',
      comment: 'No file imports it, and it is neither a command nor an entry.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^(src|providers)/',
        pathNot: ['^providers/sandbox/scripts/', '^src/commands/', '^src/cli/main\\.ts$', '^src/ui/not-found\\.ts$'],
      },
      to: {},
    },
    {
      name: 'undeclared-package',
      comment: 'What a package imports is in its own package.json: the sandbox has one.',
      severity: 'error',
      from: { path: '^(src|providers)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'not-there', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
