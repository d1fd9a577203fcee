import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * Which rooms of the house a room may import from. Arrows point downwards only; what is not named is an error.
 * Type-only imports count: an arrow is an arrow.
 */
const arrows = {
  'src/package-files': [],
  'src/errors': [],
  'src/http': ['src/errors'],
  'src/domain': ['src/errors'],
  'src/reporting': ['src/domain', 'src/errors'],
  'src/config': ['src/domain', 'src/errors'],
  'src/provider': ['src/remote', 'src/domain', 'src/errors'],
  'src/remote': ['src/domain', 'src/errors', 'src/package-files'],
  'src/k3s': ['src/remote', 'src/http', 'src/domain', 'src/errors'],
  'src/kube': ['src/http', 'src/domain', 'src/errors'],
  'src/components': ['src/kube', 'src/domain', 'src/errors', 'src/package-files'],
  'src/tenants': ['src/components', 'src/kube', 'src/domain', 'src/errors'],
  'src/workspace': ['src/remote', 'src/domain', 'src/errors'],
  'src/engine': ['src/workspace', 'src/reporting', 'src/domain', 'src/errors'],
  'src/phases': [
    'src/engine',
    'src/workspace',
    'src/k3s',
    'src/kube',
    'src/components',
    'src/tenants',
    'src/remote',
    'src/provider',
    'src/reporting',
    'src/http',
    'src/domain',
    'src/errors',
  ],
  'src/workflows': [
    'src/phases',
    'src/engine',
    'src/workspace',
    'src/k3s',
    'src/kube',
    'src/components',
    'src/tenants',
    'src/remote',
    'src/provider',
    'src/reporting',
    'src/domain',
    'src/errors',
  ],
  'src/ui': ['src/reporting', 'src/domain', 'src/errors'],
  'src/runtime': ['*'],
  'src/commands': ['src/runtime', 'src/config', 'src/ui', 'src/workflows', 'src/domain', 'src/errors'],
  providers: ['src/provider', 'src/http', 'src/domain', 'src/remote', 'src/errors', 'src/package-files'],
};

const rooms = Object.keys(arrows);

/** Rules that refuse every relative import of a room that the table above does not name. */
const arrowRules = rooms.map((room) => {
  const allowed = arrows[room];
  const inSrc = room.startsWith('src/');
  const barred = allowed.includes('*')
    ? ['src/commands']
    : rooms.filter((other) => other !== room && !allowed.includes(other));
  const patterns = barred.map((other) => {
    const name = other.replace('src/', '');
    const regex =
      other === 'providers'
        ? '^(\\.\\./)+providers/'
        : inSrc
          ? `^(\\.\\./)+(src/)?${name}/`
          : `^(\\.\\./)+src/${name}/`;
    return { regex, message: `${room} may not import ${other}: arrows point downwards only (see eslint.config.js).` };
  });
  return {
    files: [`${room}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
});

export default tseslint.config(
  { ignores: ['build/**', 'dist/**', 'node_modules/**', 'coverage/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-globals': ['error', { name: 'alert', message: 'no terminal below ui' }],
      'no-console': 'error',
    },
  },
  {
    // The clock and chance are handed in where a decision depends on them, so that a test can set both.
    files: ['src/**/*.ts', 'providers/hetzner/**/*.ts', 'providers/ssh/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take a Clock.' },
        { object: 'performance', property: 'now', message: 'Take a Clock.' },
        { object: 'Math', property: 'random', message: 'Take a Random.' },
      ],
    },
  },
  ...arrowRules,
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
      },
    },
    rules: { 'no-console': 'off' },
  },
  { files: ['test/**/*.ts', 'scripts/**/*.ts', 'test/bench/**'], rules: { 'no-console': 'off' } },
);
