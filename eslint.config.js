import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Tests that are made of parts of the sandbox, each in a process without the others. This list may shrink, not grow. */
const insideTheSandbox = [
  'test/bench/critical-path.mjs',
  'test/components/apply/support.ts',
  'test/contract/support/{hetzner,linode,host}-harness.ts',
  'test/contract/support/no-machines.ts',
  'test/remote/task-wire.test.ts',
  'test/scripts/sandbox-page.test.ts',
  'test/support/{manual-clock,sandbox-kube,simulated-computers}.ts',
];

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
      // A list that other packages add to can only be an interface.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-globals': ['error', { name: 'alert', message: 'no terminal below ui' }],
      'no-console': 'error',
    },
  },
  {
    // The clock and chance are handed in where a decision depends on them, so that a test can set both.
    files: ['src/**/*.ts', 'providers/{hetzner,linode,ssh}/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take a Clock.' },
        { object: 'performance', property: 'now', message: 'Take a Clock.' },
        { object: 'Math', property: 'random', message: 'Take a Random.' },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        AbortController: 'readonly',
        fetch: 'readonly',
      },
    },
    rules: { 'no-console': 'off' },
  },
  {
    // CommonJS, which Node loads sooner.
    files: ['bin/*.js'],
    languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly', __filename: 'readonly' } },
  },
  { files: ['test/**/*.ts', 'scripts/**/*.ts', 'test/bench/**'], rules: { 'no-console': 'off' } },
  {
    // The sandbox is a package of its own: tests of the product know it as the product does, its own tests all of it.
    files: ['test/**', 'scripts/**'],
    ignores: ['test/providers/sandbox/**', ...insideTheSandbox],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: 'providers/sandbox/(?!index\\.js$)',
              message:
                'Import what providers/sandbox/index.ts publishes, or order it from a sandbox that runs (test/support/cli.ts).',
            },
          ],
        },
      ],
    },
  },
);
